"""What is wrong gets the answer of the surface, and nothing is stored."""

import gzip
import json
from typing import Any

import pytest

from tests.e2e.bodies import ninjaone, tactical
from tests.e2e.conftest import Integration, Stack

pytestmark = pytest.mark.emulator

BIG = json.dumps({**tactical("1"), "message": "x" * 300_000}).encode()


@pytest.fixture(scope="module")
def rmm(stack: Stack) -> Integration:
    """A Tactical integration that no good webhook ever reaches."""
    return stack.connect("tacticalrmm", default_client_id=stack.new_client())


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"", 400, "body"),
        (b"not json", 400, "body"),
        (b"[]", 400, "body"),
        (b"null", 400, "body"),
        (b'"just a string"', 400, "body"),
        (b"{}", 400, "alert_id"),
        (json.dumps({"event": "trigger"}).encode(), 400, "alert_id"),
        (b"\xff\xfe\x00\x01", 400, "body"),
        (BIG, 413, "262144"),
    ],
)
def test_a_body_that_is_wrong_is_refused_saying_what_was_expected(
    stack: Stack, rmm: Integration, body: bytes, status: int, word: str
) -> None:
    response = stack.post(rmm, body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert word in response.text
    assert response.json()["status"] == "refused"


def test_a_compressed_body_is_refused(stack: Stack, rmm: Integration) -> None:
    body = gzip.compress(json.dumps(tactical("1")).encode())
    headers = {rmm.header: rmm.secret, "Content-Encoding": "gzip"}
    assert stack.post(rmm, body, **headers).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Tandem-Secret": "wrong"},
        {"X-Tandem-Secret": ""},
        {"X-Other": "1"},
        {"Authorization": "Bearer x"},
        {"X-Level-Signature": "sha256=00"},
    ],
)
def test_a_missing_or_wrong_secret_is_401(stack: Stack, rmm: Integration, headers: dict[str, str]) -> None:
    assert stack.post(rmm, tactical("1"), **headers).status_code == 401


def test_the_secret_may_come_in_the_query_and_under_any_letter_case(stack: Stack) -> None:
    other = stack.connect("ninjaone", default_client_id=stack.new_client())
    in_query = Integration(other.id, f"{other.url}?secret={other.secret}", "X-Nothing", "x")
    assert stack.post(in_query, ninjaone("q")).status_code == 200
    assert stack.post(other, ninjaone("q"), **{"x-TANDEM-secret": other.secret}).status_code == 200
    wrong = Integration(other.id, f"{other.url}?secret=wrong", "X-Nothing", "x")
    assert stack.post(wrong, ninjaone("q")).status_code == 401


def test_an_unknown_integration_is_404(stack: Stack, rmm: Integration) -> None:
    unknown = Integration("nobody", rmm.url.replace(rmm.id, "nobody"), rmm.header, rmm.secret)
    assert stack.post(unknown, tactical("1")).status_code == 404


def test_nothing_of_all_this_was_stored(stack: Stack, rmm: Integration) -> None:
    stack.drained()
    assert stack.alerts(rmm) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "status", "words"),
    [
        ("POST", "/clients", {"name": ""}, {}, 422, "name"),
        ("POST", "/clients", {"name": "x", "nonsense": 1}, {}, 422, "nonsense"),
        ("POST", "/integrations", {"provider": "kaseya", "name": "x"}, {}, 422, "ninjaone"),
        ("GET", "/alerts", None, {"limit": 0}, 400, "limit"),
        ("GET", "/alerts", None, {"limit": 201}, 400, "limit"),
        ("GET", "/alerts", None, {"cursor": "nonsense"}, 400, "cursor"),
        ("GET", "/alerts", None, {"status": "burning"}, 400, "status"),
        ("GET", "/alerts/unknown", None, {}, 404, "unknown"),
        ("GET", "/tickets/unknown", None, {}, 404, "unknown"),
        ("POST", "/tickets/unknown/close", None, {}, 404, "unknown"),
        ("GET", "/nothing", None, {}, 404, "/nothing"),
        ("DELETE", "/alerts", None, {}, 405, "GET"),
    ],
)
def test_the_admin_api_says_what_is_wrong(
    stack: Stack, method: str, path: str, body: object, query: dict[str, Any], status: int, words: str
) -> None:
    response = stack.api(method, path, body, **query)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "errors"} <= set(response.json())
    assert words in response.text


def test_a_bad_pattern_is_refused_with_its_position(stack: Stack, rmm: Integration) -> None:
    rule = {"name": "bad", "conditions": {"message_pattern": "disk (full"}, "actions": {}}
    response = stack.api("POST", f"/integrations/{rmm.id}/rules", rule)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == "conditions.message_pattern"
    assert "position" in error["message"]


@pytest.mark.parametrize("key", ["nonsense", "x" * 5000])
def test_no_key_and_a_wrong_key_are_401(stack: Stack, key: str) -> None:
    assert stack.api("GET", "/alerts", key=key).status_code == 401


def test_a_viewer_reads_and_does_not_write(stack: Stack) -> None:
    user = stack.ok("POST", "/users", {"name": "Vera", "email": "vera@example.com", "role": "viewer"})
    key = stack.ok("POST", "/api-keys", {"user_id": user["id"], "role": "viewer"})["key"]
    assert stack.api("GET", "/tickets", key=key).status_code == 200
    assert stack.api("POST", "/clients", {"name": "x"}, key=key).status_code == 403
