"""JSON as vendors send it: control characters in strings are let through, everything odd ends in BadWebhook."""

import json
from typing import Any

from tandem.providers.port import BadWebhook

BODY = "body"
_EXPECTED = "a JSON object"


def loads(text: str) -> Any:
    """The JSON value. Raises ValueError for what is none, however deep or long its nesting or numbers."""
    try:
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


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
