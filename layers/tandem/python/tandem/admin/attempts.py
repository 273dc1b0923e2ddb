"""Trying again when somebody else was faster."""

import random
from collections.abc import Callable
from typing import TypeVar

from tandem.admin.problems import moved
from tandem.store.errors import ConflictError

ATTEMPTS = 8

Result = TypeVar("Result")


def until_applied(attempt: Callable[[], Result], pause: Callable[[float], None]) -> Result:
    """What `attempt` gives: it reads, decides and applies, and is made anew when it raises ConflictError. Raises
    Problem 409 when others keep writing the same records."""
    for number in range(ATTEMPTS):
        try:
            return attempt()
        except ConflictError:
            pause(random.uniform(0, min(0.2, 0.01 * 2**number)))
    raise moved()
