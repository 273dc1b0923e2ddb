"""Keeping a flapping condition from burying its ticket: from the 10th automatic comment of a sort within an hour, the
last one is rewritten instead, with how many it stands for and since when."""

from dataclasses import replace
from datetime import datetime, timedelta

from tandem.alerts.models import Folding

PERIOD = timedelta(hours=1)
SEPARATE_COMMENTS = 9


def fold(before: Folding | None, ticket_id: str, comment_id: str, occurred_at: datetime, now: datetime) -> Folding:
    """The folding after one more comment of this sort on this ticket.

    `comment_id` is what a new comment would be called; the result's `comment_id` and `comment_at` say which comment to
    write (the last one again, when it folds), `folded` and `first_at` what it then stands for.
    """
    if before is None or before.ticket_id != ticket_id or now - before.since >= PERIOD:
        return Folding(ticket_id, now, 1, 1, comment_id, now, occurred_at)
    count = before.count + 1
    if count <= SEPARATE_COMMENTS:
        return replace(before, count=count, folded=1, comment_id=comment_id, comment_at=now, first_at=occurred_at)
    return replace(before, count=count, folded=before.folded + 1)
