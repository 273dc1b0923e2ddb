"""Calls of AWS written to a file, to be counted when the work is done.

A meter (meter.py) remembers all items that were written, and a function's peak of memory is to be its own.
"""

import pickle
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from local.bench.capacity import Units
from local.bench.meter import Meter

_TOLD = ("Item", "Items", "Responses", "UnprocessedItems")
"""Of an answer, what its units depend on."""


class Recorder:
    """Attach it to a session's events. `calls`: by service and name, such as `s3.PutObject`, failed ones too.
    `waited`: seconds between sending a request of AWS and having its answer."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sent_at = 0.0
        self.calls: Counter[str] = Counter()
        self.waited = 0.0

    def attach(self, events: Any) -> None:
        """`events`: `boto3.DEFAULT_SESSION.events`, for all clients made later."""
        events.register("provide-client-params.dynamodb.*", _asked)
        events.register("after-call.*", self._answered)
        events.register("before-send.*", self._sent)
        events.register("before-parse.*", self._received)

    def _sent(self, **_: Any) -> None:
        self._sent_at = time.perf_counter()

    def _received(self, **_: Any) -> None:
        self.waited += time.perf_counter() - self._sent_at

    def _answered(self, model: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: Any) -> None:
        service = model.service_model.service_name
        self.calls[f"{service}.{model.name}"] += 1
        if service == "dynamodb" and "Error" not in parsed:
            answer = {name: parsed[name] for name in _TOLD if name in parsed}
            pickle.dump((model.name, context["bench_params"], answer), self._file)


def _asked(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["bench_params"] = params


def consumed(recording: Path, meter: Meter) -> Units:
    """By the calls of the table in a file of a Recorder's. `meter`: what it saw before counts as being there."""
    return sum((meter.units(*call) for call in _calls(recording)), Units())


def _calls(recording: Path) -> Iterator[tuple[str, Any, Any]]:
    with recording.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301  our own process wrote it
