"""The body of a request: from the event's text to a checked model."""

import base64
import binascii
import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from tandem.admin.problems import BODY, FieldError, Problem, bad_request, field_errors

LARGEST_BODY = 256 * 1024
"""Bytes."""

Model = TypeVar("Model", bound=BaseModel)


def body_bytes(event: dict[str, Any]) -> bytes:
    """The body as it was sent. Raises Problem 400 for broken base64, 413 for one that is too large."""
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            sent = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise bad_request("the body is not the base64 that the gateway says it is") from None
    else:
        sent = text.encode("utf-8", "surrogatepass")
    if len(sent) > LARGEST_BODY:
        raise Problem(413, f"the body is larger than {LARGEST_BODY // 1024} KB")
    return sent


def read_body(sent: bytes, content_type: str | None, model: type[Model], required: bool) -> Model:
    """The body as the model. An absent one is an empty object unless it is required.

    Raises Problem: 415 for another content type, 400 for what is no JSON (with the position), 422 for what is no object
    or what the model refuses (with the fields).
    """
    if not sent.strip():
        if required:
            raise bad_request("a JSON body is required", FieldError(BODY, "required"))
        sent = b"{}"
    elif not _is_json(content_type):
        raise Problem(415, f"send JSON as 'content-type: application/json', not '{content_type}'")
    try:
        text = sent.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_request(f"the body is not UTF-8: byte {error.start} cannot be read") from None
    _check_json(text)
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        errors = field_errors(error)
        if any(each["type"] == "json_invalid" for each in error.errors(include_input=False)):
            told = errors[0].message.removeprefix("Invalid JSON: ")
            raise bad_request(f"the body is no JSON: {told}") from None
        raise Problem(422, "the request's content is not valid", errors) from None


def _is_json(content_type: str | None) -> bool:
    """No content type at all is taken for JSON."""
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _check_json(text: str) -> None:
    """What pydantic's parser would let pass, or tell less well: where it breaks, a name that comes twice, NaN."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise bad_request(f"the body is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise bad_request("the body is nested too deep") from None
    except ValueError as error:
        # A number of more digits than Python converts.
        raise bad_request(f"the body is no JSON that can be read: {error}") from None
    if not isinstance(value, dict):
        raise Problem(422, "the request's content is not valid", (FieldError(BODY, "must be a JSON object"),))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise bad_request("a name comes twice in the body", FieldError(name, "comes twice"))
        seen[name] = value
    return seen


def _refuse_constant(name: str) -> NoReturn:
    raise bad_request(f"the body is no JSON: {name} is no JSON number")
