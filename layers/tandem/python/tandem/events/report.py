"""What became of a batch of the stream, in the log, in CloudWatch's metrics and as an answer to Lambda."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tandem import telemetry
from tandem.events.publisher import Published

_FUNCTION = "event_publisher"


def report(results: Sequence[Published]) -> None:
    """A line for each event that was put and each record that was not, and the counts: `published`, `parked` and
    `given_back`."""
    counted: Counter[str] = Counter()
    for result in results:
        for name in result.names:
            counted["published"] += 1
            telemetry.log(logging.INFO, name, sequence_number=result.sequence_number)
        if result.parked is not None:
            counted["parked"] += 1
            telemetry.log(logging.ERROR, "parked as a dead letter", sequence_number=result.sequence_number)
        if result.failed is not None:
            counted["given_back"] += 1
    failed = first_failed(results)
    if failed is not None:
        kind = str(failed.failed).partition(":")[0]  # what follows may quote the record
        telemetry.log(logging.WARNING, "given back to the stream", sequence_number=failed.sequence_number, reason=kind)
    if counted:
        telemetry.counts(dict(counted), {"function": _FUNCTION})


def answer(results: Sequence[Published]) -> dict[str, Any]:
    """`{"batchItemFailures": [{"itemIdentifier"}]}`: from where on the stream is handed over again, if anywhere."""
    failed = first_failed(results)
    return {"batchItemFailures": [{"itemIdentifier": failed.sequence_number}] if failed is not None else []}


def first_failed(results: Sequence[Published]) -> Published | None:
    """The first record that must be given back, in the stream's order."""
    return next((result for result in results if result.failed is not None), None)
