"""Configuration as frozen records, and as the values that the table holds for them.

Where the alert pipeline has a type of its own (Rule, Board, Contact), that type is used, so that the processor and the
admin API read the same thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from tandem.alerts.models import Contact, Provider, Rule, Severity
from tandem.alerts.tickets import Board
from tandem.notifications.notice import DEFAULT_PREFERENCES, Preferences
from tandem.store.configuration.table import Values
from tandem.store.context import board_of
from tandem.store.records import contact_from
from tandem.times import from_text, optional_time, to_text


class Role(Enum):
    """What a user or key may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Higher may do more."""
        return (Role.VIEWER, Role.TECHNICIAN, Role.ADMIN).index(self)

    def allows(self, needed: "Role") -> bool:
        """This role may do what `needed` may."""
        return self.rank >= needed.rank


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """One webhook secret: only its SHA-256 (hex) is kept. Without `expires_at` it lives until it is rotated out."""

    hash: str
    created_at: datetime
    expires_at: datetime | None = None


class Status:
    """What an integration's `status` may be."""

    WEBHOOK_ONLY: Final = "webhook_only"
    CONNECTED: Final = "connected"
    ERROR: Final = "error"
    RECONNECT_REQUIRED: Final = "reconnect_required"
    DISCONNECTED: Final = "disconnected"


WITH_CREDENTIALS: Final = frozenset({Status.CONNECTED, Status.ERROR, Status.RECONNECT_REQUIRED})
"""An integration of such a status has credentials; those of any other have none in use."""


@dataclass(frozen=True, slots=True)
class KeptCredentials:
    """What may be shown of an integration's credentials. `kind`: as connections/credentials.py names them; `hint`: the
    last 4 characters. `waits_for_sign_in`: a person must sign in to the RMM before these are used."""

    kind: str
    hint: str
    waits_for_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Integration:
    """One connection to one RMM. `has_signing_secret`: Level's is in the secret store.

    `status`: one of Status; `status_reason`: a sentence for the admin where it is error or reconnect_required.
    `webhook_registered_at`: when Tandem last registered the webhook at the RMM itself; `webhook_problem`: why it could
    not, in a sentence. `polling_enabled`, `device_sync_enabled` and their intervals are wishes; only an integration
    WITH_CREDENTIALS is polled and synced. `retire_after_days`: so long a device may be missing.
    `requests_per_minute`: the vendor's usual rate where None. `connected_at`: when its present credentials were taken;
    `connection_since`: when it got any after having had none. What was listed or asked for before that is of another
    connection, perhaps of another server.
    """

    integration_id: str
    provider: Provider
    name: str
    status: str
    created_at: datetime
    instance_url: str | None = None
    default_client_id: str | None = None
    allow_private_address: bool = False
    has_signing_secret: bool = False
    secret_hashes: tuple[WebhookSecret, ...] = ()
    polling_enabled: bool = True
    polling_interval_minutes: int = 15
    device_sync_enabled: bool = True
    device_sync_interval_minutes: int = 60
    retire_after_days: int = 30
    status_reason: str | None = None
    credentials: KeptCredentials | None = None
    connected_at: datetime | None = None
    connection_since: datetime | None = None
    webhook_registered_at: datetime | None = None
    webhook_problem: str | None = None
    requests_per_minute: int | None = None
    version: int = 0

    @property
    def has_credentials(self) -> bool:
        """Its RMM can be asked, or could until the credentials were refused."""
        return self.status in WITH_CREDENTIALS

    @property
    def is_polled(self) -> bool:
        """It has a schedule of polls."""
        return self.has_credentials and self.polling_enabled

    @property
    def is_synced(self) -> bool:
        """It has a schedule of device syncs."""
        return self.has_credentials and self.device_sync_enabled

    @property
    def retire_after(self) -> timedelta:
        """A device that is missing for so long is retired."""
        return timedelta(days=self.retire_after_days)


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    """The RMM's customer, and the client it is mapped to.

    `is_place`: a location or site of one, which nothing is mapped by. `is_listed`: False of one that the RMM does not
    list any more. `suggested_client_id`: the client that has its name, if one alone does, for a person to choose.
    """

    external_id: str
    name: str | None = None
    parent_id: str | None = None
    path: str | None = None
    client_id: str | None = None
    auto_sync: bool = True
    default_contact: Contact | None = None
    is_place: bool = False
    is_listed: bool = True
    suggested_client_id: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """The MSP's customer. `external_ref`: what other systems call it."""

    client_id: str
    name: str
    external_ref: str | None = None
    default_contact: Contact | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class BoardRecord:
    """A board and how often it was written."""

    board: Board
    version: int = 0


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """A rule of an integration. `rule.revision` counts its meanings, `version` its writes (an order is no meaning)."""

    integration_id: str
    rule: Rule
    version: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """A person who works with Tandem."""

    user_id: str
    name: str
    email: str | None
    role: Role
    active: bool = True
    notifications: Preferences = DEFAULT_PREFERENCES
    version: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key acts as its user, with the lesser of both roles. `prefix`: its last 4 characters, to tell keys apart."""

    key_id: str
    key_hash: str = field(repr=False)
    user_id: str
    role: Role
    prefix: str
    created_at: datetime
    version: int = 0


def values_of(record: Any) -> Values:
    """The values of a record, without its version: times as text, enumerations by value, None left out."""
    values: Values = {}
    for each in fields(record):
        value = _plain(getattr(record, each.name))
        if value is not None and each.name != "version":
            values[each.name] = value
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(element) for element in value]
    if is_dataclass(value):
        return values_of(value)
    return value


def integration_of(values: Values) -> Integration:
    """The integration that the table's values say."""
    secrets = tuple(
        WebhookSecret(each["hash"], from_text(each["created_at"]), optional_time(each.get("expires_at")))
        for each in values.get("secret_hashes", ())
    )
    credentials = values.get("credentials")
    return Integration(
        **{
            **_known(Integration, values),
            "provider": Provider(values["provider"]),
            "created_at": from_text(values["created_at"]),
            "secret_hashes": secrets,
            "credentials": KeptCredentials(**credentials) if credentials else None,
            "connected_at": optional_time(values.get("connected_at")),
            "connection_since": optional_time(values.get("connection_since")),
            "webhook_registered_at": optional_time(values.get("webhook_registered_at")),
        }
    )


def organization_of(values: Values) -> OrganizationRecord:
    """The organization that the table's values say."""
    contact = contact_from(values.get("default_contact"))
    return OrganizationRecord(**{**_known(OrganizationRecord, values), "default_contact": contact})


def client_of(values: Values) -> ClientRecord:
    """The client that the table's values say."""
    contact = contact_from(values.get("default_contact"))
    return ClientRecord(**{**_known(ClientRecord, values), "default_contact": contact})


def board_record_of(values: Values) -> BoardRecord:
    """The board that the table's values say."""
    return BoardRecord(board_of(values), values["version"])


def user_of(values: Values) -> User:
    """The user that the table's values say."""
    wishes = values.get("notifications")
    preferences = Preferences(wishes["email"], Severity(wishes["least_severity"])) if wishes else DEFAULT_PREFERENCES
    known = _known(User, values)
    return User(**{"email": None, **known, "role": Role(values["role"]), "notifications": preferences})


def api_key_of(values: Values) -> ApiKey:
    """The API key that the table's values say."""
    return ApiKey(
        **{**_known(ApiKey, values), "role": Role(values["role"]), "created_at": from_text(values["created_at"])}
    )


def _known(record: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the record has a field for: an item may hold more."""
    names = {each.name for each in fields(record)}
    return {name: value for name, value in values.items() if name in names}
