"""A ledger in memory that applies plans as the table does: onto the versions they were made from, or not at all."""

from datetime import datetime

from tandem.alerts.models import Severity
from tandem.notifications.notice import Notification, TicketNotice
from tandem.notifications.planning import Plan, Told
from tandem.notifications.tally import Tally
from tandem.store.errors import ConflictError


def notice(number: int = 1, severity: Severity = Severity.MAJOR) -> TicketNotice:
    """One new ticket."""
    return TicketNotice(f"t{number}", f"T-{number}", f"Disk {number} is full", severity)


class MemoryLedger:
    """One user's part of the table."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.told: dict[str, Told] = {}
        self.notifications: list[Notification] = []
        self.waiting: dict[str, list[TicketNotice]] = {}
        self.due: set[datetime] = set()

    def apply(self, plan: Plan) -> None:
        """Write the whole change. Raises ConflictError."""
        for told in plan.told:
            self._check(told)
        if plan.tally is not None and plan.tally.version != self.tally.version:
            raise ConflictError
        for told in plan.told:
            self.told[told.subject] = told
        if plan.tally is not None:
            version = plan.tally.version + 1
            self.tally = Tally(plan.tally.singles, plan.tally.gathering, plan.tally.clock, version)
        self.notifications += plan.notifications
        if plan.digest_id is not None and plan.gathered:
            self.waiting.setdefault(plan.digest_id, []).extend(plan.gathered)
        if plan.opened is not None:
            self.due.add(plan.opened)
        if plan.closed is not None:
            self.due.discard(plan.closed)

    def mark(self, told: Told) -> None:
        """Write how far telling got. Raises ConflictError."""
        self._check(told)
        self.told[told.subject] = told

    def _check(self, told: Told) -> None:
        known = self.told.get(told.subject)
        if told.version != (known.version if known else 0) + 1:
            raise ConflictError
