"""Cursors: the place where the next page goes on, opaque to callers.

A cursor belongs to one list with one set of filters; anything else that is sent as one is refused.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tandem.admin.calls import Call
from tandem.admin.problems import FieldError, Problem, bad_request
from tandem.admin.schemas.base import Page, PageQuery

Record = TypeVar("Record")
Element = TypeVar("Element")

_CHECK_LENGTH = 12


def after_of(call: Call[Any, Any], list_name: str) -> str | None:
    """Where the page goes on that the call asks for; None for the first page. Raises Problem 400."""
    query: PageQuery = call.query
    if query.cursor is None:
        return None
    try:
        after, check = json.loads(base64.urlsafe_b64decode(query.cursor.encode("ascii") + b"=="))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise _bad_cursor() from None
    if not isinstance(after, str) or check != _check(call, list_name, after):
        raise _bad_cursor()
    return after


def cursor_of(call: Call[Any, Any], list_name: str, after: str | None) -> str | None:
    """The cursor for going on behind `after`; None at the end."""
    if after is None:
        return None
    text = json.dumps([after, _check(call, list_name, after)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def page_of(
    call: Call[Any, Any],
    list_name: str,
    read: Callable[[str | None, int], Sequence[Record]],
    place: Callable[[Record], str],
    shape: Callable[[Record], Any],
) -> Page[Any]:
    """The page that the call asks for. `read(after, limit)` gives records in the order of their `place`."""
    limit: int = call.query.limit
    records = read(after_of(call, list_name), limit + 1)
    more = len(records) > limit
    shown = records[:limit]
    after = place(shown[-1]) if more else None
    return Page[Any](items=[shape(record) for record in shown], next_cursor=cursor_of(call, list_name, after))


def _check(call: Call[Any, Any], list_name: str, after: str) -> str:
    filters = call.query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    text = json.dumps([list_name, sorted(call.params.items()), sorted(filters.items()), after])
    return hashlib.sha256(text.encode()).hexdigest()[:_CHECK_LENGTH]


def _bad_cursor() -> Problem:
    message = "is no cursor of this list with these filters; take `next_cursor` of the page before as it is"
    return bad_request("the cursor cannot be read", FieldError("cursor", message))
