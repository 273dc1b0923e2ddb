"""What a batch came to: a log line for each event by its id, and one metric line."""

import logging
from collections import Counter
from collections.abc import Iterable

from tandem import telemetry
from tandem.readback.reader import Read

FUNCTION = "read_back"


def report(results: Iterable[Read]) -> None:
    """Log and count: `read_back_<outcome>`, `parked`, `given_back`."""
    counted: Counter[str] = Counter()
    for result in results:
        ids = {"message_id": result.message_id, "event_id": result.event_id}
        if result.parked is not None:
            counted["parked"] += 1
            telemetry.log(logging.ERROR, "parked as a dead letter", **ids)
        elif result.failed is not None:
            counted["given_back"] += 1
            telemetry.log(logging.WARNING, "given back to the queue", **ids, wait=result.wait)
        elif result.outcome is not None:
            counted[f"read_back_{result.outcome.value}"] += 1
            telemetry.log(logging.INFO, f"read back: {result.outcome.value}", **ids)
    if counted:
        telemetry.counts(dict(counted), {"function": FUNCTION})
