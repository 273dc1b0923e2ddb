"""What device_sync tells of its other work: turns by the clock, single devices, messages that are none."""

import logging
from collections import Counter
from collections.abc import Iterable

from tandem import telemetry
from tandem.syncing.refresh import Outcome, Refreshed
from tandem.syncing.report import FUNCTION
from tandem.syncing.steps import Stepped
from tandem.syncing.turns import Turn


def turn_taken(turn: Turn) -> None:
    """An integration's turn. How old the last good sync of devices is shows also where no sync runs at all."""
    kind = {"kind": turn.kind} if turn.kind is not None else {}
    telemetry.log(logging.INFO, "turn", integration_id=turn.integration_id, outcome=turn.outcome, **kind)
    if turn.since_good is not None:
        seconds = int(turn.since_good.total_seconds())
        telemetry.counts({"sync_seconds_since_good": seconds}, {"function": FUNCTION})


def steps_parked(results: Iterable[Stepped]) -> None:
    """Messages that were none of the queue; of the others `step_done` tells."""
    for result in results:
        if result.parked is not None:
            telemetry.log(logging.ERROR, "parked as a dead letter", message_id=result.message_id, reason=result.parked)
            telemetry.counts({"parked": 1}, {"function": FUNCTION})


def refreshed(results: Iterable[Refreshed]) -> None:
    """A batch of single devices: `refresh_<outcome>`, `refresh_given_back`, `parked`."""
    counted: Counter[str] = Counter()
    for result in results:
        word = "given_back" if result.outcome is None else result.outcome.value
        counted["parked" if result.outcome is Outcome.PARKED else f"refresh_{word}"] += 1
        if result.reason is not None:
            telemetry.log(
                logging.WARNING,
                f"refresh {word.replace('_', ' ')}",
                message_id=result.message_id,
                integration_id=result.integration_id,
                reason=result.reason,
            )
    if counted:
        telemetry.counts(dict(counted), {"function": FUNCTION})
