"""Routes of organizations: the RMM's customers, and whose they are."""

from collections import Counter
from dataclasses import replace
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.clients import client_answer
from tandem.admin.mapping import Mapped, map_organizations, suggested, to_client
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.places import external_id_of
from tandem.admin.problems import FieldError, Problem, conflict, invalid, not_found
from tandem.admin.references import client, contact_answer, contact_of, the_integration
from tandem.admin.schemas.base import NoBody, NoQuery, Page
from tandem.admin.schemas.organizations import (
    ClientOfOrganizationBody,
    MappedOrganizationAnswer,
    MappedOrganizationsAnswer,
    NewClientOfOrganizationAnswer,
    OrganizationAnswer,
    OrganizationMapping,
    OrganizationPut,
    OrganizationsPut,
    OrganizationsQuery,
    SuggestionsBody,
)
from tandem.assets.models import Presence
from tandem.assets.naming import normal_name
from tandem.ids import new_id
from tandem.store.configuration.records import ClientRecord, OrganizationRecord, Role

AnyCall = Call[Any, Any]


def list_organizations(call: Call[NoBody, OrganizationsQuery]) -> Answer:
    """One page of organizations: those with a record, and those that live alerts speak of while they wait."""
    integration_id, query = the_integration(call).integration_id, call.query
    waiting: Counter[str] = Counter()
    names: dict[str, str | None] = {}
    for alert in call.services.lookups.waiting(integration_id, call.now):
        if alert.organization_id is not None:
            waiting[alert.organization_id] += 1
            names.setdefault(alert.organization_id, alert.organization_name)
    stored = call.services.organizations.all(integration_id)
    known = {each.external_id for each in stored}
    heard = [OrganizationRecord(each, names[each], is_listed=False) for each in waiting if each not in known]
    after = after_of(call, "organizations")
    low = _order(after) if after is not None else b""
    rest = [each for each in (*stored, *heard) if _fits(query, each) and _order(each.external_id) > low]
    rest.sort(key=lambda each: _order(each.external_id))
    page = rest[: query.limit]
    client_of = suggested(stored, call.services.clients.all()) if page else {}
    counts = _device_counts(call, integration_id) if page else None
    items = [
        _answer(each, client_of.get(each.external_id), _count(counts, each.external_id), waiting[each.external_id])
        for each in page
    ]
    following = cursor_of(call, "organizations", page[-1].external_id if len(rest) > query.limit else None)
    return Answer(Page[OrganizationAnswer](items=items, next_cursor=following))


def put_organization(call: Call[OrganizationPut, NoQuery]) -> Answer:
    """Map an organization, also one that was never seen."""
    integration = the_integration(call)
    external_id = external_id_of(call)
    body = call.body
    client(call, "client_id", body.client_id)

    def change(known: OrganizationRecord) -> OrganizationRecord:
        return replace(
            known,
            client_id=body.client_id,
            auto_sync=body.auto_sync if body.given("auto_sync") else known.auto_sync,
            name=body.name if body.given("name") else known.name,
            default_contact=contact_of(body.default_contact)
            if body.given("default_contact")
            else known.default_contact,
        )

    mapped = map_organizations(call, integration, {external_id: change})
    shown = _plain(mapped.organizations[0]).model_dump() | _consequences(mapped)
    return Answer(MappedOrganizationAnswer.model_validate(shown))


def put_organizations(call: Call[OrganizationsPut, NoQuery]) -> Answer:
    """Map several organizations, or none of them."""
    integration = the_integration(call)
    items = call.body.items
    clients = {each.client_id for each in call.services.clients.all()}
    counted = Counter(each.external_id for each in items)
    errors = [
        FieldError(f"items.{number}.{field}", message)
        for number, each in enumerate(items)
        for field, message, is_wrong in (
            ("external_id", "comes twice", counted[each.external_id] > 1),
            ("client_id", f"there is no client '{each.client_id}'", each.client_id not in (None, *clients)),
        )
        if is_wrong
    ]
    _refuse(errors)
    mapped = map_organizations(call, integration, {each.external_id: _change(each) for each in items})
    return Answer(_several(mapped))


def apply_suggestions(call: Call[SuggestionsBody, NoQuery]) -> Answer:
    """Organizations, mapped to the clients of their names."""
    integration = the_integration(call)
    wanted = call.body.external_ids
    client_of = suggested(call.services.organizations.all(integration.integration_id), call.services.clients.all())
    errors = [
        FieldError(f"external_ids.{number}", f"there is no suggestion for organization '{each}'")
        for number, each in enumerate(wanted)
        if each not in client_of
    ]
    _refuse(errors)
    mapped = map_organizations(call, integration, {each: to_client(client_of[each]) for each in wanted})
    return Answer(_several(mapped))


def create_client_of_organization(call: Call[ClientOfOrganizationBody, NoQuery]) -> Answer:
    """A client that is made of an organization, which is mapped to it."""
    integration = the_integration(call)
    external_id = external_id_of(call)
    organization = call.services.organizations.get(integration.integration_id, external_id)
    if organization is None:
        raise not_found("organization", external_id)
    if organization.is_place:
        raise conflict("it is a place of a customer; nothing is mapped by it")
    name = call.body.name or organization.name
    if name is None:
        raise invalid("name", "required: the organization has none")
    alike = next((each for each in call.services.clients.all() if normal_name(each.name) == normal_name(name)), None)
    if alike is not None:
        raise conflict(f"there is a client '{alike.name}' ({alike.client_id}): map the organization to it")
    made = ClientRecord(new_id(), name[:255], call.body.external_ref)

    def change(known: OrganizationRecord) -> OrganizationRecord:
        if known.client_id is not None:
            raise conflict(f"the organization is mapped to client '{known.client_id}'")
        return replace(known, client_id=made.client_id)

    mapped = map_organizations(call, integration, {external_id: change}, made)
    answer = NewClientOfOrganizationAnswer.model_validate(
        {"client": client_answer(made), "organization": _plain(mapped.organizations[0]), **_consequences(mapped)}
    )
    return Answer(answer, 201, f"/clients/{made.client_id}")


def _fits(query: OrganizationsQuery, organization: OrganizationRecord) -> bool:
    if query.mapped is None:
        return True
    return not organization.is_place and (organization.client_id is not None) is (query.mapped == "true")


def _change(item: OrganizationMapping) -> Any:
    def change(known: OrganizationRecord) -> OrganizationRecord:
        auto_sync = item.auto_sync if item.given("auto_sync") else known.auto_sync
        return replace(known, client_id=item.client_id, auto_sync=auto_sync)

    return change


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise Problem(422, "the request's content is not valid", errors)


def _device_counts(call: AnyCall, integration_id: str) -> Counter[str] | None:
    """Devices by organization, as the last sync left them; None before the first."""
    fleets = call.services.fleets
    directory = fleets.directory(integration_id)
    if not directory.version and not fleets.page(integration_id, "").version:
        return None
    counted: Counter[str] = Counter()
    for page in fleets.pages(integration_id, directory.begins or ("",)).values():
        counted.update(
            each.organization_id
            for each in page.entries.values()
            if each.organization_id is not None and each.presence is not Presence.RETIRED
        )
    return counted


def _count(counts: Counter[str] | None, external_id: str) -> int | None:
    return counts[external_id] if counts is not None else None


def _order(external_id: str) -> bytes:
    """The table's own order."""
    return external_id.encode()


def _plain(organization: OrganizationRecord) -> OrganizationAnswer:
    return _answer(organization, None, None, None)


def _answer(
    organization: OrganizationRecord, suggested_client_id: str | None, devices: int | None, waiting: int | None
) -> OrganizationAnswer:
    return OrganizationAnswer(
        external_id=organization.external_id,
        name=organization.name,
        parent_id=organization.parent_id,
        path=organization.path,
        is_place=organization.is_place,
        is_listed=organization.is_listed,
        client_id=organization.client_id,
        suggested_client_id=suggested_client_id,
        auto_sync=organization.auto_sync,
        default_contact=contact_answer(organization.default_contact),
        device_count=devices,
        waiting_alerts=waiting,
    )


def _consequences(mapped: Mapped) -> dict[str, Any]:
    return {"alerts_decided_again": mapped.alerts_decided_again, "device_sync": mapped.device_sync}


def _several(mapped: Mapped) -> MappedOrganizationsAnswer:
    items = [_plain(each) for each in mapped.organizations]
    return MappedOrganizationsAnswer.model_validate({"items": items, **_consequences(mapped)})


_ALL = "/integrations/{integration_id}/organizations"
_TAG = "Organizations and devices"
_SETS_OFF = (
    "Live alerts that wait for it are decided again, and a sync of devices begins, or is noted if one is at work."
)

ROUTES: Routes = (
    Route(
        "GET",
        _ALL,
        "List an integration's organizations",
        Role.VIEWER,
        list_organizations,
        Page[OrganizationAnswer],
        _TAG,
        query=OrganizationsQuery,
    ),
    Route(
        "PUT",
        _ALL,
        "Map several organizations to clients",
        Role.ADMIN,
        put_organizations,
        MappedOrganizationsAnswer,
        _TAG,
        body=OrganizationsPut,
        description=f"All of them, or none and each mistake is named. {_SETS_OFF}",
    ),
    Route(
        "PUT",
        f"{_ALL}/{{external_id}}",
        "Map an organization to a client",
        Role.ADMIN,
        put_organization,
        MappedOrganizationAnswer,
        _TAG,
        body=OrganizationPut,
        trailing_slashes=True,
        description=_SETS_OFF,
    ),
    Route(
        "POST",
        f"{_ALL}/suggestions/apply",
        "Map organizations to the clients that are suggested",
        Role.ADMIN,
        apply_suggestions,
        MappedOrganizationsAnswer,
        _TAG,
        body=SuggestionsBody,
        description=f"All of them, or none and each mistake is named. {_SETS_OFF}",
    ),
    Route(
        "POST",
        f"{_ALL}/{{external_id}}/client",
        "Make a client of an organization",
        Role.ADMIN,
        create_client_of_organization,
        NewClientOfOrganizationAnswer,
        _TAG,
        201,
        body=ClientOfOrganizationBody,
        body_required=False,
        trailing_slashes=True,
        description=f"It is mapped to it at once. {_SETS_OFF}",
        conflicts="it is mapped already, is a place, or there is a client of that name, which is named",
    ),
)
