"""Says on a terminal what is being done, and how long it took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


@contextmanager
def step(doing: str) -> Iterator[Callable[[str], None]]:
    """Prints `doing ...` and, when the block is done, the seconds it took.

    Gives a function that shows a detail behind it meanwhile; on a terminal only, where it can be overwritten.
    """
    began = time.monotonic()
    live = sys.stdout.isatty()
    print(f"{doing} ... ", end="", flush=True)

    def detail(text: str) -> None:
        if live:
            print(f"\r\033[K{doing} ... {text} ", end="", flush=True)

    try:
        yield detail
    except BaseException:
        print("failed" if not live else f"\r\033[K{doing} ... failed", flush=True)
        raise
    took = f"{time.monotonic() - began:.1f} s"
    print(f"\r\033[K{doing} ... {took}" if live else took, flush=True)
