"""What comes in and what goes out, and which function answers what."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from tests.simulators.faults import Kind
from tests.simulators.table import encoded

JSON = "application/json"
HTML = "text/html; charset=utf-8"


class BadBodyError(ValueError):
    """The request's body is no JSON."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names are lower case. `effects`: how the listing in the answer is to be spoilt."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str = "127.0.0.1"
    effects: frozenset[Kind] = frozenset()

    def parameter(self, name: str) -> str | None:
        """The query parameter's last value."""
        values = parse_qs(self.query, keep_blank_values=True).get(name)
        return values[-1] if values else None

    def number(self, name: str, default: int) -> int:
        """The query parameter as a number. Raises ValueError."""
        value = self.parameter(name)
        return default if value in (None, "") else int(value or 0)

    def json(self) -> Any:
        """The body; None if it is empty. Raises BadBodyError."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadBodyError(str(error)) from None

    def members(self) -> dict[str, Any]:
        """The body as an object; an empty one for anything else. Raises BadBodyError."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def form(self) -> dict[str, str]:
        """The body as an HTML form sends it."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `cut_off`: the connection ends in the middle of the body. `reset`: there is no answer at all."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_off: bool = False
    reset: bool = False


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A value as JSON; bytes are taken as JSON that is rendered already."""
    body = value if isinstance(value, bytes) else encoded(value)
    return Reply(status, body, JSON, headers or {})


def html_reply(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A page."""
    return Reply(status, text.encode(), HTML, headers or {})


Answer = Callable[..., Reply]
"""Takes the request and what stood in the path's braces, as texts."""


class Routes:
    """Which function answers which method and path, such as `GET`, `/v2/device/{id}`."""

    def __init__(self) -> None:
        self._routes: list[tuple[re.Pattern[str], dict[str, Answer]]] = []
        self._by_path: dict[str, dict[str, Answer]] = {}

    def add(self, method: str, path: str, answer: Answer) -> None:
        """Paths that were added first are tried first."""
        if path not in self._by_path:
            self._by_path[path] = {}
            literal = re.split(r"\{\w+\}", path)
            self._routes.append((re.compile("([^/]+)".join(map(re.escape, literal))), self._by_path[path]))
        self._by_path[path][method] = answer

    def find(self, path: str) -> tuple[dict[str, Answer], tuple[str, ...]] | None:
        """The answers by method of a path, and what stands in its braces; None for a path that nobody answers."""
        for pattern, answers in self._routes:
            found = pattern.fullmatch(path)
            if found is not None:
                return answers, found.groups()
        return None
