"""The change that a decision is building: records are altered here, and counted up once each at the end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from tandem.alerts import trace
from tandem.alerts.decision import Decision, State, Wake
from tandem.alerts.models import Alert, AlertEvent, Condition, DeviceRecord, Origin, Outcome, TraceEntry
from tandem.alerts.tickets import SYSTEM, Comment, DeskCommand, Ticket, WriteComment
from tandem.ids import derived_id

Record = TypeVar("Record", Alert, DeviceRecord, Condition, Ticket)


class Draft:
    """A decision in the making, about one event and the alert it speaks of."""

    def __init__(self, event: AlertEvent, state: State, now: datetime, alert: Alert, condition: Condition) -> None:
        self.event = event
        self.now = now
        self.alert = alert
        self.condition = condition
        self.ticket = state.ticket
        self.device: DeviceRecord | None = state.device
        self.commands: list[DeskCommand] = []
        self.links: list[tuple[str, str]] = []
        self._state = state
        self._comments = 0

    @property
    def attempt(self) -> str:
        """Names this event on this state of its alert: what a new ticket's id is derived from."""
        return f"{self.event.event_id} {self.alert.version}"

    def next_comment_id(self) -> str:
        """What the next new comment of this event is called."""
        return derived_id("comment", self.attempt, str(self._comments))

    def comment(self, ticket_id: str, body: str) -> None:
        """A new internal comment, by the person who acts if one does. Comments of one decision keep their order."""
        created_at = self.now + timedelta(microseconds=self._comments)
        self._write(
            Comment(self.next_comment_id(), ticket_id, body, self._author, internal=True, created_at=created_at)
        )

    def folded_comment(self, ticket_id: str, body: str, comment_id: str, created_at: datetime) -> None:
        """A comment that folding placed: a new one, or the last of its sort again."""
        edited_at = self.now if created_at != self.now else None
        self._write(Comment(comment_id, ticket_id, body, SYSTEM, True, created_at, edited_at))

    @property
    def _author(self) -> str:
        return self.event.acted_by or SYSTEM if self.event.origin is Origin.PERSON else SYSTEM

    def _write(self, comment: Comment) -> None:
        self._comments += 1
        self.commands.append(WriteComment(self.command_id(), comment))

    def command_id(self) -> str:
        """The id of the next desk command."""
        return derived_id("command", self.attempt, str(len(self.commands)))

    def link(self, ticket_id: str) -> None:
        """The alert stands on this ticket from now on."""
        known = self._state.alert
        if known is None or known.ticket_id != ticket_id:
            self.links.append((ticket_id, self.alert.alert_id))
        self.alert = replace(self.alert, ticket_id=ticket_id)

    def decided(
        self,
        outcome: Outcome,
        reason: str,
        *,
        rule_id: str | None = None,
        window_id: str | None = None,
        ticket_id: str | None = None,
    ) -> Decision:
        """The finished decision, with its line in the alert's trace."""
        entry = TraceEntry(self.now, outcome, reason, self.event.event_id, rule_id, window_id, ticket_id)
        return self._finish(outcome, reason, entry)

    def untraced(self, outcome: Outcome, reason: str) -> Decision:
        """The finished decision about what people do not see: a tombstone, an echo."""
        return self._finish(outcome, reason, None)

    def _finish(self, outcome: Outcome, reason: str, entry: TraceEntry | None) -> Decision:
        state, known = self._state, self._state.alert
        # What Tandem found out itself is no event of the alert's sender, who may deliver the last one again.
        is_heard = known is None or not self.event.asset_arrived
        alert = replace(self.alert, last_event_id=self.event.event_id) if is_heard else self.alert
        is_first = known is None or known.triggered_at is None
        waited = known is not None and known.needs_mapping
        wake, woken = _wake(alert), _wake(known)
        is_cut = alert.message != self.event.message and (known is None or alert.message != known.message)
        return Decision(
            outcome=outcome,
            reason=reason,
            alert=_next(alert, known),
            trace=trace.add(state.trace, entry) if entry else None,
            device=_next(self.device, state.device),
            condition=self._next_condition(alert),
            ticket=_next(self.ticket, state.ticket),
            raw=self.event.raw if is_first and alert.triggered_at is not None else None,
            full_message=self.event.message if is_cut and alert.triggered_at is not None else None,
            links=tuple(self.links),
            commands=tuple(self.commands),
            waits=alert.needs_mapping if alert.needs_mapping != waited else None,
            wake=wake if wake != woken else None,
            woken=woken if woken is not None and (wake is None or wake.at != woken.at) else None,
        )

    def _next_condition(self, alert: Alert) -> Condition | None:
        before, known = self._state.condition, self._state.alert
        if before is None:
            return _next(self.condition, None) if self.condition.open_ticket_id is not None else None
        # An alert that leaves a ticket, or is over, counts its condition up, so that whoever counts the ticket's live
        # alerts meanwhile (a person who reopens it) counts again.
        if known is None or known.ticket_id is None:
            return _next(self.condition, before)
        is_over = known.is_live and not alert.is_live
        return _next(self.condition, before, always=is_over or alert.ticket_id != known.ticket_id)


def _next(after: Record | None, before: Record | None, always: bool = False) -> Record | None:
    """The record to write, one version on; None when nothing in it changed."""
    if after is None or (after == before and not always):
        return None
    return replace(after, version=(before.version if before else 0) + 1)


def _wake(alert: Alert | None) -> Wake | None:
    """When the alert is decided again, if something holds it."""
    if alert is None or alert.suppressed_until is None or alert.suppressed_by_window_id is None:
        return None
    return Wake(alert.suppressed_until, alert.alert_id, alert.suppressed_by_window_id)
