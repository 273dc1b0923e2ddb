"""Boards and their statuses."""

from typing import Annotated

from pydantic import Field

from tandem.admin.schemas.base import Given, Name, Taken, example, shaped, unless_given

MOST_STATUSES = 30

_STATUS_ID = r"^[a-z0-9_]{1,64}$"
StatusId = Annotated[
    str,
    shaped(_STATUS_ID, "must be 1 to 64 of a-z, 0-9 and _"),
    Field(json_schema_extra={"pattern": _STATUS_ID}),
]


class StatusBody(Taken):
    """A status. A new one gets its id from its name unless it brings one."""

    id: StatusId | None = Field(None, description="Of a status that is there; or what a new one shall be called")
    name: Name = Field(examples=["Waiting for client"])
    is_default: bool = Field(False, description="New tickets start here; exactly one of a board, not a closed one")
    is_closed: bool = Field(False, description="A ticket in it is closed; at least one of a board")


Statuses = Annotated[list[StatusBody], Field(min_length=2, max_length=MOST_STATUSES)]


class BoardCreate(Taken):
    """A new board."""

    model_config = example(
        name="Network operations",
        statuses=[
            {"id": "new", "name": "New", "is_default": True},
            {"id": "waiting", "name": "Waiting for client"},
            {"id": "resolved", "name": "Resolved", "is_closed": True},
        ],
    )

    name: Name = Field(examples=["Network operations"])
    statuses: Statuses
    is_default: bool = Field(False, description="Make it the tenant's default board in place of the present one")


class BoardChange(Taken):
    """What to change. `statuses` names all of them, in order; none can be taken away, for tickets may stand in it."""

    model_config = example(name="NOC", is_default=True)

    name: Name = unless_given()
    statuses: Statuses = unless_given()
    is_default: bool = unless_given()
    active: bool = unless_given(description="Rules and people can send no new tickets to a board that is not active")


class StatusAnswer(Given):
    """A status of a board."""

    id: str
    name: str
    is_default: bool
    is_closed: bool


class BoardAnswer(Given):
    """Where tickets are worked."""

    id: str
    name: str
    is_default: bool
    active: bool
    statuses: list[StatusAnswer]
