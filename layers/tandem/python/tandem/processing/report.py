"""What a batch came to: a log line for each event by its id, and one metric line for the batch.

No names and no messages of customers: those are on the alert, behind the API's roles. Of a reason only its kind: the
whole one, which may quote the message, is with the dead letter.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from tandem import telemetry
from tandem.alerts.models import Origin
from tandem.processing.processor import Processed
from tandem.times import utc_now

_FUNCTION = "alert_processor"

_KIND = re.compile(r"[^:]{1,100}(?:: (?:[A-Z][a-z]+){2,}(?=:|$))?")
"""A reason up to its first colon, and the exception or error code that follows, if one does."""


def report(results: Iterable[Processed], clock: Callable[[], datetime] = utc_now) -> None:
    """Log and count; measure how long each applied event took since it was received, waiting included."""
    counted: Counter[str] = Counter()
    lags: list[int] = []
    now = clock()
    for result in results:
        event = result.event
        if result.parked is not None:
            counted["parked"] += 1
            telemetry.log(logging.ERROR, "parked as a dead letter", **_ids(result), reason=_kind(result.parked))
        elif result.failed is not None:
            counted["given_back"] += 1
            telemetry.log(logging.WARNING, "given back to the queue", **_ids(result), reason=_kind(result.failed))
        elif event is not None and result.decision is not None:
            outcome = result.decision.outcome.value
            counted[outcome] += 1
            telemetry.log(logging.INFO, outcome, event_id=event.event_id, alert_id=event.alert_id)
            if event.origin is not Origin.REPLAY:  # it came long ago, and was not waiting for the processor
                lags.append(max(0, round((now - event.received_at).total_seconds() * 1000)))
    if counted:
        telemetry.counts(dict(counted), {"function": _FUNCTION}, {"lag": lags})


def _ids(result: Processed) -> dict[str, str]:
    """The message's id, and those of its event if it is one."""
    if result.event is None:
        return {"message_id": result.message_id}
    event = result.event
    return {"message_id": result.message_id, "event_id": event.event_id, "alert_id": event.alert_id}


def _kind(reason: str) -> str:
    found = _KIND.match(reason)
    return found.group() if found else "unknown"
