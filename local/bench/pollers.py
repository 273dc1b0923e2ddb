"""What stands in for Lambda's event source mapping: four pollers, each a process with a handler of its own.

Lambda would let batches of different groups run side by side; the emulator's own mapping does not. So pollers of our
own receive from the emulator's queue, as Lambda's do.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from local.bench.setting import Setting
from local.emulator import ROOT
from tandem.alerts.event_message import deduplication_id, encode
from tandem.alerts.models import AlertEvent

POLLERS = 4
WARMING = 2 * POLLERS
"""Events that warm them."""

PATIENCE_SECONDS = 90.0


class PollersError(Exception):
    """A poller did not start, or messages still wait after a long time."""


class Pollers:
    """The started processes. `handled` and `calls` are known when they have ended."""

    def __init__(self, processes: Sequence["subprocess.Popen[str]"]) -> None:
        self._processes = processes
        self.handled = 0
        self.calls = 0
        """Messages, and calls of the table made for them, since `count_anew`."""

    def wait_until_ready(self) -> None:
        """Raises PollersError."""
        for process in self._processes:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise PollersError("a poller did not start")

    def count_anew(self) -> None:
        """Forget what was counted so far."""
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.write("count anew\n")
                process.stdin.flush()

    def end(self) -> None:
        """Let them finish what they have in hand."""
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            counted = json.loads((process.stdout and process.stdout.readline()) or "{}")
            self.handled += counted.get("handled", 0)
            self.calls += counted.get("calls", 0)
            process.wait()


@contextlib.contextmanager
def pollers(setting: Setting, warm: Callable[[int], AlertEvent]) -> Iterator[Pollers]:
    """POLLERS of them at work on the setting's queue, their clients connected and their caches filled by some events
    that `warm` makes. They end with the block. Raises PollersError."""
    environment = {"PATH": "", "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'tandem' / 'python'}", **setting.environment}
    started = Pollers(
        [
            subprocess.Popen(
                [sys.executable, "-m", "local.bench.poller"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(POLLERS)
        ]
    )
    try:
        started.wait_until_ready()
        for number in range(WARMING):
            send(setting, [warm(number)])
        until_empty(setting)
        started.count_anew()
        yield started
    finally:
        started.end()


def send(setting: Setting, events: Sequence[AlertEvent]) -> None:
    """As ingest sends, up to ten."""
    entries: list[Any] = [
        {
            "Id": str(index),
            "MessageBody": encode(event),
            "MessageGroupId": event.group_id,
            "MessageDeduplicationId": deduplication_id(event),
        }
        for index, event in enumerate(events)
    ]
    setting.sqs.send_message_batch(QueueUrl=setting.queue_url, Entries=entries)


def until_empty(setting: Setting) -> None:
    """Wait until nothing is in the queue. Raises PollersError."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while waiting(setting):
        if time.perf_counter() > deadline:
            raise PollersError(f"{waiting(setting)} messages still wait")
        time.sleep(0.05)


def waiting(setting: Setting) -> int:
    """Messages in the queue, those in hand included."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found: Any = setting.sqs.get_queue_attributes(QueueUrl=setting.queue_url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
