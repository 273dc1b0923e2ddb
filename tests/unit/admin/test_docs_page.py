"""The docs page shows every route, stands alone, and shows all text as text."""

import base64
import hashlib
import json
import re
import shlex
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tandem.admin.application import Application
from tandem.admin.calls import Answer, Route
from tandem.admin.docs_page import docs_page
from tandem.admin.docs_style import CONTENT_SECURITY_POLICY
from tandem.admin.openapi import openapi_document
from tandem.admin.route_table import ROUTES
from tandem.admin.schemas.base import example
from tandem.admin.schemas.people import UserAnswer, UserCreate
from tandem.admin.services import Services
from tandem.store.configuration.records import Role

BASE = "https://api.example.com"
EVIL = """<script>alert("x")</script>'"&"""
VOID = {"meta", "br", "link"}

Attributes = list[tuple[str, str | None]]


class Reader(HTMLParser):
    """Reads a page: its tags with their attributes, its text, the text of each <code>, and what was left open."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.blocks: list[str] = []
        self.style = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "pre":
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] == "style":
            self.style += data
        if "pre" in self.open:
            self.blocks[-1] += data


@cache
def page() -> str:
    return docs_page(openapi_document(ROUTES, BASE))


@cache
def read() -> Reader:
    return Reader(page())


def evil_page() -> Reader:
    class EvilBody(UserCreate):
        __doc__ = EVIL
        model_config = example(name=EVIL, email="ada@example.com", role="viewer")

    def evil(_call: Any) -> Answer:
        return Answer()

    route = Route(
        "POST",
        "/things/{thing_id}",
        EVIL,
        Role.ADMIN,
        evil,
        UserAnswer,
        EVIL,
        body=EvilBody,
        description=f"{EVIL} `{EVIL}` **{EVIL}**\n\n- {EVIL}",
        conflicts=EVIL,
    )
    return Reader(docs_page(openapi_document([route], f"https://{EVIL}")))


def test_every_route_stands_on_the_page_with_its_path_and_role() -> None:
    articles = re.findall(r"<article .*?</article>", page(), flags=re.DOTALL)
    assert len(articles) == len(ROUTES) + 1
    by_name = {re.findall(r'id="(\w+)"', each)[0]: Reader(each).text for each in articles}
    for route in ROUTES:
        text = by_name[route.handle.__name__]
        assert f"{route.method}{route.path}{route.role.value if route.role else 'no key'}" in text
        assert route.summary in text


def test_the_page_is_well_formed_and_its_links_lead_somewhere() -> None:
    assert read().open == []
    ids = [attributes["id"] for _, attributes in read().tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in read().tags if tag == "a"]
    for link in links:
        assert link == "openapi.json" or (link or "").removeprefix("#") in ids


def test_nothing_is_loaded_from_anywhere_and_nothing_runs() -> None:
    assert {tag for tag, _ in read().tags}.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    names = {name for _, attributes in read().tags for name in attributes}
    assert names.isdisjoint({"src", "srcset", "style", "action"})
    assert not [name for name in names if name.startswith("on")]
    assert "url(" not in read().style
    assert "@import" not in read().style


def test_the_policy_allows_this_pages_style_and_nothing_else() -> None:
    digest = base64.b64encode(hashlib.sha256(read().style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none';")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert [tag for tag, _ in read().tags].count("style") == 1


def test_whatever_a_text_holds_is_shown_as_text() -> None:
    evil = evil_page()
    assert "script" not in {tag for tag, _ in evil.tags}
    assert evil.open == []
    assert evil.text.count(EVIL) > 8
    assert evil.style == read().style


def test_the_examples_survive_a_shell() -> None:
    for reader in (read(), evil_page()):
        calls = [block for block in reader.blocks if block.startswith("curl ")]
        assert calls
        for call in calls:
            words = shlex.split(call)
            assert any(word.startswith("https://") for word in words)
            if "-d" in words:
                assert json.loads(words[words.index("-d") + 1])


def test_the_page_is_small_enough_for_a_phone() -> None:
    assert len(page().encode()) < 600_000


def test_an_answer_that_several_routes_give_stands_on_the_page_once_and_the_others_name_its_place() -> None:
    articles = re.findall(r"<article .*?</article>", page(), flags=re.DOTALL)
    by_name = {re.findall(r'id="(\w+)"', each)[0]: each for each in articles}
    assert "maybe_same[].reason" in by_name["get_asset"]
    for name in ("change_asset", "retire_asset", "restore_asset"):
        assert "maybe_same[].reason" not in by_name[name]
        assert '<a href="#get_asset">Read an asset</a>' in by_name[name]


def application() -> Application:
    def prepare() -> None:
        pytest.fail("nobody is let in: nothing needs to be prepared")

    outside = SimpleNamespace(clock=lambda: datetime(2026, 11, 21, tzinfo=UTC), public_url=BASE)
    return Application(cast("Services", outside), ROUTES, prepare)


def get(path: str) -> dict[str, Any]:
    context = {"http": {"method": "GET"}, "requestId": "r-1"}
    return application().answer({"rawPath": f"/api/v1{path}", "requestContext": context, "headers": {}})


def test_the_page_is_answered_without_a_key_and_without_the_table() -> None:
    answer = get("/docs")
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
    assert answer["headers"]["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer["headers"]["x-content-type-options"] == "nosniff"
    assert answer["body"] == page()


def test_the_document_is_answered_without_a_key_and_without_the_table() -> None:
    answer = get("/openapi.json")
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert json.loads(answer["body"]) == openapi_document(ROUTES, BASE)


def test_an_instance_makes_each_document_once() -> None:
    assert get("/docs")["body"] is get("/docs")["body"]
    assert get("/openapi.json")["body"] is get("/openapi.json")["body"]
