"""The caller's mistakes, and how they are told: problem+json (RFC 9457)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

MEDIA_TYPE = "application/problem+json"
BODY = "body"
"""The field of an error that concerns the body as a whole."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, by its path: `conditions.message_pattern`, `statuses.0.name`."""

    field: str
    message: str


class Problem(Exception):  # noqa: N818 RFC 9457's own word
    """A refusal, raised anywhere while a request is answered. `detail` and `errors` are shown to the caller."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def document(self) -> dict[str, Any]:
        """The body of the answer."""
        title = HTTPStatus(self.status).phrase
        return {
            "type": "about:blank",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "errors": [{"field": error.field, "message": error.message} for error in self.errors],
        }


def bad_request(detail: str, *errors: FieldError) -> Problem:
    """400: the request cannot be read."""
    return Problem(400, detail, errors)


def not_found(what: str, identifier: str) -> Problem:
    """404: no such thing."""
    return Problem(404, f"there is no {what} '{identifier}'")


def conflict(detail: str) -> Problem:
    """409: the request does not fit the state of things."""
    return Problem(409, detail)


def invalid(field_name: str, message: str) -> Problem:
    """422: one field of the body says something that cannot be."""
    return Problem(422, "the request's content is not valid", (FieldError(field_name, message),))


def moved() -> Problem:
    """409: others keep writing the same thing."""
    return conflict("somebody else changed this at the same time, again and again; read it and try again")


def unavailable(detail: str) -> Problem:
    """503: not now."""
    return Problem(503, detail, headers={"Retry-After": "1"})


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """What pydantic found, by field, and without the values: one of them may be a secret."""
    return tuple(
        FieldError(_path(each["loc"]), _message(each["type"], each["msg"]))
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )


def _path(location: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in location) or BODY


def _message(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "unknown field"
    if kind == "missing":
        return "required"
    return message.removeprefix("Value error, ")
