"""The change that a decision is building: records are altered here, and counted up once each at the end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from tandem.alerts import trace
from tandem.alerts.decision import Decision, State, StillUnmapped
from tandem.alerts.models import Alert, AlertEvent, Condition, DeviceRecord, Outcome, TraceEntry
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
        self.guard: StillUnmapped | None = None
        self._state = state
        self._comments = 0

    def next_comment_id(self) -> str:
        """What the next new comment of this event is called: the same whenever the event is decided."""
        return derived_id("comment", self.event.event_id, str(self._comments))

    def comment(self, ticket_id: str, body: str) -> None:
        """A new internal comment by the system. Comments of one decision keep their order."""
        created_at = self.now + timedelta(microseconds=self._comments)
        comment_id = self.next_comment_id()
        self._comments += 1
        self._write(Comment(comment_id, ticket_id, body, SYSTEM, internal=True, created_at=created_at))

    def folded_comment(self, ticket_id: str, body: str, comment_id: str, created_at: datetime) -> None:
        """A comment that folding placed: a new one, or the last of its sort again."""
        self._comments += 1
        edited_at = self.now if created_at != self.now else None
        self._write(Comment(comment_id, ticket_id, body, SYSTEM, True, created_at, edited_at))

    def _write(self, comment: Comment) -> None:
        command_id = derived_id("command", self.event.event_id, str(len(self.commands)))
        self.commands.append(WriteComment(command_id, comment))

    def command_id(self) -> str:
        """The id of the next desk command."""
        return derived_id("command", self.event.event_id, str(len(self.commands)))

    def decided(
        self, outcome: Outcome, reason: str, *, rule_id: str | None = None, ticket_id: str | None = None
    ) -> Decision:
        """The finished decision, with its line in the alert's trace."""
        entry = TraceEntry(self.now, outcome, reason, self.event.event_id, rule_id=rule_id, ticket_id=ticket_id)
        return self._finish(outcome, reason, entry)

    def untraced(self, outcome: Outcome, reason: str) -> Decision:
        """The finished decision about what people do not see: a tombstone, an echo."""
        return self._finish(outcome, reason, None)

    def _finish(self, outcome: Outcome, reason: str, entry: TraceEntry | None) -> Decision:
        state = self._state
        first = state.alert is None or state.alert.triggered_at is None
        shown = first and self.alert.triggered_at is not None
        return Decision(
            outcome=outcome,
            reason=reason,
            # A line in the trace counts the alert up too: the alert's version guards its trace.
            alert=_next(self.alert, state.alert, always=entry is not None),
            trace=trace.add(state.trace, entry) if entry else None,
            device=_next(self.device, state.device),
            condition=_next(self.condition, state.condition) if self._condition_changed() else None,
            ticket=_next(self.ticket, state.ticket),
            raw=self.event.raw if shown else None,
            full_message=self.event.message if shown and self.event.message != self.alert.message else None,
            links=tuple(self.links),
            commands=tuple(self.commands),
            guard=self.guard,
        )

    def _condition_changed(self) -> bool:
        if self._state.condition is not None:
            return True
        return self.condition.open_ticket_id is not None or self.condition.latest_alert_id is not None


def _next(after: Record | None, before: Record | None, always: bool = False) -> Record | None:
    """The record to write, one version on; None when nothing in it changed."""
    if after is None or (after == before and not always):
        return None
    return replace(after, version=(before.version if before else 0) + 1)
