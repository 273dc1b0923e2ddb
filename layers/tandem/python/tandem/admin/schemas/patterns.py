"""Message patterns: RE2, so that no pattern and no message can hang the processor. A bad one is told with its place."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from tandem.alerts.rules import BadPatternError, compile_pattern

LONGEST_PATTERN = 1000
"""Characters."""

LONGEST_REASON = 120
"""Characters: RE2 repeats the whole pattern in some of its reasons."""


def check_pattern(pattern: str) -> str:
    """The pattern itself. Raises ValueError with RE2's reason and, where there is one, the place of the fault, counted
    in characters from 1."""
    try:
        compile_pattern(pattern)
    except BadPatternError as error:
        reason = str(error)
        place = fault_position(pattern, reason)
        where = "" if place is None else f" at position {place + 1}"
        told = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]}..."
        raise ValueError(f"is no RE2 pattern{where}: {told}") from None
    except UnicodeEncodeError as error:
        raise ValueError(f"is no Unicode text at position {error.start + 1}") from None
    return pattern


def fault_position(pattern: str, reason: str) -> int | None:
    """Where the fault is, as an index into the pattern; None for a fault of the pattern as a whole (too large).

    RE2 names a reason and the piece that it stumbled over, but no offset. A piece that stands once tells the place.
    Else it is behind the longest beginning that RE2 would still take with something added: the shortest beginning that
    fails for the same reason and piece ends with the fault.
    """
    _, found, piece = reason.partition(": ")
    if reason.startswith("trailing"):
        return len(pattern) - 1
    if reason.startswith("unexpected )"):
        return _unexpected_parenthesis(pattern)
    if reason.startswith("missing )"):
        return _open_parenthesis(pattern)
    if not found or not piece or piece not in pattern:
        return None
    if pattern.count(piece) == 1:
        return pattern.index(piece)
    for end in range(len(piece), len(pattern) + 1):
        if pattern.endswith(piece, 0, end) and _reason(pattern[:end]) == reason:
            return end - len(piece)
    return pattern.index(piece)


def _reason(pattern: str) -> str | None:
    try:
        compile_pattern(pattern)
    except BadPatternError as error:
        return str(error)
    return None


def _unexpected_parenthesis(pattern: str) -> int | None:
    """The shortest beginning that has a parenthesis too many ends with it."""
    for end in range(1, len(pattern) + 1):
        if pattern[end - 1] == ")" and (_reason(pattern[:end]) or "").startswith("unexpected )"):
            return end - 1
    return None


def _open_parenthesis(pattern: str) -> int | None:
    """The last parenthesis that nothing closes: without all that stands before it, the rest still misses one."""
    for start in range(len(pattern) - 1, -1, -1):
        if pattern[start] == "(" and (_reason(pattern[start:]) or "").startswith("missing )"):
            return start
    return None


MessagePattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_PATTERN),
    AfterValidator(check_pattern),
    Field(
        description="RE2 syntax, found anywhere in the first 16 KB of the message; `(?i)` ignores the letter case",
        examples=["(?i)disk .* (full|failing)"],
    ),
]
