"""A world in memory in which archived events are decided once more, with the rules and windows that are to be tried.

It is the same `decide`; `now` of each decision is the time at which its event was applied. What a window holds is
decided again at the very end of the window. Alerts are placed with the client that they had, or by today's mapping if
they had none. Ticket numbers are made up.

History tells little of what persons did with tickets, so it is read off what became of the alerts:

    a ticket was closed        its condition's next ticket is another, or an alert left it while it fired
    a ticket was worked on     a reset did not close it although the alert's rule says so

A ticket that only the simulation makes was never worked on, and is closed when the one that really stood for its
condition was. The close of a ticket of which no firing tells (made when a window ended, say) is not known.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.again import decide_again
from tandem.alerts.closing import closed
from tandem.alerts.decide import decide
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Condition, DeviceRecord, Kind, Origin, Outcome
from tandem.alerts.tickets import SYSTEM, Ticket

TICKET_NUMBER = "a ticket of this preview"


@dataclass(frozen=True, slots=True)
class Held:
    """A window held the alert, from `since` on at most until `until`."""

    window_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of one firing, windows' ends included. `ticket`: the one that it opened or joined, as it was then."""

    at: datetime
    outcome: Outcome
    reason: str
    rule_id: str | None = None
    ticket: Ticket | None = None
    held: tuple[Held, ...] = ()


def simulate(events: Sequence[AppliedEvent], contexts: Mapping[str, Context], until: datetime) -> list[Effect | None]:
    """What becomes of each event by `until`, with these contexts by integration: an effect for a firing, None for
    anything else. `events` come in the order in which they were applied."""
    simulation = Simulation(contexts)
    for event in events:
        simulation.hear(event)
    simulation.sweep(until)
    return simulation.effects


class Simulation:
    """One world; `effects` stand in the order of the events heard."""

    def __init__(self, contexts: Mapping[str, Context]) -> None:
        self.effects: list[Effect | None] = []
        self.alerts: dict[str, Alert] = {}
        self._contexts = {
            integration_id: replace(context, ticket_number=TICKET_NUMBER)
            for integration_id, context in contexts.items()
        }
        self._conditions: dict[str, Condition] = {}
        self._tickets: dict[str, Ticket] = {}
        self._latest: dict[str, AppliedEvent] = {}  # of each alert, its latest firing
        self._due: list[tuple[datetime, str]] = []
        self._held: dict[str, list[int]] = {}  # by alert, the places of the firings that a window holds
        self._real = _RealTickets()

    def hear(self, told: AppliedEvent) -> None:
        """The next event."""
        self.sweep(told.applied_at)
        context = self._contexts.get(told.integration_id)
        effect = self._decided(told, context) if context is not None else None
        self.effects.append(effect)
        if effect is not None and effect.outcome is Outcome.SUPPRESSED:
            self._held.setdefault(told.alert_id, []).append(len(self.effects) - 1)
        elif told.kind is not Kind.ACKNOWLEDGED:
            self._held.pop(told.alert_id, None)

    def sweep(self, until: datetime) -> None:
        """Decide again what windows hold that end by then, earliest first."""
        while self._due and self._due[0][0] <= until:
            at, alert_id = heapq.heappop(self._due)
            alert = self.alerts[alert_id]
            if alert.suppressed_until == at:
                self._decide_again(alert, at)

    def _decided(self, told: AppliedEvent, context: Context) -> Effect | None:
        event = told.event()
        condition = self._condition_of(event)
        self._what_persons_did(told, condition)
        if told.kind is Kind.TRIGGERED:
            self._latest[told.alert_id] = told
        decision = self._decide(event, told, context, told.applied_at)
        return self._effect(decision, told.applied_at) if told.kind is Kind.TRIGGERED else None

    def _decide_again(self, alert: Alert, at: datetime) -> None:
        told = self._latest[alert.alert_id]
        event = decide_again(alert, told.message, Origin.SWEEP, f"{told.event_id} {at.isoformat()}", at)
        decision = self._decide(event, told, self._contexts[alert.integration_id], at)
        if decision.outcome is Outcome.IGNORED:
            return
        effect = self._effect(decision, at)
        places = self._held.pop(alert.alert_id, [])
        for place in places:
            before = self.effects[place]
            self.effects[place] = replace(effect, held=(*(before.held if before else ()), *effect.held))
        if decision.outcome is Outcome.SUPPRESSED:
            self._held[alert.alert_id] = places

    def _decide(self, event: AlertEvent, told: AppliedEvent, context: Context, now: datetime) -> Decision:
        alert = self.alerts.get(told.alert_id)
        condition = self._condition_of(event)
        state = State(
            alert=alert,
            device=_placed(told),
            condition=condition,
            ticket=self._tickets.get(condition.open_ticket_id or "") if condition else None,
        )
        decision = decide(event, state, context, now)
        if decision.alert is not None:
            self.alerts[told.alert_id] = decision.alert
        if decision.condition is not None:
            self._conditions[decision.condition.condition_id] = decision.condition
        if decision.ticket is not None:
            self._tickets[decision.ticket.ticket_id] = decision.ticket
        if decision.wake is not None:
            heapq.heappush(self._due, (decision.wake.at, told.alert_id))
        return decision

    def _condition_of(self, event: AlertEvent) -> Condition | None:
        alert = self.alerts.get(event.alert_id)
        own = alert is None or alert.triggered_at is None
        return self._conditions.get(event.condition_id if own or alert is None else alert.condition_id)

    def _effect(self, decision: Decision, at: datetime) -> Effect:
        alert = decision.alert
        if alert is None:
            return Effect(at, decision.outcome, decision.reason)
        held: tuple[Held, ...] = ()
        if alert.suppressed_by_window_id is not None and alert.suppressed_until is not None:
            held = (Held(alert.suppressed_by_window_id, at, alert.suppressed_until),)
        return Effect(
            at=at,
            outcome=decision.outcome,
            reason=decision.reason,
            rule_id=alert.rule.rule_id if alert.rule else None,
            ticket=self._tickets.get(alert.ticket_id or ""),
            held=held,
        )

    def _what_persons_did(self, told: AppliedEvent, condition: Condition | None) -> None:
        condition_id = told.event().condition_id if condition is None else condition.condition_id
        if told.kind is Kind.RESET:
            self._worked_on(told, condition)
        alert = self.alerts.get(told.alert_id)
        stands = alert is not None and condition is not None and alert.ticket_id == condition.open_ticket_id
        closed_one = self._real.closed_before(told, condition_id, stands_on_it=stands)
        if closed_one and condition is not None and condition.open_ticket_id is not None:
            ticket = self._tickets[condition.open_ticket_id]
            after = closed(ticket, condition, ticket.status_id, SYSTEM, told.applied_at)
            self._tickets[ticket.ticket_id] = after.ticket
            if after.condition is not None:
                self._conditions[condition_id] = after.condition

    def _worked_on(self, told: AppliedEvent, condition: Condition | None) -> None:
        ticket = self._tickets.get(condition.open_ticket_id or "") if condition else None
        if ticket is not None:
            stayed_open = told.rule_auto_resolves and told.ticket_id is not None and told.status is AlertStatus.RESOLVED
            self._tickets[ticket.ticket_id] = replace(ticket, touched_at=told.applied_at if stayed_open else None)


class _RealTickets:
    """Which tickets really stood for conditions, as far as alerts told of them."""

    def __init__(self) -> None:
        self._of_condition: dict[str, str] = {}
        self._of_alert: dict[str, str | None] = {}
        self._closed: set[str] = set()

    def closed_before(self, told: AppliedEvent, condition_id: str, *, stands_on_it: bool) -> bool:
        """The event shows that the condition's ticket was closed before it; said once of each ticket.

        `stands_on_it`: in the simulation the alert stands on the condition's ticket already. If it was last told of
        without one, it came to it when its window ended; what really was a new ticket then, of which no event told, is
        that one here.
        """
        stood, left = self._of_condition.get(condition_id), told.left_ticket_id
        is_left = left is not None and left not in self._closed and stood in (None, left)
        is_followed = told.kind is Kind.TRIGGERED and stood is not None and told.ticket_id not in (None, stood)
        came_with_the_end = stands_on_it and self._of_alert.get(told.alert_id) is None
        self._of_alert[told.alert_id] = told.ticket_id
        if is_followed and not is_left and came_with_the_end:
            is_followed = False
        self._closed |= {ticket_id for ticket_id in (left, stood if is_followed else None) if ticket_id is not None}
        if is_left or is_followed:
            self._of_condition.pop(condition_id, None)
        # Only a firing tells surely which ticket its condition has open: other news may be of an alert of an older one.
        if told.kind is Kind.TRIGGERED and told.ticket_id is not None:
            self._of_condition[condition_id] = told.ticket_id
        return is_left or is_followed


def _placed(told: AppliedEvent) -> DeviceRecord:
    """Where the alert was placed then, as a decision takes it."""
    return DeviceRecord(
        integration_id=told.integration_id,
        external_device_id=told.external_device_id or "",
        name=told.device_name,
        organization_id=told.organization_id,
        client_id=told.client_id,
        asset_id=told.asset_id,
    )
