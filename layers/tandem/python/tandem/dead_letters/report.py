"""What was kept, for the log and the metrics."""

import logging
from collections.abc import Iterable

from tandem import telemetry
from tandem.dead_letters.keeper import Kept

FUNCTION = "dead_letter_keeper"


def report(results: Iterable[Kept]) -> None:
    """One line a letter, by its source and message id, and one metric line."""
    kept = given_back = 0
    for result in results:
        if result.failed is not None:
            given_back += 1
            kind = result.failed.partition(":")[0]  # what follows may quote the letter
            telemetry.log(logging.WARNING, "stays in its queue", message_id=result.message_id, reason=kind)
        for letter in result.letters:
            kept += 1
            telemetry.log(logging.ERROR, "dead letter kept", source=letter.source, message_id=letter.message_id)
    counted = {name: count for name, count in (("kept", kept), ("given_back", given_back)) if count}
    if counted:
        telemetry.counts(counted, {"function": FUNCTION})
