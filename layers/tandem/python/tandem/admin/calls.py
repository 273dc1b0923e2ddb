"""What a route is, what it is given, and what it gives back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.store.configuration.records import Role

if TYPE_CHECKING:
    from tandem.admin.services import Services

ANONYMOUS_ID = ""
"""The user id of who calls a route that needs no key."""

Body = TypeVar("Body", bound=BaseModel)
Query = TypeVar("Query", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a user through one of the user's keys, with the lesser of both roles."""

    user_id: str
    key_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class Call(Generic[Body, Query]):
    """One authenticated, checked request. `base_url`: what the caller put before `/api/v1`."""

    services: "Services"
    principal: Principal
    params: Mapping[str, str]
    query: Query
    body: Body
    now: datetime
    base_url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route gives back: a model, a text, or nothing. `location`: the path, below `/api/v1`, of what was made."""

    content: BaseModel | None = None
    status: int = 200
    location: str | None = None
    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route(Generic[Body, Query]):
    """Everything about one route; `path` is below `/api/v1` and names its parameters in braces.

    `role` None: no key is needed. The last parameter of `path` may hold slashes if `trailing_slashes`: an RMM's ids are
    its own. `conflicts` says in words when the route answers 409. `media_type` is of an answer without a model.
    """

    method: str
    path: str
    summary: str
    role: Role | None
    handle: Callable[[Call[Body, Query]], Answer]
    answer: type[BaseModel] | None
    tag: str
    status: int = 200
    body: type[Body] = field(default=NoBody)  # type: ignore[assignment]
    query: type[Query] = field(default=NoQuery)  # type: ignore[assignment]
    body_required: bool = True
    trailing_slashes: bool = False
    description: str = ""
    conflicts: str = ""
    media_type: str = "application/json"

    @property
    def takes_body(self) -> bool:
        """The route reads a body."""
        return self.body is not NoBody


AnyRoute = Route[Any, Any]
Routes = Sequence[AnyRoute]
