"""Routes of integrations."""

from dataclasses import replace
from typing import Any

from tandem.admin.authentication import hash_of
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.connecting import (
    arrange_schedules,
    begin_first_sync,
    end_connection,
    new_connection,
    read_credentials,
    refuse_another_server,
    remove_if_gone,
)
from tandem.admin.integration_answers import integration_answer, new_integration_answer
from tandem.admin.paging import page_of
from tandem.admin.problems import invalid
from tandem.admin.redecide import decide_again
from tandem.admin.references import client, the_integration
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.integrations import (
    DeviceSyncChange,
    IntegrationAnswer,
    IntegrationChange,
    IntegrationCreate,
    NewIntegrationAnswer,
    PollingChange,
)
from tandem.admin.webhook_registration import register, register_anew, registers_itself
from tandem.admin.webhook_secrets import new_webhook_secret
from tandem.admin.windows import remove_windows_of
from tandem.alerts.models import Provider
from tandem.connections.address import is_private_address
from tandem.ids import new_id
from tandem.store.configuration.records import Integration, Role, Status, WebhookSecret

_DEVICE_SYNC_FIELDS = {
    "enabled": "device_sync_enabled",
    "interval_minutes": "device_sync_interval_minutes",
    "retire_after_days": "retire_after_days",
}


def list_integrations(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of integrations."""
    read = call.services.integrations.page
    page = page_of(
        call, "integrations", read, lambda each: each.integration_id, lambda each: integration_answer(call, each)
    )
    return Answer(page)


def create_integration(call: Call[IntegrationCreate, NoQuery]) -> Answer:
    """A new integration, with its webhook's secret."""
    body = call.body
    given = read_credentials(Provider(body.provider), body.credentials) if body.credentials is not None else None
    _check_address(body.instance_url, body.allow_private_address)
    client(call, "default_client_id", body.default_client_id)
    secret = new_webhook_secret()
    integration = _as_wished(
        Integration(
            integration_id=new_id(),
            provider=Provider(body.provider),
            name=body.name,
            status=Status.WEBHOOK_ONLY,
            created_at=call.now,
            instance_url=body.instance_url,
            default_client_id=body.default_client_id,
            allow_private_address=body.allow_private_address,
            has_signing_secret=body.signing_secret is not None,
            secret_hashes=(WebhookSecret(hash_of(secret), call.now),),
            requests_per_minute=body.requests_per_minute,
        ),
        body.polling,
        body.device_sync,
    )
    call = replace(call, params={"integration_id": integration.integration_id})
    connection = new_connection(call, integration, given) if given is not None else None
    if connection is not None:
        integration = connection.integration
    try:
        if body.signing_secret is not None:
            call.services.signing_secrets.write(integration.integration_id, body.signing_secret)
        if connection is not None:
            connection.keep()
        call.services.table.retrying(lambda: call.services.integrations.put(integration))
    except Exception:
        # Nobody is told of this integration's id, so nobody could ever remove its secret.
        if connection is not None or body.signing_secret is not None:
            remove_if_gone(call, integration.integration_id)
        raise
    if integration.has_credentials:
        arrange_schedules(call, integration)
        begin_first_sync(call, integration)
    if registers_itself(integration):
        integration = register(call, integration, secret)
    shown = new_integration_answer(call, integration, secret)
    return Answer(shown, 201, f"/integrations/{integration.integration_id}")


def get_integration(call: Call[NoBody, NoQuery]) -> Answer:
    """One integration."""
    return Answer(integration_answer(call, the_integration(call)))


def change_integration(call: Call[IntegrationChange, NoQuery]) -> Answer:
    """An integration, changed. A new default client is a mapping: waiting alerts are decided again."""
    before, body = the_integration(call), call.body
    given = read_credentials(before.provider, body.credentials) if body.given("credentials") else None
    client(call, "default_client_id", body.default_client_id)
    wanted = _changed(before, body)  # what is refused must be refused before any secret is replaced
    connection = None
    if given is not None:
        connection = new_connection(call, wanted, given, before)
    else:
        refuse_another_server(before, wanted)
    if given is None and before.credentials is not None and wanted.instance_url != before.instance_url:
        raise invalid("credentials", "required: Tandem sends no credentials to an address that they were not given for")
    if body.signing_secret is not None:
        call.services.signing_secrets.write(before.integration_id, body.signing_secret)
    if connection is not None:
        connection.keep()

    def change() -> Integration:
        integration = the_integration(call)
        changed = _changed(integration, body)
        if connection is not None:
            changed = connection.onto(changed)
        if changed != integration:
            call.services.integrations.put(changed)
        return changed

    try:
        changed = call.services.table.retrying(change)
    finally:
        if connection is not None or body.signing_secret is not None:
            remove_if_gone(call, before.integration_id)
    if body.given("signing_secret") and body.signing_secret is None:
        call.services.signing_secrets.remove(changed.integration_id)
    if connection is not None or body.given("polling") or body.given("device_sync"):
        arrange_schedules(call, changed)
    if body.default_client_id is not None:
        decide_again(call, changed, lambda waits: True)
    is_new = connection is not None and changed.connected_at == call.now
    if is_new:
        begin_first_sync(call, changed)
    if is_new and registers_itself(changed):
        changed = register_anew(call)
    return Answer(integration_answer(call, changed))


def _changed(integration: Integration, body: IntegrationChange) -> Integration:
    """The integration as the body wants it. Raises Problem 422."""
    if body.signing_secret is not None and integration.provider is not Provider.LEVELIO:
        raise invalid("signing_secret", "only Level (levelio) signs its webhooks")
    changed = replace(
        integration,
        name=body.name if body.given("name") else integration.name,
        instance_url=body.instance_url if body.given("instance_url") else integration.instance_url,
        default_client_id=body.default_client_id if body.given("default_client_id") else integration.default_client_id,
        allow_private_address=body.allow_private_address
        if body.given("allow_private_address")
        else integration.allow_private_address,
        has_signing_secret=body.signing_secret is not None
        if body.given("signing_secret")
        else integration.has_signing_secret,
        requests_per_minute=body.requests_per_minute
        if body.given("requests_per_minute")
        else integration.requests_per_minute,
    )
    polling = body.polling if body.given("polling") else None
    changed = _as_wished(changed, polling, body.device_sync if body.given("device_sync") else None)
    _check_address(changed.instance_url, changed.allow_private_address)
    return changed


def _as_wished(
    integration: Integration, polling: PollingChange | None, device_sync: DeviceSyncChange | None
) -> Integration:
    changes: dict[str, Any] = {}
    if polling is not None:
        changes |= {f"polling_{name}": value for name, value in polling.model_dump(exclude_unset=True).items()}
    if device_sync is not None:
        wishes = device_sync.model_dump(exclude_unset=True)
        changes |= {_DEVICE_SYNC_FIELDS[name]: value for name, value in wishes.items()}
    return replace(integration, **changes)


def delete_integration(call: Call[NoBody, NoQuery]) -> Answer:
    """Nothing is left but history: alerts, tickets, rule revisions, and assets, which no RMM lists any more."""
    before = the_integration(call)
    # Disconnected first: whatever connects it at the same time finds out by the record, and one that was left
    # half-disconnected is disconnected to the end.
    if before.credentials is not None or before.status == Status.DISCONNECTED:
        end_connection(call, before)

    def remove() -> Integration:
        integration = the_integration(call)
        call.services.integrations.remove(integration)
        return integration

    removed = call.services.table.retrying(remove)
    remove_windows_of(call, removed.integration_id)
    # A page of its fleet that a sync writes at this moment is left over, and nobody reads it.
    call.services.fleets.remove(removed.integration_id)
    call.services.sync_runs.forget(removed.integration_id)
    if removed.has_signing_secret:
        call.services.signing_secrets.remove(removed.integration_id)
    return Answer(status=204)


def _check_address(instance_url: str | None, allow_private_address: bool) -> None:
    if instance_url is not None and not allow_private_address and is_private_address(instance_url):
        raise invalid("instance_url", "is on a private network; say allow_private_address: true if that is meant")


_ONE = "/integrations/{integration_id}"
_TAG = "Integrations"

ROUTES: Routes = (
    Route(
        "GET",
        "/integrations",
        "List integrations",
        Role.VIEWER,
        list_integrations,
        Page[IntegrationAnswer],
        _TAG,
        query=PageQuery,
    ),
    Route(
        "POST",
        "/integrations",
        "Connect an RMM",
        Role.ADMIN,
        create_integration,
        NewIntegrationAnswer,
        _TAG,
        201,
        body=IntegrationCreate,
        description="The webhook's secret is in this answer only. Lost? Rotate it. Credentials are tried on the RMM "
        "before anything is kept; what it says against them is the answer then (422).",
    ),
    Route("GET", _ONE, "Read an integration", Role.VIEWER, get_integration, IntegrationAnswer, _TAG),
    Route(
        "PATCH",
        _ONE,
        "Change an integration",
        Role.ADMIN,
        change_integration,
        IntegrationAnswer,
        _TAG,
        body=IntegrationChange,
        description="A default client has the live alerts that wait for a client decided again. New credentials are "
        "tried before they take the place of those in use.",
        conflicts="it is connected to another server than the new address; disconnect it first",
    ),
    Route(
        "DELETE",
        _ONE,
        "Remove an integration",
        Role.ADMIN,
        delete_integration,
        None,
        _TAG,
        204,
        description="Its webhooks are refused at once. Its rules and its own maintenance windows go with it; its "
        "alerts and tickets stay, and so do its assets: connected anew, its RMM finds them by their serial numbers.",
    ),
)
