"""What a batch came to: a log line for each message that was parked or given back, and one metric line for the batch.

No titles, names or addresses.
"""

import logging
from collections import Counter
from collections.abc import Iterable

from tandem import telemetry
from tandem.notifications.handling import Handled
from tandem.notifications.message import TicketMade

_FUNCTION = "notifier"


def report(handled: Iterable[Handled]) -> None:
    """Log and count."""
    counted: Counter[str] = Counter()
    for one in handled:
        counted.update({f"notifications_{what}": number for what, number in one.counted.items()})
        about = {"ticket_id": one.content.ticket.ticket_id} if isinstance(one.content, TicketMade) else {}
        if one.parked is not None:
            counted["parked"] += 1
            telemetry.log(logging.ERROR, "parked as a dead letter", message_id=one.message.message_id, **about)
        if one.failed is not None:
            counted["given_back"] += 1
            telemetry.log(
                logging.WARNING,
                "given back to the queue",
                message_id=one.message.message_id,
                reason=one.failed,
                **about,
            )
    if counted:
        telemetry.counts(dict(counted), {"function": _FUNCTION})
