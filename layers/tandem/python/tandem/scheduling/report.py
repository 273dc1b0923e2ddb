"""What the daily check came to."""

import logging

from tandem import telemetry
from tandem.scheduling.drift import Mended


def report_mended(mended: Mended, function: str) -> None:
    """A line and a count, if something was not as it should be. `function`: whose schedules they are."""
    if not mended:
        return
    telemetry.log(
        logging.WARNING, "schedules mended", missing=mended.missing, surplus=mended.surplus, changed=mended.changed
    )
    count = len(mended.missing) + len(mended.surplus) + len(mended.changed)
    telemetry.counts({"schedules_mended": count}, {"function": function})
