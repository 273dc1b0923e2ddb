"""The words of the alert lifecycle as plain frozen dataclasses.

Times are timezone-aware UTC datetimes. Identifiers of the RMM ("external") are strings, whatever the vendor sends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tandem.ids import derived_id


class Provider(StrEnum):
    """An RMM that Tandem speaks."""

    NINJAONE = "ninjaone"
    TACTICALRMM = "tacticalrmm"
    LEVELIO = "levelio"


class Kind(StrEnum):
    """What an alert event says. The order of the members is the order at equal times: later ones win."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"


class Severity(StrEnum):
    """How bad, on one scale for every RMM."""

    CRITICAL = "critical"
    MAJOR = "major"
    MODERATE = "moderate"
    MINOR = "minor"
    NONE = "none"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {
    Severity.NONE: 0,
    Severity.MINOR: 1,
    Severity.MODERATE: 2,
    Severity.MAJOR: 3,
    Severity.CRITICAL: 4,
}


class Origin(StrEnum):
    """Where an alert event came from."""

    WEBHOOK = "webhook"
    POLL = "poll"
    OUTBOUND = "outbound"
    PERSON = "person"
    SWEEP = "sweep"
    MAPPING = "mapping"
    REPLAY = "replay"


class AlertStatus(StrEnum):
    """The state of an alert as people see it. TOMBSTONE is internal: a reset or acknowledge that came before its
    trigger; it is never shown."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    AUTO_RESOLVED = "auto_resolved"
    SUPPRESSED = "suppressed"
    TOMBSTONE = "tombstone"


LIVE_STATUSES = frozenset({AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED, AlertStatus.SUPPRESSED})


class Outcome(StrEnum):
    """What became of an alert event; the words of the trace."""

    TICKET_CREATED = "ticket_created"
    OCCURRENCE_APPENDED = "occurrence_appended"
    SEVERITY_RAISED = "severity_raised"
    RECORDED_ONLY = "recorded_only"
    NEEDS_MAPPING = "needs_mapping"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    PLACED = "placed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing an RMM said about one alert, normalized from a webhook or a poll (alerts.md, AlertEvent).

    `facts` are labelled words about the device for the ticket's first comment (location, operating system, ...).
    `raw` is the sender's text, gzipped, or None for events that Tandem itself makes.
    `acted_by`: who acknowledged or reset, in the RMM's words or as a user's id.
    `decide_again` marks an internal event that asks for a new decision about a live alert (a mapping arrived, a window
    ended, a person applies a new rule); it carries the alert's own time and changes no time.
    `makes_no_ticket` marks one that comes too late for a ticket of its own (an old dead letter that is replayed).
    `is_partial` marks one that may lack what rules match on, and whose RMM can be asked for the rest (readback/).
    `in_tandem_alone` marks a reset of Tandem's own that the RMM was not told of, and does not know.
    `asset_arrived` marks an event to decide again whose cause is that the device's asset is known now (arriving.py).
    """

    event_id: str
    integration_id: str
    provider: Provider
    kind: Kind
    identity: str
    severity: Severity
    message: str
    occurred_at: datetime
    received_at: datetime
    origin: Origin
    external_alert_id: str | None = None
    external_device_id: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    device_name: str | None = None
    activity_type: str | None = None
    alert_class: str | None = None
    source_type: str | None = None
    observed_at: datetime | None = None
    acted_by: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    decide_again: bool = False
    makes_no_ticket: bool = False
    is_partial: bool = False
    in_tandem_alone: bool = False
    asset_arrived: bool = False

    @property
    def alert_id(self) -> str:
        """Tandem's own id of the alert, derived, so that it is found without an index.

        An alert without the RMM's id is known by its condition.
        """
        if self.external_alert_id is not None:
            return alert_id_of(self.integration_id, self.external_alert_id)
        return derived_id("alert-of-condition", self.condition_id)

    @property
    def condition_id(self) -> str:
        """The condition that this event's own words name."""
        return condition_id_of(self.integration_id, self.external_device_id, self.organization_id, self.identity)

    @property
    def group_id(self) -> str:
        """The FIFO group: one device, or one organization where there is no device."""
        if self.external_device_id is not None:
            return derived_id("device", self.integration_id, self.external_device_id)
        return derived_id("organization", self.integration_id, self.organization_id or "")


def alert_id_of(integration_id: str, external_alert_id: str) -> str:
    """Tandem's id of the alert that the RMM of this integration calls `external_alert_id`."""
    return derived_id("alert", integration_id, external_alert_id)


def condition_id_of(
    integration_id: str, external_device_id: str | None, organization_id: str | None, identity: str
) -> str:
    """The id of a condition: per device, or per organization without one, so clients never share one (W19)."""
    if external_device_id is not None:
        return derived_id("condition", integration_id, "device", external_device_id, identity)
    return derived_id("condition", integration_id, "organization", organization_id or "", identity)


@dataclass(frozen=True, slots=True)
class RuleReference:
    """What an alert keeps of the rule that matched it: enough to act on later, whatever becomes of the rule (W16).

    The whole rule as it was is kept once as revision `revision` of `rule_id`.
    """

    rule_id: str
    revision: int
    name: str
    create_ticket: bool
    priority: str | None
    auto_resolve_ticket: bool
    auto_resolve_status_id: str | None
    reset_alert_on_ticket_close: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of the RMM, known by (integration, external alert id).

    `triggered_at`: of the firing that began the present or last live episode. `last_triggered_at`, `last_reset_at`,
    `last_acknowledged_at`: the latest of each kind that mattered; order.py says what they mean together.
    `version` counts writes; a decision is only applied to the version it was made from.
    `last_event_id`: of the event written last, so that its redelivery is known even where its sender gives no time.
    `suppressed_until`: the end of the window's occurrence that holds it, when it is decided again.
    `message` is the latest firing's, cut to what a list shows; the whole one is kept beside it.
    """

    alert_id: str
    integration_id: str
    provider: Provider
    external_alert_id: str | None
    condition_id: str
    identity: str
    status: AlertStatus
    severity: Severity
    message: str
    first_seen_at: datetime
    external_device_id: str | None = None
    device_name: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    asset_id: str | None = None
    client_id: str | None = None
    activity_type: str | None = None
    alert_class: str | None = None
    source_type: str | None = None
    triggered_at: datetime | None = None
    last_triggered_at: datetime | None = None
    last_reset_at: datetime | None = None
    last_acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    occurrence_count: int = 0
    ticket_id: str | None = None
    rule: RuleReference | None = None
    needs_mapping: bool = False
    suppressed_by_window_id: str | None = None
    suppressed_until: datetime | None = None
    last_event_id: str | None = None
    version: int = 0

    @property
    def last_occurrence_at(self) -> datetime | None:
        """When it fired last."""
        return self.last_triggered_at

    @property
    def is_live(self) -> bool:
        """Still firing in the RMM as far as we know."""
        return self.status in LIVE_STATUSES


@dataclass(frozen=True, slots=True)
class Folding:
    """How many automatic comments of one sort a ticket got within the running hour (folding.py).

    `folded`: how many events the last comment stands for; `first_at`: the time of the first of those.
    """

    ticket_id: str
    since: datetime
    count: int
    folded: int
    comment_id: str
    comment_at: datetime
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """What keeps firing: (integration, device, identity). At most one open ticket at a time, guarded by `version`.

    `live_count`: live alerts that are linked to the open ticket. `occurrence_count`: of the open ticket, from 1.
    `open_ticket_severity`: the worst severity that the open ticket has stood for.
    """

    condition_id: str
    integration_id: str
    external_device_id: str | None
    organization_id: str | None
    identity: str
    open_ticket_id: str | None = None
    open_ticket_number: str | None = None
    open_ticket_severity: Severity | None = None
    live_count: int = 0
    occurrence_count: int = 0
    previous_ticket_number: str | None = None
    occurrences: Folding | None = None
    resets: Folding | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What is known of a device before and beside its asset; written only when it changes.

    `client_id`: a person's choice for the device. `learnt_at`: the time of the event that taught it last, so that one
    that arrives late does not unteach it.
    The sync of devices writes `asset_id` and what begins with `asset_`: the asset's client (`asset_client_by_person`: a
    person wrote that into the asset) and such of its facts as tickets tell and as rarely change, labelled as `facts`.
    """

    integration_id: str
    external_device_id: str
    name: str | None = None
    organization_id: str | None = None
    client_id: str | None = None
    asset_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    learnt_at: datetime | None = None
    version: int = 0
    asset_client_id: str | None = None
    asset_client_by_person: bool = False
    asset_facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_facts(self) -> dict[str, str]:
        """All labelled words about the device. The asset's stand over what alerts told of it in passing."""
        return {**self.facts, **self.asset_facts}


@dataclass(frozen=True, slots=True)
class RuleConditions:
    """What a rule asks of an alert event. An empty tuple or None asks nothing; all that is given must hold."""

    severities: tuple[Severity, ...] = ()
    activity_types: tuple[str, ...] = ()
    alert_classes: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    organization_ids: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    message_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class RuleActions:
    """What a rule does with the alerts it matches."""

    create_ticket: bool = True
    board_id: str | None = None
    priority: str | None = None
    assignee_id: str | None = None
    title_template: str | None = None
    description_template: str | None = None
    auto_resolve_ticket: bool = False
    auto_resolve_status_id: str | None = None
    reset_alert_on_ticket_close: bool = True
    notify_user_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one integration; rules are tried by `order`, then by id, and the first match decides."""

    rule_id: str
    name: str
    active: bool
    order: int
    conditions: RuleConditions
    actions: RuleActions
    description: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Contact:
    """The person at the client whom a ticket is about: any of these may be missing."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """The RMM's customer and the client it is mapped to."""

    external_id: str
    name: str | None = None
    client_id: str | None = None
    default_contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """The MSP's customer in the desk."""

    client_id: str
    name: str
    default_contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One line of an alert's trace: what was decided, when, because of what. `count` > 1: that many alike, folded."""

    at: datetime
    outcome: Outcome
    reason: str
    event_id: str
    rule_id: str | None = None
    window_id: str | None = None
    ticket_id: str | None = None
    count: int = 1
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The decision trace of one alert, oldest first, bounded (trace.py)."""

    entries: tuple[TraceEntry, ...] = ()
    version: int = 0
