"""A small world in memory for tests of the pure core: events in, decisions applied, state to look at.

It checks on every application what the table checks: each record is written one version after the one it was read at.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tandem.alerts.again import decide_again
from tandem.alerts.arriving import asset_arrived, lacks_asset
from tandem.alerts.decide import decide
from tandem.alerts.decision import Context, Decision, State, Wake
from tandem.alerts.models import (
    Alert,
    AlertEvent,
    Client,
    Condition,
    Contact,
    DeviceRecord,
    Kind,
    Organization,
    Origin,
    Provider,
    Rule,
    RuleActions,
    RuleConditions,
    Severity,
    Trace,
)
from tandem.alerts.tickets import Board, Comment, DeskCommand, Status, Ticket, WriteComment
from tandem.alerts.windows import MaintenanceWindow
from tandem.desk import work
from tandem.ids import derived_id

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

BOARD = Board(
    "board-1",
    "Alerts",
    (Status("new", "New", is_default=True), Status("doing", "In progress"), Status("done", "Closed", is_closed=True)),
    is_default=True,
)

EVERYTHING = Rule("rule-1", "Everything", True, 1, RuleConditions(), RuleActions())


def at(minutes: float) -> datetime:
    """So many minutes after the start of the test's day."""
    return START + timedelta(minutes=minutes)


def event(
    kind: Kind = Kind.TRIGGERED,
    minutes: float = 0,
    alert: str | None = "a1",
    *,
    device: str | None = "d1",
    organization: str | None = "o1",
    identity: str = "check:1",
    severity: Severity = Severity.MODERATE,
    message: str = "Disk C: is full",
    name: str = "",
) -> AlertEvent:
    """An alert event with sensible words."""
    words = (kind, str(minutes), alert or "", device or "", identity, severity, name)
    return AlertEvent(
        event_id=derived_id("test", *words),
        integration_id="i1",
        provider=Provider.TACTICALRMM,
        kind=kind,
        identity=identity,
        severity=severity,
        message=message,
        occurred_at=at(minutes),
        received_at=at(minutes),
        origin=Origin.WEBHOOK,
        external_alert_id=alert,
        external_device_id=device,
        organization_id=organization,
        organization_name=f"Organization {organization}" if organization else None,
        device_name=f"PC-{device}" if device else None,
        raw=b"raw",
    )


def triggered(minutes: float = 0, alert: str | None = "a1", **words: object) -> AlertEvent:
    """A firing."""
    return event(Kind.TRIGGERED, minutes, alert, **words)  # type: ignore[arg-type]  # passed through


def reset(minutes: float = 0, alert: str | None = "a1", **words: object) -> AlertEvent:
    """A reset."""
    return event(Kind.RESET, minutes, alert, **words)  # type: ignore[arg-type]  # passed through


def acknowledged(minutes: float = 0, alert: str | None = "a1", **words: object) -> AlertEvent:
    """An acknowledge."""
    return event(Kind.ACKNOWLEDGED, minutes, alert, **words)  # type: ignore[arg-type]  # passed through


@dataclass
class World:
    """Everything that decisions write, and the clock."""

    rules: tuple[Rule, ...] = (EVERYTHING,)
    organizations: dict[str, Organization] = field(
        default_factory=lambda: {"o1": Organization("o1", "Organization o1", "c1")}
    )
    default_client_id: str | None = None
    now: datetime = START
    alerts: dict[str, Alert] = field(default_factory=dict)
    traces: dict[str, Trace] = field(default_factory=dict)
    devices: dict[str, DeviceRecord] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    links: set[tuple[str, str]] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    windows: tuple[MaintenanceWindow, ...] = ()
    due: dict[tuple[datetime, str], Wake] = field(default_factory=dict)
    sweeps: int = 0
    numbers: int = 0

    def context(self) -> Context:
        return Context(
            integration_id="i1",
            provider=Provider.TACTICALRMM,
            integration_name="Tactical",
            rules=self.rules,
            organizations=self.organizations,
            clients={"c1": Client("c1", "Acme"), "c2": Client("c2", "Globex", Contact("Bob", "bob@globex.example"))},
            boards={BOARD.board_id: BOARD},
            windows=self.windows,
            default_client_id=self.default_client_id,
            ticket_number=f"T-{1001 + self.numbers}",
        )

    def state(self, heard: AlertEvent) -> State:
        alert = self.alerts.get(heard.alert_id)
        own = alert is None or alert.triggered_at is None
        condition = self.conditions.get(heard.condition_id if own or alert is None else alert.condition_id)
        return State(
            alert=alert,
            trace=self.traces.get(alert.alert_id, Trace()) if alert else Trace(),
            device=self.devices.get(heard.external_device_id or ""),
            condition=condition,
            ticket=self.tickets.get(condition.open_ticket_id or "") if condition else None,
        )

    def hear(self, *events: AlertEvent) -> Decision:
        """Decide and apply the events in order; the last decision."""
        for heard in events:
            decision = decide(heard, self.state(heard), self.context(), self.now)
            self.apply(decision)
        return decision

    def sweep(self) -> None:
        """Decide again what is due by now, earliest first."""
        for _, wake in sorted(self.due.items()):
            if wake.at <= self.now:
                self.again(self.alerts[wake.alert_id])

    def change_windows(self, *windows: MaintenanceWindow) -> None:
        """Other windows from now on; what a window held that is not the same any more is decided again."""
        before, self.windows = {window.window_id: window for window in self.windows}, windows
        changed = {each for each, window in before.items() if window not in windows}
        for wake in [wake for wake in self.due.values() if wake.window_id in changed]:
            self.again(self.alerts[wake.alert_id])

    def again(self, alert: Alert, origin: Origin = Origin.SWEEP) -> Decision:
        """The alert is decided again."""
        self.sweeps += 1
        return self.hear(decide_again(alert, None, origin, f"again-{self.sweeps}", self.now))

    def asset_arrives(self, device: str = "d1", asset_id: str | None = None, **by_asset: object) -> list[Decision]:
        """The sync makes the device an asset, and has its alerts look at it. `by_asset`: what else the device record
        says from then on."""
        before = self.devices.get(device) or DeviceRecord("i1", device)
        says = {"asset_id": asset_id or f"asset-{device}", "version": before.version + 1, **by_asset}
        record = replace(before, **says)  # type: ignore[arg-type]  # passed through
        self.devices[device] = record
        mine = [alert for alert in self.alerts.values() if alert.external_device_id == device]
        lacking = [alert for alert in mine if lacks_asset(alert, record)]
        return [self.hear(asset_arrived(alert, None, record, self.now)) for alert in lacking]

    def close(self, ticket: Ticket, user: str = "u1") -> None:
        """A person closes the ticket."""
        ticket = self.tickets[ticket.ticket_id]
        self.apply(work.close(ticket, self.conditions.get(ticket.condition_id or ""), BOARD, None, self.act(user)))

    def reopen(self, ticket: Ticket, user: str = "u1") -> None:
        """A person opens the ticket again."""
        ticket = self.tickets[ticket.ticket_id]
        mine = (alert for alert in self.alerts.values() if alert.ticket_id == ticket.ticket_id)
        live = sum(1 for alert in mine if alert.is_live)
        condition = self.conditions.get(ticket.condition_id or "")
        self.apply(work.reopen(ticket, condition, BOARD, live, self.act(user)))

    def comment(self, ticket: Ticket, user: str = "u1") -> None:
        """A person comments on the ticket."""
        self.apply(work.comment(self.tickets[ticket.ticket_id], "Looking", True, self.act(user)))

    def act(self, user: str = "u1") -> work.Act:
        return work.Act(derived_id("act", str(len(self.comments)), self.now.isoformat()), user, self.now)

    def apply(self, decision: Decision) -> None:
        """Write everything, each record one version after the one before."""
        if decision.alert:
            _one_on(decision.alert.version, self.alerts.get(decision.alert.alert_id))
            self.alerts[decision.alert.alert_id] = decision.alert
            if decision.trace:
                _one_on(decision.trace.version, self.traces.get(decision.alert.alert_id))
                self.traces[decision.alert.alert_id] = decision.trace
            if decision.waits is not None:
                (self.waiting.add if decision.waits else self.waiting.discard)(decision.alert.alert_id)
            if decision.woken:
                del self.due[decision.woken.at, decision.woken.alert_id]
            if decision.wake:
                self.due[decision.wake.at, decision.wake.alert_id] = decision.wake
        if decision.condition:
            _one_on(decision.condition.version, self.conditions.get(decision.condition.condition_id))
            self.conditions[decision.condition.condition_id] = decision.condition
        if decision.ticket:
            _one_on(decision.ticket.version, self.tickets.get(decision.ticket.ticket_id))
            if decision.ticket.ticket_id not in self.tickets:
                self.numbers += 1
            self.tickets[decision.ticket.ticket_id] = decision.ticket
        if decision.device:
            _one_on(decision.device.version, self.devices.get(decision.device.external_device_id))
            self.devices[decision.device.external_device_id] = decision.device
        self.links |= set(decision.links)
        self._work(decision.commands)

    def _work(self, commands: Iterable[DeskCommand]) -> None:
        for command in commands:
            if isinstance(command, WriteComment):
                self.comments[command.comment.comment_id] = command.comment

    def alert(self, external_id: str = "a1") -> Alert:
        return next(alert for alert in self.alerts.values() if alert.external_alert_id == external_id)

    def trace(self, external_id: str = "a1") -> Trace:
        return self.traces[self.alert(external_id).alert_id]

    @property
    def condition(self) -> Condition:
        (only,) = self.conditions.values()
        return only

    @property
    def open_tickets(self) -> list[Ticket]:
        return [ticket for ticket in self.tickets.values() if not ticket.is_closed]

    @property
    def ticket(self) -> Ticket:
        (only,) = self.tickets.values()
        return only

    def comments_of(self, ticket: Ticket) -> list[Comment]:
        mine = (comment for comment in self.comments.values() if comment.ticket_id == ticket.ticket_id)
        return sorted(mine, key=lambda comment: comment.created_at)


def rule(identifier: str, conditions: RuleConditions | None = None, order: int = 1, **actions: object) -> Rule:
    """A rule; `actions` are RuleActions' fields."""
    made = replace(RuleActions(), **actions)  # type: ignore[arg-type]  # passed through
    return Rule(identifier, f"Rule {identifier}", True, order, conditions or RuleConditions(), made)


def _one_on(version: int, before: Alert | Condition | Ticket | DeviceRecord | Trace | None) -> None:
    assert version == (before.version if before else 0) + 1
