"""The body of a request: from the event's text to a checked model."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from tandem.admin.problems import BODY, FieldError, Problem, bad_request, field_errors

LARGEST_BODY = 256 * 1024
"""Bytes."""

_JSON = re.compile(r"application/([^\s/]+\+)?json")
_NOT_COMPRESSED = ("", "identity")
_UTF_8 = ("utf-8", "utf8", "us-ascii")

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


def read_body(sent: bytes, headers: Mapping[str, str], model: type[Model], required: bool) -> Model:
    """The body as the model; `headers` by lower-case name. An absent body is an empty object unless it is required.

    Raises Problem: 415 for what is sent as something else than plain JSON, 400 for what is no JSON (with the position),
    422 for what is no object or what the model refuses (with the fields).
    """
    if not sent.strip():
        if required:
            raise bad_request("a JSON body is required", FieldError(BODY, "required"))
        sent = b"{}"
    else:
        _check_headers(headers)
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


def _check_headers(headers: Mapping[str, str]) -> None:
    """No content type at all is taken for JSON."""
    encoding = headers.get("content-encoding", "").strip()
    if encoding.lower() not in _NOT_COMPRESSED:
        detail = f"send the body as it is, not as 'content-encoding: {encoding}'"
        raise Problem(415, detail, headers={"Accept-Encoding": "identity"})
    content_type = headers.get("content-type") or "application/json"
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if not _JSON.fullmatch(media_type):
        raise Problem(415, f"send JSON as 'content-type: application/json', not '{content_type}'")
    for name, _, value in (parameter.partition("=") for parameter in parameters):
        # The gateway may have replaced by now what is no UTF-8: it must not be stored so.
        if name.strip() == "charset" and value.strip(' "') not in _UTF_8:
            raise Problem(415, f"send JSON in UTF-8, not as 'content-type: {content_type}'")


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
