"""JSON as vendors send it: control characters in strings are let through, everything odd ends in BadWebhook.

A sender that writes values into a template without escaping them lets a text close its own quote and add members:
`"message": "x", "alert_id": "666"`. So of several members of one name the one is taken that the template wrote, as far
as that can be told: see `genuine`.
"""

import json
from collections.abc import Sequence
from typing import Any

from tandem.providers.port import BadWebhook

BODY = "body"
FREE_TEXT = frozenset({"message", "check_output", "output", "stdout", "stderr", "description", "payload", "subject"})
"""Members whose text others than the template's author write."""

_EXPECTED = "a JSON object"


def loads(text: str) -> Any:
    """The JSON value. Raises ValueError for what is none, however deep or long its nesting or numbers."""
    try:
        return json.loads(text, strict=False, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def genuine(names: Sequence[str]) -> dict[str, int]:
    """Of the names of an object's members, in order, where each name's genuine member stands: the first, unless a free
    text began before it. Then that text may have imitated it, and the last is the template's, which is why the free
    text belongs first in a template (docs/connecting.md): what stands between two free texts cannot be told for sure.
    """
    chosen: dict[str, int] = {}
    suspect: set[str] = set()
    after_free_text = False
    for position, name in enumerate(names):
        if name not in chosen:
            chosen[name] = position
            if after_free_text:
                suspect.add(name)
        elif name in suspect:
            chosen[name] = position
        after_free_text = after_free_text or name in FREE_TEXT
    return chosen


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) == len(members):
        return found
    return {name: members[position][1] for name, position in genuine([name for name, _ in members]).items()}


def parse_object(text: str) -> dict[str, Any]:
    """The JSON object of a body. Raises BadWebhook."""
    if not text.strip():
        raise BadWebhook(BODY, f"{_EXPECTED}; it is empty")
    try:
        value = loads(text)
    except ValueError as error:
        raise BadWebhook(BODY, f"{_EXPECTED}; it is not valid JSON") from error
    return as_object(value)


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is an object. Raises BadWebhook."""
    if not isinstance(value, dict):
        raise BadWebhook(BODY, f"{_EXPECTED}; it is {_json_name(value)}")
    return value


def _json_name(value: Any) -> str:
    if value is None:
        return "null"
    return {list: "an array", str: "a string", bool: "a boolean"}.get(type(value), "a number")
