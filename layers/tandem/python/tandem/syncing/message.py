"""Messages of the device-sync queue: what one step of a run is to do. JSON, checked when it is read.

start           the run leaves the queue: state queued
organizations   the RMM's organizations: state listing
list            one page of a listing: state listing
sort            what was listed, by the fleet's pages: state sorting
page            one page of the fleet: state applying, in any order
finish          all pages are done: state finishing
retire          pages of the fleet, from one on: state retiring
confirm         a person has said that devices may be retired: state needs_confirmation

Every message may come twice or late: the run's record says what is still to be done.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

VERSION = 1


class Step(StrEnum):
    """What is to be done; the run's kind says the rest."""

    START = "start"
    ORGANIZATIONS = "organizations"
    LIST = "list"
    SORT = "sort"
    PAGE = "page"
    FINISH = "finish"
    RETIRE = "retire"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class SyncMessage:
    """One message.

    `step_number`: that of the run when the message was made, so that each step is done once; pages have the number of
    the step that all of them are. `source`, `after`: the listing and where to go on with it. `number`: of this page of
    the listing or of the fleet, from 0. `part`: of a page that takes several messages. `mark`: an `after` of before, by
    which a listing is found to go in circles, and `laps`, how often it came by one. `listed`: how many pages of each
    listing were kept, of those that were read to their end. `by`: who confirmed.
    """

    step: Step
    integration_id: str
    run_id: str
    step_number: int = 0
    source: str | None = None
    after: str | None = None
    number: int = 0
    part: int = 0
    mark: str | None = None
    laps: int = 0
    listed: Mapping[str, int] = field(default_factory=dict)
    by: str | None = None


class MessageError(ValueError):
    """A text that is no message of this queue."""


_TEXTS = ("source", "after", "mark", "by")
_NUMBERS = ("step_number", "number", "part", "laps")


def encode(message: SyncMessage) -> str:
    """The message's body, at most some KB: what says nothing is left out."""
    values: dict[str, Any] = {"v": VERSION}
    for each in fields(SyncMessage):
        value = getattr(message, each.name)
        if value or each.name == "step":
            values[each.name] = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(values, separators=(",", ":"))


def decode(body: str) -> SyncMessage:
    """The message of a body. Raises MessageError."""
    try:
        values = json.loads(body)
    except ValueError as error:
        raise MessageError("the message is no JSON") from error
    if not isinstance(values, dict) or values.get("v") != VERSION:
        raise MessageError("the message is of another version, or none of this queue")
    try:
        step = Step(_id(values, "step"))
    except ValueError as error:
        raise MessageError(f"there is no step {values.get('step')!r}") from error
    listed = values.get("listed", {})
    if not isinstance(listed, dict) or not all(_is_number(count) for count in listed.values()):
        raise MessageError("listed does not say how many pages each listing has")
    return SyncMessage(
        step,
        _id(values, "integration_id"),
        _id(values, "run_id"),
        listed=listed,
        **{name: _number(values, name) for name in _NUMBERS},
        **{name: _text(values, name) for name in _TEXTS},
    )


def _id(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise MessageError(f"{name} is missing")
    return value


def _text(values: Mapping[str, Any], name: str) -> Any:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise MessageError(f"{name} is no text")
    return value


def _number(values: Mapping[str, Any], name: str) -> Any:
    value = values.get(name, 0)
    if not _is_number(value):
        raise MessageError(f"{name} is no number from 0 on")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
