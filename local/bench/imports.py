"""What a cold start pays for importing: each function against `import boto3` and a DynamoDB client."""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.bench.setting import aws_environment
from local.emulator import ROOT

ROUNDS = 9
GOAL_FACTOR = 1.5
GOAL_FUNCTION = "webhook_ingest"
BASELINE = "boto3 and a DynamoDB client"

_BASELINE_CODE = "import boto3; boto3.client('dynamodb')"
# The high-water mark is the interpreter's own: what getrusage tells of a child begins with the parent's.
_TIMED = """
import re, time
began = time.perf_counter()
{code}
seconds = time.perf_counter() - began
try:
    with open("/proc/self/status") as status:
        found = re.search("VmHWM:\\s+([0-9]+) kB", status.read())
except OSError:
    found = None
print(seconds, found.group(1) if found else 0)
"""


@dataclass(frozen=True, slots=True)
class ImportTime:
    """Milliseconds in a fresh interpreter whose bytecode is compiled already; the median and the best of ROUNDS.
    `memory_mb`: the most that the interpreter took; 0 where the system does not tell."""

    name: str
    median_ms: float
    best_ms: float
    factor: float
    """Against the baseline of the same round; the median of the rounds."""
    memory_mb: float


class ImportFailedError(Exception):
    """A handler cannot be imported on its own; the text is what Python said."""


def measure() -> list[ImportTime]:
    """The baseline first, then each function. Rounds are interleaved, so that a busy moment of the machine hits all.

    Raises ImportFailedError.
    """
    functions = sorted(path.parent for path in (ROOT / "functions").glob("*/handler.py"))
    codes: dict[str, tuple[str, Path]] = {BASELINE: (_BASELINE_CODE, ROOT)}
    codes |= {folder.name: ("import handler", folder) for folder in functions}
    for code, folder in codes.values():  # compiles the bytecode
        _imported(code, folder)
    taken: dict[str, list[float]] = {name: [] for name in codes}
    memory: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, (code, folder) in codes.items():
            seconds, memory[name] = _imported(code, folder)
            taken[name].append(seconds * 1000)
    return [
        ImportTime(name, statistics.median(times), min(times), factor(times, taken[BASELINE]), memory[name])
        for name, times in taken.items()
    ]


def factor(times: Sequence[float], baseline: Sequence[float]) -> float:
    """How many times the baseline, round by round: a machine that gets busier makes both slower."""
    return statistics.median(time / base for time, base in zip(times, baseline, strict=True))


def _imported(code: str, folder: Path) -> tuple[float, float]:
    """Seconds and MB."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        # As on Lambda: the function's own folder and the layers, nothing else of this repository.
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "layers" / "tandem" / "python"))),
        **aws_environment("http://127.0.0.1:9"),
        "TABLE_NAME": "none",
        "ALERT_QUEUE_URL": "http://127.0.0.1:9/000000000000/none.fifo",
        "SECRET_PREFIX": "tandem/none/integrations",
        "FIRST_ADMIN_KEY_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:none",
        "PUBLIC_URL": "",
        "TENANT": "none",
        "LOG_LEVEL": "INFO",
    }
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ImportFailedError(f"{folder.name}: {done.stderr.strip().splitlines()[-1:]}")
    seconds, kilobytes = done.stdout.splitlines()[-1].split()
    return float(seconds), float(kilobytes) / 1024
