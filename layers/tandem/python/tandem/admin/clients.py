"""Routes of clients."""

from dataclasses import replace

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.problems import not_found
from tandem.admin.references import contact_answer, contact_of
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.clients import ClientAnswer, ClientChange, ClientCreate
from tandem.ids import new_id
from tandem.store.configuration.records import ClientRecord, Role


def list_clients(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of clients."""
    return Answer(page_of(call, "clients", call.services.clients.page, lambda each: each.client_id, client_answer))


def create_client(call: Call[ClientCreate, NoQuery]) -> Answer:
    """A new client."""
    body = call.body
    client = ClientRecord(new_id(), body.name, body.external_ref, contact_of(body.default_contact))
    call.services.table.retrying(lambda: call.services.clients.put(client))
    return Answer(client_answer(client), 201, f"/clients/{client.client_id}")


def get_client(call: Call[NoBody, NoQuery]) -> Answer:
    """One client."""
    return Answer(
        client_answer(_the_client(call.services.clients.get(call.params["client_id"]), call.params["client_id"]))
    )


def change_client(call: Call[ClientChange, NoQuery]) -> Answer:
    """A client, changed."""

    def change() -> ClientRecord:
        client_id = call.params["client_id"]
        client, body = _the_client(call.services.clients.get(client_id), client_id), call.body
        changed = replace(
            client,
            name=body.name if body.given("name") else client.name,
            external_ref=body.external_ref if body.given("external_ref") else client.external_ref,
            default_contact=contact_of(body.default_contact)
            if body.given("default_contact")
            else client.default_contact,
        )
        if changed != client:
            call.services.clients.put(changed)
        return changed

    return Answer(client_answer(call.services.table.retrying(change)))


def _the_client(client: ClientRecord | None, client_id: str) -> ClientRecord:
    if client is None:
        raise not_found("client", client_id)
    return client


def client_answer(client: ClientRecord) -> ClientAnswer:
    """The client as it is shown."""
    return ClientAnswer(
        id=client.client_id,
        name=client.name,
        external_ref=client.external_ref,
        default_contact=contact_answer(client.default_contact),
    )


ROUTES: Routes = (
    Route("GET", "/clients", "List clients", Role.VIEWER, list_clients, Page[ClientAnswer], "Clients", query=PageQuery),
    Route(
        "POST",
        "/clients",
        "Create a client",
        Role.ADMIN,
        create_client,
        ClientAnswer,
        "Clients",
        201,
        body=ClientCreate,
    ),
    Route("GET", "/clients/{client_id}", "Read a client", Role.VIEWER, get_client, ClientAnswer, "Clients"),
    Route(
        "PATCH",
        "/clients/{client_id}",
        "Change a client",
        Role.ADMIN,
        change_client,
        ClientAnswer,
        "Clients",
        body=ClientChange,
    ),
)
