"""How Lambda bills a function. Pure."""

import math

VCPU_MB = 1769
"""Memory at which a function has one whole vCPU; with less it has that share of one (Lambda Developer Guide)."""

INVOCATION_MS = 1.5
"""Assumed: what the runtime itself takes of a warm invocation."""

_REQUEST_ID = "c793869b-ee49-115b-a5b6-4fd21e8dedac"
PLATFORM_LINES = (
    f"START RequestId: {_REQUEST_ID} Version: $LATEST\n",
    f"END RequestId: {_REQUEST_ID}\n",
    f"REPORT RequestId: {_REQUEST_ID}\tDuration: 123.45 ms\tBilled Duration: 124 ms\tMemory Size: 512 MB\t"
    "Max Memory Used: 112 MB\t\n",
)
"""What Lambda itself logs for each invocation."""
PLATFORM_BYTES = sum(len(line.encode()) for line in PLATFORM_LINES)


def billed_seconds(milliseconds: float) -> float:
    """Lambda bills started milliseconds."""
    return math.ceil(milliseconds) / 1000


def computing_ms(cpu_seconds: float, memory_mb: int) -> float:
    """What takes so many seconds of a whole vCPU, with the share of one that comes with the memory."""
    return cpu_seconds * 1000 / min(1.0, memory_mb / VCPU_MB)
