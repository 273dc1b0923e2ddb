"""What a run came to, as one metric line. A run that finds nothing due writes none: a metric costs by the hour."""

from tandem import telemetry
from tandem.sweeping.sweep import Swept

_FUNCTION = "due_sweep"


def report(swept: Swept) -> None:
    """Count what was handed over, dropped and left over, and how late the sweep was."""
    if swept.lag_seconds is None:
        return
    telemetry.counts(
        {
            "swept": swept.taken.handed_over,
            "sweep_dropped": swept.taken.dropped,
            "sweep_left_over": swept.taken.left_over,
            "sweep_lag_seconds": swept.lag_seconds,
        },
        {"function": _FUNCTION},
    )
