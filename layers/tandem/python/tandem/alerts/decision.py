"""What a decision is made from, and what it is: the whole change, to be applied in one transaction or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tandem.alerts.models import (
    Alert,
    Client,
    Condition,
    DeviceRecord,
    Organization,
    Outcome,
    Provider,
    Rule,
    Trace,
)
from tandem.alerts.outbound import OutboundReset
from tandem.alerts.tickets import Board, DeskCommand, Ticket
from tandem.alerts.windows import MaintenanceWindow


@dataclass(frozen=True, slots=True)
class State:
    """What was read for one event. Each is None where the table has none.

    `condition`: of the stored alert, else of the event. `ticket`: the one that the condition has open.
    """

    alert: Alert | None = None
    trace: Trace = field(default_factory=Trace)
    device: DeviceRecord | None = None
    condition: Condition | None = None
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What is configured for the event's integration (at most 30 s old), and what a new ticket would be called.

    `windows` are all of the tenant's, active or not."""

    integration_id: str
    provider: Provider
    integration_name: str
    rules: tuple[Rule, ...]
    organizations: Mapping[str, Organization]
    clients: Mapping[str, Client]
    boards: Mapping[str, Board]
    windows: tuple[MaintenanceWindow, ...] = ()
    default_client_id: str | None = None
    ticket_number: str = ""


@dataclass(frozen=True, slots=True)
class Wake:
    """A held alert is decided again at `at`, the end of what holds it."""

    at: datetime
    alert_id: str
    window_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole change that one event makes. None means: leave as it is.

    Each record carries the version that it will have; it is applied only onto the version before. `links` are alerts
    that join a ticket: (ticket id, alert id). `raw` is written once, with the alert's first record. `wake` is entered
    into the due-time index, `woken` is taken out of it. `outbound`: the RMM is to be told that the alert is over.
    """

    outcome: Outcome
    reason: str
    alert: Alert | None = None
    trace: Trace | None = None
    device: DeviceRecord | None = None
    condition: Condition | None = None
    ticket: Ticket | None = None
    raw: bytes | None = None
    full_message: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    commands: tuple[DeskCommand, ...] = ()
    waits: bool | None = None
    wake: Wake | None = None
    woken: Wake | None = None
    outbound: OutboundReset | None = None

    @property
    def writes_nothing(self) -> bool:
        """True for a redelivered, stale or ignored event."""
        return (
            self.alert is None
            and self.trace is None
            and self.device is None
            and self.condition is None
            and self.ticket is None
            and not self.links
            and not self.commands
        )
