"""What a poll came to, as one metric line. The integration is written beside the metrics, not among their dimensions:
each would be a metric of its own."""

import logging
from dataclasses import dataclass
from typing import Literal

from tandem import telemetry
from tandem.polling.poller import Polled

FUNCTION = "scheduled_poll"


@dataclass(frozen=True, slots=True)
class Report:
    """One piece of work. `failures_in_a_row`: of this integration, this one included; `seconds_since_good`: how old its
    last poll is that went well, if there was one."""

    integration_id: str
    outcome: Literal["succeeded", "failed", "busy", "not connected"]
    milliseconds: int = 0
    polled: Polled | None = None
    history: int = 0
    failures_in_a_row: int = 0
    seconds_since_good: int | None = None


def report(done: Report) -> None:
    """Count it. A poll that was not one is a line in the log only."""
    if done.outcome in ("busy", "not connected"):
        telemetry.log(logging.INFO, "not polled", integration_id=done.integration_id, reason=done.outcome)
        return
    values = {"polls": 1}
    if done.outcome == "failed":
        values |= {"polls_failed": 1, "poll_failures_in_a_row": done.failures_in_a_row}
    if done.seconds_since_good is not None:
        values["poll_seconds_since_good"] = done.seconds_since_good
    if done.polled is not None:
        values |= {
            "poll_listed": done.polled.listed,
            "poll_unreadable": done.polled.unreadable,
            "poll_fired": done.polled.fired,
            "poll_cleared": done.polled.cleared,
            "poll_held_back": done.polled.held_back,
        }
    telemetry.counts(
        values,
        {"function": FUNCTION},
        {"poll_milliseconds": [done.milliseconds]},
        integration_id=done.integration_id,
        history=done.history,
    )
