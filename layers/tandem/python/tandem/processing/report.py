"""What a batch came to: a log line for each event by its id, and one metric line for the batch.

No names and no messages of customers: those are on the alert, behind the API's roles.
"""

import logging
from collections import Counter
from collections.abc import Iterable

from tandem import telemetry
from tandem.processing.processor import Processed

_FUNCTION = "alert_processor"


def report(results: Iterable[Processed]) -> None:
    """Log and count."""
    counted: Counter[str] = Counter()
    for result in results:
        event = result.event
        if result.parked is not None:
            counted["parked"] += 1
            telemetry.log(logging.ERROR, "parked as a dead letter", message_id=result.message_id)
        elif result.failed is not None:
            counted["given_back"] += 1
            telemetry.log(
                logging.WARNING, "given back to the queue", message_id=result.message_id, reason=result.failed
            )
        elif event is not None and result.decision is not None:
            outcome = result.decision.outcome.value
            counted[outcome] += 1
            telemetry.log(logging.INFO, outcome, event_id=event.event_id, alert_id=event.alert_id)
    if counted:
        telemetry.counts(dict(counted), {"function": _FUNCTION})
