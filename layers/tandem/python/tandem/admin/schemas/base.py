"""What all bodies, queries and answers share."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from unicodedata import category

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

Element = TypeVar("Element", bound=BaseModel)

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


class Taken(BaseModel):
    """What a caller sends: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def given(self, name: str) -> bool:
        """The caller sent this field, be it null."""
        return name in self.model_fields_set


class Given(BaseModel):
    """What a caller is sent."""

    model_config = ConfigDict(frozen=True)


def example(**values: Any) -> ConfigDict:
    """The `model_config` of a body that shows this example in the documents; a test holds it against the model."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class NoBody(Taken):
    """No body, or an empty object."""


class NoQuery(Taken):
    """No parameters."""


class PageQuery(Taken):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="How many items at most")
    cursor: str | None = Field(
        None, min_length=1, max_length=4096, description="`next_cursor` of the page before; none for the first page"
    )


class Page(Given, Generic[Element]):
    """One page of a list; `next_cursor` is null on the last one. A filtered page may be short."""

    items: list[Element]
    next_cursor: str | None = None


def _shown(at: datetime) -> str:
    """With milliseconds only where there are any: `2026-11-21T03:17:16Z`."""
    text = at.astimezone(UTC).replace(tzinfo=None)
    return text.isoformat(timespec="milliseconds" if text.microsecond else "seconds") + "Z"


Time = Annotated[
    AwareDatetime,
    PlainSerializer(_shown, return_type=str),
    Field(description="ISO 8601, UTC", examples=["2026-11-21T03:17:16Z"], json_schema_extra={"format": "date-time"}),
]


_CONTROLS = {"Cc", "Cs"}
_LINE_BREAKS = {"Zl", "Zp"}


def is_one_line(text: str) -> bool:
    """No control characters and no line breaks. What only cannot be seen (a no-break space, the joiner of an emoji)
    is a character like any other."""
    return text.isprintable() or not any(category(each) in _CONTROLS | _LINE_BREAKS for each in text)


def _lines(text: str) -> str:
    if not (text.isprintable() or all(each in "\t\n\r" or category(each) not in _CONTROLS for each in text)):
        raise ValueError("holds a control character")
    return text


def _one_line(text: str) -> str:
    if not is_one_line(text):
        raise ValueError("holds a control character or a line break")
    return text


def shaped(pattern: str, words: str) -> AfterValidator:
    """A text of this shape, or a refusal in these words: a pattern tells people nothing. The documents have it from
    `json_schema_extra={"pattern": pattern}`."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if not shape.fullmatch(text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(_one_line)]
"""One line of 1 to 255 characters."""

LONGEST_TEXT = 32_000
"""Characters."""

LINES = AfterValidator(_lines)
"""For texts with bounds of their own."""

Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), LINES]
"""Any number of lines."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_one_line)]
"""An id that Tandem gave."""

ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_one_line)]
"""An id that the RMM gave."""

_EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$"

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    shaped(_EMAIL, "must be a mail address such as ada@example.com"),
    AfterValidator(_one_line),
    Field(examples=["ada@example.com"], json_schema_extra={"pattern": _EMAIL}),
]

RoleName = Literal["admin", "technician", "viewer"]
PriorityName = Literal["urgent", "high", "medium", "low"]
SeverityName = Literal["critical", "major", "moderate", "minor", "none"]
ProviderName = Literal["ninjaone", "tacticalrmm", "levelio"]


class ContactBody(Taken):
    """The person whom tickets are about."""

    name: Name | None = None
    email: Email | None = None
    phone: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(_one_line)]
        | None
    ) = None


class ContactAnswer(Given):
    """The person whom a ticket is about."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class ProblemAnswer(Given):
    """A refusal (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["the request's content is not valid"])
    errors: list["ProblemField"]


class ProblemField(Given):
    """What is wrong with one field."""

    field: str = Field(examples=["conditions.message_pattern"])
    message: str


def unless_given(**details: Any) -> Any:
    """A field of a change that may be left out but not be null; ask `given` whether it was sent."""
    return Field(default_factory=lambda: None, **details)
