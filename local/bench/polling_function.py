"""scheduled_poll as Lambda runs it, in a process of its own: started by polling.py, which gives it its environment.

Polls twice, so that the second one has clients, connections and a listing to compare with, as a warm function has.
Prints one JSON line about the second.
"""

import contextlib
import io
import json
import os
import re
import resource
import sys
import time
from pathlib import Path

import boto3

from local.bench.meter import Meter
from local.bench.setting import load_handler

_SECONDS = 600.0


class _Context:
    """What the handler asks of Lambda's context."""

    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:scheduled_poll"

    def __init__(self) -> None:
        self._end = time.monotonic() + _SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def main() -> int:
    """Gives 1 if a poll did not go well; its log says why."""
    boto3.setup_default_session()
    meter = Meter()
    if boto3.DEFAULT_SESSION is not None:
        meter.attach(boto3.DEFAULT_SESSION.events)
    handler = load_handler("scheduled_poll")
    event = {"integration_id": os.environ["POLLED_INTEGRATION"]}
    idle_mb = peak_mb()
    handler(event, _Context())
    meter.take()
    print("warm", flush=True)
    sys.stdin.readline()
    began, cpu = time.perf_counter(), time.process_time()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        handler(event, _Context())
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    used = meter.take()
    counted = json.loads(said.getvalue().splitlines()[-1])
    found = {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "calls": dict(used.calls),
        "reads": used.units.reads,
        "writes": used.units.writes,
        "idle_mb": idle_mb,
        "peak_mb": peak_mb(),
        "listed": counted.get("poll_listed", 0),
        "fired": counted.get("poll_fired", 0),
    }
    print(json.dumps(found), flush=True)
    return 0 if "poll_listed" in counted else 1


def peak_mb() -> float:
    """Of this process, since it began."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says there begins with the peak of the process that started this one
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


if __name__ == "__main__":
    sys.exit(main())
