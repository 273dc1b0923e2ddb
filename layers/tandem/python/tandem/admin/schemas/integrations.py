"""Integrations, and the secrets of their webhooks."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tandem.admin.schemas.base import Given, Id, Name, ProviderName, Taken, Time, example, unless_given
from tandem.admin.schemas.credentials import DESCRIPTION
from tandem.admin.schemas.sync_runs import RetiringAnswer, SyncKind, SyncStateName
from tandem.polling.settings import LONGEST_MINUTES, SHORTEST_MINUTES
from tandem.syncing import settings as syncing

LONGEST_KEEP = 7 * 24 * 60
"""Minutes."""


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"is no web address: {error}") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not port_is_fine:
        raise ValueError("must be a web address such as https://rmm.example.com")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    if parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must hold nothing behind the path")
    if not _has_a_name(text):
        raise ValueError("must hold the name of a host")
    return text.rstrip("/")


def _has_a_name(text: str) -> bool:
    """The host is one that can be asked: what encodes names for the wire must take it."""
    import httpx  # only where an address is given: it costs a tenth of a second

    try:
        return bool(httpx.URL(text).host)
    except (httpx.InvalidURL, UnicodeError):
        return False


InstanceUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2048),
    AfterValidator(_web_address),
    Field(description="Where the RMM is", examples=["https://api.rmm.example.com"]),
]

SigningSecret = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=8, max_length=512, pattern=r"^[\x21-\x7e]+$"),
    Field(
        description="Write-only. Level makes it; no other RMM signs its webhooks", json_schema_extra={"writeOnly": True}
    ),
]


class PollingChange(Taken):
    """Whether and how often the RMM is polled; what is left out stays as it is."""

    enabled: bool = unless_given()
    interval_minutes: int = unless_given(ge=SHORTEST_MINUTES, le=LONGEST_MINUTES)


class DeviceSyncChange(Taken):
    """Whether and how often the RMM's devices are synced; what is left out stays as it is."""

    enabled: bool = unless_given()
    interval_minutes: int = unless_given(ge=syncing.SHORTEST_MINUTES, le=syncing.LONGEST_MINUTES)
    retire_after_days: int = unless_given(ge=syncing.SHORTEST_RETIRE_DAYS, le=syncing.LONGEST_RETIRE_DAYS)


RequestsPerMinute = Annotated[
    int,
    Field(
        ge=1,
        le=6000,
        description="How often the RMM is asked at most; null for what suits the vendor",
        examples=[60],
    ),
]


class IntegrationCreate(Taken):
    """A new integration. Without credentials it is webhook-only."""

    model_config = example(provider="ninjaone", name="NinjaOne, main account", instance_url="https://app.ninjarmm.com")

    provider: ProviderName
    name: Name = Field(examples=["NinjaOne, main account"])
    instance_url: InstanceUrl | None = None
    credentials: dict[str, Any] | None = Field(None, description=DESCRIPTION, json_schema_extra={"writeOnly": True})
    polling: PollingChange | None = None
    device_sync: DeviceSyncChange | None = None
    requests_per_minute: RequestsPerMinute | None = None
    signing_secret: SigningSecret | None = None
    default_client_id: Id | None = Field(None, description="The client of alerts that lead to no other")
    allow_private_address: bool = Field(False, description="`instance_url` may be on a private network")

    @model_validator(mode="after")
    def _only_level_signs(self) -> Self:
        if self.signing_secret is not None and self.provider != "levelio":
            raise ValueError("signing_secret: only Level (levelio) signs its webhooks")
        return self


class IntegrationChange(Taken):
    """What to change: a field that is left out stays as it is, null clears it."""

    model_config = example(name="NinjaOne, EU account", default_client_id="vxk3m2qd7z5h4tjw6nya")

    name: Name = unless_given()
    instance_url: InstanceUrl | None = None
    credentials: dict[str, Any] = unless_given(description=DESCRIPTION, json_schema_extra={"writeOnly": True})
    polling: PollingChange = unless_given()
    device_sync: DeviceSyncChange = unless_given()
    requests_per_minute: RequestsPerMinute | None = None
    signing_secret: SigningSecret | None = None
    default_client_id: Id | None = None
    allow_private_address: bool = unless_given()


class Rotation(Taken):
    """How long the secret in use lives on beside the new one."""

    model_config = example(keep_old_minutes=1440)

    keep_old_minutes: int = Field(
        24 * 60, ge=0, le=LONGEST_KEEP, description="0 ends it at once. Two secrets live at most; older ones end"
    )


class WebhookAnswer(Given):
    """Where the RMM sends its webhooks, and the header that carries the secret."""

    url: str = Field(examples=["https://api.example.com/webhooks/0f3c9a"])
    header: Literal["X-Tandem-Secret"] = "X-Tandem-Secret"


class NewWebhookAnswer(WebhookAnswer):
    """The same with the secret, which is shown this once."""

    secret: str = Field(examples=["k3yQ0hJ2nV7sP5xT8wZ1bC4dF6gL9mR0aE2uI5oY7tU"])
    old_secret_until: Time | None = Field(None, description="When the secret before this one ends")


class WebhookStateAnswer(WebhookAnswer):
    """Where the RMM sends its webhooks."""

    secret_created_at: Time | None = None
    old_secret_until: Time | None = Field(None, description="When the secret before the present one ends")


class CredentialsAnswer(Given):
    """What the integration is connected with, as far as it is shown."""

    kind: Literal["api_key", "password", "authorization_code", "client_credentials"]
    hint: str = Field(description="The last 4 characters of key or client secret, or of the user name")
    connected_at: Time | None = None
    waits_for_sign_in: bool = Field(False, description="New ones wait for a person to sign in: `/oauth/start`")
    limits: str | None = Field(None, description="What these credentials cannot do")


class RegistrationAnswer(Given):
    """The webhook that Tandem registered at the RMM itself: only NinjaOne has that."""

    registered_at: Time | None = None
    problem: str | None = Field(None, description="Why it could not be registered, or removed, the last time")


class SetupAction(Given):
    """A request that the RMM should send, field by field. `headers` and `body` are texts to copy."""

    name: str
    method: str
    url: str
    headers: str
    body: str


class SetupAnswer(Given):
    """What to do in the RMM. The webhook's secret stands in it only where it is shown anyway."""

    steps: list[str]
    redirect_uri: str | None = Field(description="NinjaOne's client app needs it")
    actions: list[SetupAction]


class TestAnswer(Given):
    """Whether the RMM answers Tandem with the credentials that are kept."""

    ok: bool
    account: str | None = Field(None, description="What answered", examples=["NinjaOne at eu.ninjarmm.com"])
    version: str | None = Field(None, description="Of the server, where it tells")
    message: str | None = Field(None, description="What went wrong, and what to do about it")


class SignInAnswer(Given):
    """Where to sign in. The address works once, in one browser."""

    start_url: str = Field(examples=["https://api.example.com/oauth/ninjaone/start?ticket=k3yQ0hJ2nV7sP5xT8wZ1"])
    expires_at: Time
    redirect_uri: str = Field(description="What NinjaOne's client app must name, letter for letter")


class PollResultAnswer(Given):
    """What a poll came to."""

    listed: int = Field(description="Alerts that the RMM lists as active")
    unreadable: int = Field(description="Rows of its list that could not be read; they stopped no other")
    unreadable_alerts: list[str] = Field(description="The first ten of them, and why", examples=[[]])
    fired: int = Field(description="Alerts that were new, or fired again")
    cleared: int = Field(description="Alerts that were over: two complete lists in a row lacked them")
    held_back: int = Field(description="Alerts that seem over, but are so many that a third list must confirm it")


class PollingAnswer(Given):
    """Polling of the RMM; a webhook-only integration is not polled."""

    enabled: bool = False
    interval_minutes: int | None = None
    last_polled_at: Time | None = Field(None, description="When the last poll began, whatever came of it")
    last_success_at: Time | None = Field(None, description="When the last one began that went well")
    last_error: str | None = Field(None, description="Why the last poll failed, and what to do; null if it went well")
    warning: str | None = Field(None, description="What the last poll had to do without")
    consecutive_failures: int = 0
    next_poll_at: Time | None = Field(None, description="About when the next one begins")
    last_result: PollResultAnswer | None = Field(None, description="Of the last poll that went well")


class LastRunAnswer(Given):
    """How the last sync of a kind ended."""

    kind: SyncKind
    run_id: str
    state: Literal["succeeded", "failed", "cancelled"]
    finished_at: Time
    last_success_at: Time | None = Field(description="When the last one of this kind ended that went well")


class SyncAtWorkAnswer(Given):
    """The sync that is at work, and how far it is; the run itself says more."""

    id: str
    kind: SyncKind
    state: SyncStateName
    requested_at: Time
    rows_seen: int = Field(description="Rows of the RMM's lists that were read", examples=[11_200])
    pages_total: int = Field(description="Pages of the fleet; 0 until all is listed", examples=[41])
    pages_done: int = Field(examples=[17])
    trouble: str | None = Field(description="What is just being tried again", examples=[None])


class SyncToConfirmAnswer(Given):
    """A sync that would retire much of these organizations: confirm it, cancel it, or leave it."""

    id: str
    requested_at: Time
    organizations: list[RetiringAnswer]


class DeviceSyncAnswer(Given):
    """Syncs of the RMM's devices; a webhook-only integration has none. Those of patches and software come between."""

    enabled: bool = False
    interval_minutes: int | None = None
    retire_after_days: int = Field(description="A device that is missing for so long is retired")
    last_synced_at: Time | None = Field(None, description="When the last sync of devices ended that went well")
    last_error: str | None = Field(None, description="Why the last sync failed, and what to do; null if it went well")
    consecutive_failures: int = 0
    next_sync_at: Time | None = Field(None, description="About when the next one begins")
    last_runs: list[LastRunAnswer] = Field([], description="The last one of each kind that ended")
    run: SyncAtWorkAnswer | None = None
    needs_confirmation: SyncToConfirmAnswer | None = None


class CountsAnswer(Given):
    """How much belongs to the integration."""

    organizations: int = Field(description="Organizations with a record")
    rules: int


class IntegrationAnswer(Given):
    """One connection to one RMM account or server."""

    id: str
    provider: ProviderName
    name: str
    instance_url: str | None
    status: Literal["connected", "webhook_only", "error", "reconnect_required", "disconnected"]
    status_reason: str | None = Field(description="Why a person is needed, and what to do")
    credentials: CredentialsAnswer | None
    default_client_id: str | None
    allow_private_address: bool
    has_signing_secret: bool
    created_at: Time
    requests_per_minute: int | None
    webhook: WebhookStateAnswer
    webhook_registration: RegistrationAnswer | None
    setup: SetupAnswer
    polling: PollingAnswer
    device_sync: DeviceSyncAnswer
    counts: CountsAnswer


class NewIntegrationAnswer(IntegrationAnswer):
    """The integration, with its webhook secret, which is shown this once."""

    webhook: NewWebhookAnswer  # type: ignore[assignment]


class RotatedIntegrationAnswer(NewIntegrationAnswer, NewWebhookAnswer):
    """The integration, with its new webhook secret, which is shown this once: in `webhook`, as when the integration was
    made, and the same beside it."""
