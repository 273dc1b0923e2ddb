"""Giving an integration credentials: they are read, tried on the RMM, and only then kept.

What asks RMMs is imported where it is needed: most requests have nothing to do with it.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from tandem import telemetry
from tandem.admin.calls import Call
from tandem.admin.problems import FieldError, Problem, conflict, field_errors, invalid, unavailable
from tandem.admin.references import the_integration
from tandem.admin.schemas.credentials import (
    SCHEMAS,
    AnyCredentials,
    LevelCredentials,
    NinjaOneCredentials,
    TacticalRmmCredentials,
)
from tandem.alert_queue import QueueError
from tandem.alerts.models import Provider
from tandem.connections.credentials import Credentials, Kind
from tandem.connections.errors import Unreachable, VendorError, WrongAddress
from tandem.polling.settings import polled_every
from tandem.scheduling.errors import SchedulesUnavailableError
from tandem.store.configuration.records import Integration, KeptCredentials, Status
from tandem.store.errors import StoreError
from tandem.syncing.settings import turn_every

TRIAL_SECONDS = 14.0
"""For trying credentials; with what else a request does it ends well before the gateway gives up."""

OWN_SECONDS = 6.0
"""For keeping them, and whatever else is asked of the RMM beside the trial."""

_CONNECTION_FIELDS = ("instance_url", "status", "status_reason", "credentials", "connected_at", "connection_since")

AnyCall = Call[Any, Any]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class NewConnection:
    """Credentials that may be kept. `integration`: as it is with them; `keep`: keeps them."""

    integration: Integration
    keep: Callable[[], object]

    def onto(self, integration: Integration) -> Integration:
        """Another version of the integration with what the connection says."""
        return replace(integration, **{name: getattr(self.integration, name) for name in _CONNECTION_FIELDS})


def read_credentials(provider: Provider, values: Mapping[str, Any]) -> AnyCredentials:
    """The credentials of a body, checked for their shape. Raises Problem 422."""
    try:
        return SCHEMAS[provider].model_validate(values, strict=True)
    except ValidationError as error:
        errors = [
            FieldError("credentials" if each.field == "body" else f"credentials.{each.field}", each.message)
            for each in field_errors(error)
        ]
    raise Problem(422, "the request's content is not valid", errors)


def new_connection(
    call: AnyCall, integration: Integration, given: AnyCredentials, before: Integration | None = None
) -> NewConnection:
    """The integration, connected with credentials of the body. `before`: as it was, if it is no new one. Asks the RMM.
    Raises Problem 409 for those of another server, and 422 with the vendor's reason where they are refused; then
    nothing was kept."""
    connections = call.services.connections()
    elsewhere = connections.may_be_elsewhere(integration)
    integration = replace(integration, instance_url=_address(integration, given, elsewhere))
    refuse_another_server(before, integration)
    credentials, code = _credentials(given)
    if credentials.kind is Kind.AUTHORIZATION_CODE:
        return _waiting_for_sign_in(call, integration, credentials)
    taken = tried(lambda: connections.try_out(integration, credentials, code, connections.deadline(TRIAL_SECONDS)))
    connected = connected_with(integration, credentials, call)
    return NewConnection(
        connected,
        lambda: keeping(lambda: connections.keep(integration.integration_id, taken, connections.deadline(OWN_SECONDS))),
    )


def refuse_another_server(before: Integration | None, wanted: Integration) -> None:
    """Alerts go by ids that mean something else on another server: what fires on one would be taken for over on the
    other, and what is closed be reset there. Raises Problem 409."""
    if before is None or not before.has_credentials:
        return
    if None not in (before.instance_url, wanted.instance_url) and before.instance_url != wanted.instance_url:
        raise conflict(
            f"the integration is connected to {before.instance_url}, and its alerts are that server's. For another "
            "server make an integration of its own. If this one has moved, disconnect it first, and then give it the "
            "new address and credentials"
        )


def _waiting_for_sign_in(call: AnyCall, integration: Integration, credentials: Credentials) -> NewConnection:
    """They can be tried only by a person who signs in; until then, what the integration is connected with stays."""
    connections = call.services.connections()
    pending = with_address(credentials, integration)
    state_key = secrets.token_urlsafe(32)
    if integration.credentials is not None and integration.has_credentials:
        before = the_integration(call)
        shown = replace(before, credentials=replace(integration.credentials, waits_for_sign_in=True))
    else:
        waiting = KeptCredentials(credentials.kind.value, credentials.hint, waits_for_sign_in=True)
        shown = replace(integration, credentials=waiting)
    return NewConnection(
        shown,
        lambda: keeping(
            lambda: connections.change(
                integration.integration_id,
                lambda kept: replace(kept, pending=pending, state_key=state_key),
                connections.deadline(OWN_SECONDS),
            )
        ),
    )


_ADDRESS = "instance_url"


def with_address(credentials: Credentials, integration: Integration) -> Credentials:
    """Credentials that say themselves where they are for: they wait beside others that may be for elsewhere."""
    return Credentials(credentials.kind, {**credentials.values, _ADDRESS: integration.instance_url or ""})


def without_address(pending: Credentials, integration: Integration) -> tuple[Credentials, Integration]:
    """The credentials alone, and the integration at the address that they are for."""
    values = dict(pending.values)
    address = values.pop(_ADDRESS)
    return Credentials(pending.kind, values), replace(integration, instance_url=address)


def connected_with(integration: Integration, credentials: Credentials, call: AnyCall) -> Integration:
    """The integration as it is once these credentials were taken."""
    return replace(
        integration,
        status=Status.CONNECTED,
        status_reason=None,
        credentials=KeptCredentials(credentials.kind.value, credentials.hint),
        connected_at=call.now,
        connection_since=integration.connection_since if integration.has_credentials else call.now,
    )


def keeping(keep: Callable[[], Result]) -> Result:
    """What it gives, with what Tandem's own store of secrets says in the caller's terms. Raises Problem 503."""
    try:
        return keep()
    except VendorError as error:
        refused = error.to_who_asked()
    raise unavailable(refused)


def arrange_schedules(call: AnyCall, integration: Integration) -> None:
    """Have the integration polled and its devices synced as it says. What the scheduler does not take now, the daily
    check mends."""
    services = call.services
    for schedules, minutes in (
        (services.schedules, polled_every(integration)),
        (services.sync_schedules, turn_every(integration)),
    ):
        try:
            if minutes is None:
                schedules.remove(integration.integration_id)
            else:
                schedules.put(integration.integration_id, minutes)
        except SchedulesUnavailableError:
            telemetry.log_exception("a schedule could not be changed", integration_id=integration.integration_id)


def begin_first_sync(call: AnyCall, integration: Integration) -> None:
    """Have the devices of an integration that has just been connected synced at once. What cannot be begun now begins
    when its turn comes."""
    if not integration.is_synced:
        return
    try:
        call.services.sync_starter.start(integration.integration_id, "devices", call.principal.user_id, call.now)
    except (QueueError, StoreError):
        telemetry.log_exception("the first sync could not be begun", integration_id=integration.integration_id)


def end_connection(call: AnyCall, integration: Integration) -> Integration:
    """No schedule any more, no webhook of Tandem's own at the RMM, no credentials; the integration's record says so,
    and what could not be removed at the RMM. What fails half-way can be done again. Raises Problem 404 and 503.

    The record comes before the secret: a sign-in that is being finished looks at the record last, and takes back what
    it has kept if nothing waits for it any more.
    """
    arrange_schedules(call, without_connection(integration, None))
    problem = _remove_webhook(call, integration)

    def change() -> Integration:
        present = the_integration(call)
        changed = without_connection(present, problem)
        if changed != present:
            call.services.integrations.put(changed)
        return changed

    changed = call.services.table.retrying(change)
    _forget_credentials(call, integration)
    return changed


def without_connection(integration: Integration, problem: str | None) -> Integration:
    """The record of an integration that is connected no more. `problem`: what is left at the RMM; what is known to be
    left there already stays known."""
    if problem is None and integration.status == Status.DISCONNECTED:
        problem = integration.webhook_problem
    return replace(
        integration,
        status=Status.DISCONNECTED,
        status_reason=None,
        credentials=None,
        connected_at=None,
        webhook_registered_at=None,
        webhook_problem=problem,
    )


def _remove_webhook(call: AnyCall, integration: Integration) -> str | None:
    """What to do about the webhook that Tandem registered, if it could not be removed. One that NinjaOne did not say
    whether it took is removed, too, if it is there."""
    if integration.webhook_registered_at is None and integration.webhook_problem is None:
        return None
    connections = call.services.connections()
    refusal = None
    try:
        connections.open_ninjaone(integration, connections.deadline(OWN_SECONDS)).remove_webhook()
    except VendorError as error:
        refusal = error.to_who_asked()
    if refusal is None or integration.webhook_registered_at is None:
        return None
    telemetry.log(logging.WARNING, "a webhook could not be removed", integration_id=integration.integration_id)
    return (
        "NinjaOne still has the webhook that Tandem registered, and goes on sending alerts, which Tandem still takes. "
        "Connect the integration again and disconnect it once NinjaOne lets Tandem, or rotate the webhook's secret, so "
        f"that none of it is taken any more. What went wrong: {refusal}"
    )


def _forget_credentials(call: AnyCall, integration: Integration) -> None:
    """Keep nothing that opens the RMM, and have the RMM end the tokens that it gave. Raises Problem 503."""
    connections = call.services.connections()
    integration_id = integration.integration_id
    kept = keeping(lambda: connections.forget(integration_id, connections.deadline(OWN_SECONDS)))
    if kept is None:
        return
    try:
        connections.revoke(integration, kept, connections.deadline(OWN_SECONDS))
    except VendorError as error:
        # Nobody has them any more, and they end by themselves.
        telemetry.log(
            logging.WARNING, "tokens could not be revoked", integration_id=integration_id, why=type(error).__name__
        )


def remove_if_gone(call: AnyCall, integration_id: str) -> None:
    """Leave no secret behind that was written while somebody removed the integration. Raises Problem 503."""
    if call.services.integrations.get(integration_id) is None:
        connections = call.services.connections()
        keeping(lambda: connections.remove(integration_id))


# ---- what was given

_ELSEWHERE = (
    "A server that stands in for it needs allow_private_address: true, and allow_private_addresses in the tenant file"
)


def _credentials(given: AnyCredentials) -> tuple[Credentials, str | None]:
    """The credentials, and a code that is good for now only."""
    if isinstance(given, NinjaOneCredentials):
        values = {"client_id": given.client_id, "client_secret": given.client_secret}
        return Credentials(Kind(given.grant), values), None
    if isinstance(given, TacticalRmmCredentials) and given.username is not None and given.password is not None:
        return Credentials(Kind.PASSWORD, {"username": given.username, "password": given.password}), given.totp
    assert isinstance(given, TacticalRmmCredentials | LevelCredentials)  # noqa: S101  the only other ones
    return Credentials(Kind.API_KEY, {"api_key": given.api_key or ""}), None


def _address(integration: Integration, given: AnyCredentials, elsewhere: bool) -> str | None:
    """Where the RMM's API is. `elsewhere`: integration and tenant file permit another address than the vendor's own.
    Raises Problem 422."""
    url = integration.instance_url
    if isinstance(given, NinjaOneCredentials):
        return _ninjaone_address(url, given, elsewhere)
    if isinstance(given, LevelCredentials):
        from tandem.providers.levelio.api import BASE_URL

        if url not in (None, BASE_URL) and not elsewhere:
            raise invalid("instance_url", f"Level's API is at {BASE_URL}: leave instance_url out. {_ELSEWHERE}")
        return url
    if url is None:
        raise invalid("instance_url", "where is the server's API? It begins with “api.”: https://api.rmm.example.com")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _ninjaone_address(url: str | None, given: NinjaOneCredentials, elsewhere: bool) -> str:
    from tandem.providers.ninjaone.oauth import REGIONS

    if url is not None and elsewhere:
        return url
    if url not in (None, *REGIONS.values()):
        raise invalid("instance_url", f"leave it out: the region says where NinjaOne is. {_ELSEWHERE}")
    if given.region is not None:
        return REGIONS[given.region]
    if url in REGIONS.values() and url is not None:
        return url
    raise invalid("credentials.region", f"required: one of {', '.join(REGIONS)}, as in https://eu.ninjarmm.com")


def tried(trial: Callable[[], Result]) -> Result:
    """What the trial gives. Raises Problem 422 with the vendor's reason, at the field that it is about."""
    from tandem.providers.tacticalrmm.login import CodeNeeded

    refusal: VendorError | None = None
    try:
        return trial()
    except VendorError as error:
        refusal = error
    field = "credentials"
    if isinstance(refusal, CodeNeeded):
        field = "credentials.totp"
    elif isinstance(refusal, WrongAddress) or (isinstance(refusal, Unreachable) and refusal.nothing_sent):
        field = "instance_url"
    raise invalid(field, refusal.to_who_asked())
