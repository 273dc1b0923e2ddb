"""From method and path to the route."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tandem.admin.calls import AnyRoute
from tandem.admin.problems import Problem, bad_request

LONGEST_PARAMETER = 1024
"""Bytes of UTF-8: no longer identifier fits a key of the table, so none can exist."""

_NO_TEXT = re.compile("[\ufffd\ud800-\udfff]")
"""U+FFFD is what a gateway makes of bytes that are no UTF-8: which ones they were, nobody can tell any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """The route, and the parameters that its path holds."""

    route: AnyRoute
    params: Mapping[str, str]


class Router:
    """Finds routes; a literal segment goes before a parameter."""

    def __init__(self, routes: Iterable[AnyRoute]) -> None:
        ordered = sorted(routes, key=lambda route: [part.startswith("{") for part in route.path.split("/")])
        self._routes = [(route, _pattern(route)) for route in ordered]

    def find(self, method: str, path: str) -> Found:
        """The route for a path below `/api/v1`, as `rawPath` has it. Raises Problem 400 for what is no text, 404, or
        405 with what is allowed."""
        allowed = set()
        path = _decoded(path).rstrip("/") or "/"
        for route, pattern in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return Found(route, _fitting(match.groupdict()))
            allowed.add(route.method)
        if allowed:
            names = ", ".join(sorted(allowed))
            raise Problem(405, f"this path takes {names}, not {method}", headers={"Allow": names})
        raise Problem(404, f"there is no '{path}' in this API; /api/v1/docs shows what there is")


def _decoded(raw_path: str) -> str:
    """The path that the caller meant. Raises Problem 400.

    An HTTP API decodes `rawPath`, whatever its name says, so decoding it here would take a literal `%41` for `A`. One
    escape can be left: `%25`, which the emulator keeps. AWS keeps none and even decodes twice (events captured there in
    2026: hotsock/voker, vokerhttp/testdata/ingress-paths.json): it refuses `50%25`, hands over `50%2525` as `50%`,
    and cuts off what follows `%3F`.
    """
    path = raw_path.replace("%25", "%")
    if _NO_TEXT.search(path):
        raise bad_request("the path is not UTF-8")
    return path


def _pattern(route: AnyRoute) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", route.path)
    pieces = []
    for place, part in enumerate(parts):
        if place % 2 == 0:
            pieces.append(re.escape(part))
        else:
            anything = ".+" if route.trailing_slashes and place == len(parts) - 2 else "[^/]+"
            pieces.append(f"(?P<{part}>{anything})")
    return re.compile("".join(pieces), re.DOTALL)


def _fitting(params: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in params.items():
        if len(value.encode()) > LONGEST_PARAMETER:
            raise Problem(404, f"no {name.replace('_', ' ')} is as long as this")
    return params
