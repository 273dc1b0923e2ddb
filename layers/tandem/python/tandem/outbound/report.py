"""What a batch came to: a log line for each message by its ids, and one metric line. No words of customers or RMMs:
what an RMM said is on the alert, and with the dead letter."""

import logging
from collections import Counter
from collections.abc import Iterable

from tandem import telemetry
from tandem.outbound.dispatcher import Dispatched
from tandem.outbound.turn import Handled

DISPATCHER = "ticket_close_reset"
RESETTER = "alert_reset"


def report_dispatched(results: Iterable[Dispatched]) -> None:
    """Log and count: `resets_asked`, `resets_local`, `parked`, `given_back`."""
    counted: Counter[str] = Counter()
    for result in results:
        counted.update(resets_asked=result.asked, resets_local=result.local)
        _trouble(counted, result.message_id, result.parked, result.failed)
    _count(counted, DISPATCHER)


def report_handled(handled: Iterable[Handled]) -> None:
    """Log and count: `resets_<state>` for each wish that was settled, `parked`, `given_back`."""
    counted: Counter[str] = Counter()
    for one in handled:
        if one.outcome is not None:
            counted[f"resets_{one.outcome.value}"] += 1
            telemetry.log(logging.INFO, f"reset {one.outcome.value}", alert_id=one.alert_id)
        _trouble(counted, one.message.message_id, one.parked, one.failed, alert_id=one.alert_id, wait=one.wait)
    _count(counted, RESETTER)


def _trouble(counted: Counter[str], message_id: str, parked: str | None, failed: str | None, **about: object) -> None:
    if parked is not None:
        counted["parked"] += 1
        telemetry.log(logging.ERROR, "parked as a dead letter", message_id=message_id, **about)
    if failed is not None:
        counted["given_back"] += 1
        telemetry.log(logging.WARNING, "given back to the queue", message_id=message_id, **about)


def _count(counted: Counter[str], function: str) -> None:
    values = {name: count for name, count in counted.items() if count}
    if values:
        telemetry.counts(values, {"function": function})
