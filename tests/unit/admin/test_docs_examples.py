"""The calls in the code blocks of docs/ are ones that the API takes: path, method, parameters and body."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import ValidationError

from tandem.admin.route_table import ROUTES
from tandem.admin.router import Router

DOCS = Path(__file__).parents[3] / "docs"
ROUTER = Router(ROUTES)


@dataclass(frozen=True)
class Example:
    """One call of a page."""

    page: str
    method: str
    url: str
    body: str | None


def examples() -> Iterator[Example]:
    for page in sorted(DOCS.glob("*.md")):
        for block in re.findall(r"^```\w*\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            for call in re.findall(r"""^tandem ((?:'[^']*'|"[^"]*"|[^'"\n])*)$""", block, re.MULTILINE):
                words = shlex.split(call)
                body = words[words.index("-d") + 1] if "-d" in words else None
                default = "GET" if body is None else "POST"
                method = words[words.index("-X") + 1] if "-X" in words else default
                yield Example(page.name, method, words[0].removeprefix("$api"), body)


def test_there_are_examples_of_assets() -> None:
    assert sum(each.page == "assets.md" for each in examples()) > 20


@pytest.mark.parametrize("example", list(examples()), ids=lambda each: f"{each.page} {each.method} {each.url}")
def test_an_example_is_a_call_that_the_api_takes(example: Example) -> None:
    parts = urlsplit(example.url)
    route = ROUTER.find(example.method, re.sub(r"<\w+>", "an-id", parts.path)).route
    route.query.model_validate_strings(dict(parse_qsl(parts.query)))
    if example.body is not None:
        route.body.model_validate_json(json.dumps(json.loads(example.body)), strict=True)
    else:
        assert not (route.takes_body and route.body_required)


def test_an_example_that_drifted_is_found() -> None:
    route = ROUTER.find("PATCH", "/assets/an-id").route
    with pytest.raises(ValidationError):
        route.body.model_validate_json('{"place": "Server room"}', strict=True)
