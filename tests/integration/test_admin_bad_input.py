"""What is wrong with a request is told as http.md says, and nothing of it is stored (`refused` sees to that)."""

import base64
import copy
import gzip
import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from tandem.admin.body import LARGEST_BODY
from tandem.admin.calls import AnyRoute
from tandem.admin.openapi import openapi_document
from tandem.admin.route_table import ROUTES
from tandem.admin.schemas.base import PageQuery
from tests.integration.admin_calls import AdminApi, fields, filled

pytestmark = pytest.mark.emulator

WITH_BODY = [route for route in ROUTES if route.method in ("POST", "PUT", "PATCH")]
LISTS = [route for route in ROUTES if issubclass(route.query, PageQuery) and route.method == "GET"]
"""Previews are pages too, of what their body says: tests/integration/test_admin_previews.py."""
WITH_KEY = [route for route in ROUTES if route.role is not None]

Place = tuple[str, ...]
"""Names of fields, from the body inwards."""


def needed(route: AnyRoute) -> dict[str, str]:
    """The parameters without which the query says nothing."""
    return {name: "7-zip" for name, field in route.query.model_fields.items() if field.is_required()}


def name_of(route: AnyRoute) -> str:
    return f"{route.method} {route.path}"


@cache
def _document() -> dict[str, Any]:
    return openapi_document(ROUTES, "https://api.example.com")


def good_body(route: AnyRoute) -> Any:
    """A body that the route takes: its example in the documents (a test there holds it against the model)."""
    if not route.takes_body:
        return None
    operation = _document()["paths"][route.path][route.method.lower()]
    return copy.deepcopy(operation["requestBody"]["content"]["application/json"]["example"])


def fields_of(model: type[BaseModel]) -> Iterator[Place]:
    """Where each field of a body is: those of the objects in it as well, and of a list's first object."""
    for name, field in model.model_fields.items():
        yield (name,)
        for inner in _models_in(field.annotation):
            yield from ((name, *rest) for rest in inner)


def _models_in(annotation: Any) -> Iterator[Iterator[Place]]:
    """The places in a field of this type, from the field on, for each model that it can hold."""
    if get_origin(annotation) is list:
        (element,) = get_args(annotation)
        yield from ((("0", *rest) for rest in places) for places in _models_in(element))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield fields_of(annotation)
    elif get_origin(annotation) is not dict:
        for choice in get_args(annotation):
            yield from _models_in(choice)


def changed(body: Any, place: Place, value: Any) -> Any:
    """The body with this value there; what is missing on the way there is made."""
    if not place:
        return value
    first, *rest = place
    if first == "0":
        elements = body or [None]
        return [changed(elements[0], tuple(rest), value), *elements[1:]]
    here = body or {}
    return here | {first: changed(here.get(first), tuple(rest), value)}


@pytest.fixture(scope="module")
def known(refusing: AdminApi) -> dict[str, str]:
    """An integration and a ticket that are there."""
    ticket = refusing.ok("POST", "/tickets", {"title": "Printer", "client_id": refusing.new_client()})
    return {"integration_id": refusing.new_integration(), "ticket_id": ticket["id"]}


@pytest.fixture(scope="module", autouse=True)
def nothing_is_queued_and_no_secret_is_kept(refusing: AdminApi) -> Iterator[None]:
    """`refused` looks at the table after each request; this looks at the rest, after all of them."""

    def secrets() -> dict[str, str]:
        found = refusing.secretsmanager.list_secrets(Filters=[{"Key": "name", "Values": [refusing.name]}])
        names = [secret["Name"] for secret in found["SecretList"]]
        return {name: refusing.secretsmanager.get_secret_value(SecretId=name)["SecretString"] for name in names}

    before = secrets()
    yield
    assert refusing.queued() == []
    assert secrets() == before


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_every_route_refuses_a_body_that_is_no_json_or_no_object(refusing: AdminApi, route: AnyRoute) -> None:
    path = filled(route.path)
    with refusing.untouched():
        assert "line 2, column 3" in refusing.problem(400, route.method, path, '{"name": "x",\n  oops}')["detail"]
        for body in ("[]", "null", "5", '"text"', "true"):
            problem = refusing.problem(422, route.method, path, body)
            assert fields(problem) == ["body"]
            assert "object" in problem["errors"][0]["message"]


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_every_route_refuses_a_body_of_another_kind_and_one_that_is_too_large(
    refusing: AdminApi, route: AnyRoute
) -> None:
    form, compressed = {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Encoding": "gzip"}
    path = filled(route.path)
    with refusing.untouched():
        assert "application/json" in refusing.problem(415, route.method, path, "name=x", headers=form)["detail"]
        for body in (gzip.compress(b"{}", mtime=0), "{}"):  # also one that only says so: what it meant, nobody knows
            problem = refusing.problem(415, route.method, path, body, headers=compressed)
            assert "content-encoding: gzip" in problem["detail"]
        assert "256 KB" in refusing.problem(413, route.method, path, " " * (LARGEST_BODY + 1))["detail"]


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_every_route_refuses_an_unknown_field_by_name(refusing: AdminApi, route: AnyRoute) -> None:
    problem = refusing.refused(422, route.method, filled(route.path), {"nonsense": 1})
    assert {"field": "nonsense", "message": "unknown field"} in problem["errors"]


@pytest.mark.parametrize("route", [route for route in WITH_BODY if route.takes_body], ids=name_of)
def test_every_field_refuses_a_value_that_it_cannot_be_by_its_name(
    refusing: AdminApi, known: dict[str, str], route: AnyRoute
) -> None:
    """All else in the body is right, and no value fits any field: text that is neither one line nor a pattern, a
    fraction, a list of lists, an object with an unknown field."""
    path, good = filled(route.path, **known), good_body(route)
    wrong: tuple[Any, ...] = ("(\0", 1.5, [[[]]], {"nonsense": "x"})
    with refusing.untouched():
        for place in fields_of(route.body):
            for value in wrong:
                problem = refusing.problem(422, route.method, path, changed(good, place, value))
                errors = [each for each in problem["errors"] if each["message"] != "required"]
                named = {".".join(each["field"].split(".")[: len(place)]) for each in errors}
                assert named == {".".join(place)}, value


@pytest.mark.parametrize("route", [route for route in WITH_KEY if "{" in route.path], ids=name_of)
def test_every_route_says_404_for_an_id_that_is_not_there(refusing: AdminApi, route: AnyRoute) -> None:
    problem = refusing.refused(404, route.method, filled(route.path), good_body(route))
    assert "'unknown'" in problem["detail"]


@pytest.mark.parametrize("route", [route for route in WITH_KEY if "/rules/{rule_id}" in route.path], ids=name_of)
def test_a_rule_that_is_not_there_or_is_another_integrations_is_404(refusing: AdminApi, route: AnyRoute) -> None:
    integration_id = refusing.new_integration()
    of_another = refusing.new_rule(refusing.new_integration(rule=False))
    for rule_id in ("unknown", of_another):
        path = filled(route.path, integration_id=integration_id, rule_id=rule_id)
        assert f"'{rule_id}'" in refusing.refused(404, route.method, path, good_body(route))["detail"]


@pytest.mark.parametrize(
    "route", [route for route in WITH_BODY if route.body_required and route.takes_body], ids=name_of
)
def test_every_route_that_needs_a_body_says_so(refusing: AdminApi, route: AnyRoute) -> None:
    with refusing.untouched():
        for body in (None, "", "  \n"):
            assert fields(refusing.problem(400, route.method, filled(route.path), body)) == ["body"]


@pytest.mark.parametrize("route", WITH_KEY, ids=name_of)
def test_every_route_refuses_an_unknown_query_parameter(refusing: AdminApi, route: AnyRoute) -> None:
    problem = refusing.refused(400, route.method, filled(route.path), nonsense=1, **needed(route))
    assert problem["errors"] == [{"field": "nonsense", "message": "unknown parameter"}]


@pytest.mark.parametrize("route", LISTS, ids=name_of)
def test_every_list_refuses_a_limit_or_cursor_out_of_bounds(refusing: AdminApi, route: AnyRoute) -> None:
    limits = ("0", "201", "-1", "x", "", "1.5", "1e1", "９", "0x10", "null", "9" * 5000)
    wrong = {"limit": limits, "cursor": ("", "x" * 4097)}
    with refusing.untouched():
        for name, values in wrong.items():
            for value in values:
                problem = refusing.problem(400, "GET", filled(route.path), **{name: value}, **needed(route))
                assert fields(problem) == [name], value[:20]


@pytest.fixture(scope="module")
def cursor(refusing: AdminApi) -> str:
    """A cursor of the list of users, without filters."""
    refusing.new_person("viewer")
    found = refusing.ok("GET", "/users", limit=1)["next_cursor"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("route", LISTS, ids=name_of)
def test_every_list_refuses_a_cursor_that_is_not_its_own(
    refusing: AdminApi, route: AnyRoute, known: dict[str, str], cursor: str
) -> None:
    _, check = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    contents = ("{}", "5", "null", "[]", '["x"]', '["x", "y"]', '["x", "y", "z"]', '[1, "y"]', "[" * 3000, "\xff")
    altered = (json.dumps(["elsewhere", check]), json.dumps(["elsewhere", check[:-1]]))
    encoded = [base64.urlsafe_b64encode(each.encode("latin-1")).decode() for each in (*contents, *altered)]
    foreign = [] if route.path == "/users" else [cursor]
    with refusing.untouched():
        for each in ("nonsense", "ü", "=", "\0", "null", *encoded, *foreign):
            problem = refusing.problem(400, "GET", filled(route.path, **known), cursor=each, **needed(route))
            assert fields(problem) == ["cursor"], each[:20]


def test_a_cursor_goes_on_with_the_filters_and_the_place_that_it_was_made_for(refusing: AdminApi) -> None:
    client_id = refusing.new_client()
    for title in ("One", "Two"):
        refusing.ok("POST", "/tickets", {"title": title, "client_id": client_id})
    cursor = refusing.ok("GET", "/tickets", limit=1, client_id=client_id)["next_cursor"]
    assert refusing.ok("GET", "/tickets", cursor=cursor, client_id=client_id)["items"]
    for filters in ({}, {"client_id": "another"}, {"client_id": client_id, "status": "open"}):
        assert fields(refusing.refused(400, "GET", "/tickets", cursor=cursor, **filters)) == ["cursor"]
    first, second = (refusing.new_integration() for _ in range(2))
    refusing.new_rule(first)
    cursor = refusing.ok("GET", f"/integrations/{first}/rules", limit=1)["next_cursor"]
    assert fields(refusing.refused(400, "GET", f"/integrations/{second}/rules", cursor=cursor)) == ["cursor"]


@pytest.mark.parametrize("route", [route for route in WITH_KEY if "{" in route.path], ids=name_of)
def test_every_route_says_404_for_an_id_that_nothing_has(refusing: AdminApi, route: AnyRoute) -> None:
    ids = ("%00", "a\nb", "%2e%2e", "%zz", "%25", "💥", "{}", " ", "x" * 3000, "%C3%BC" * 600)
    good = good_body(route)
    with refusing.untouched():
        for each in ids:
            refusing.problem(404, route.method, filled(route.path).replace("unknown", each), good)


@pytest.mark.parametrize("route", [route for route in WITH_KEY if "{" in route.path], ids=name_of)
def test_every_route_refuses_escapes_of_what_is_no_text(refusing: AdminApi, route: AnyRoute) -> None:
    good = good_body(route)
    with refusing.untouched():
        for each in ("%ff", "%C3%25A9", "%ED%A0%80", "\ud800"):
            problem = refusing.problem(400, route.method, filled(route.path).replace("unknown", each), good)
            assert "UTF-8" in problem["detail"]


@pytest.mark.parametrize("kind", ["organizations", "devices"])
def test_a_place_is_not_mapped_under_escapes_of_what_is_no_text(
    refusing: AdminApi, known: dict[str, str], kind: str
) -> None:
    path = f"/integrations/{known['integration_id']}/{kind}"
    for external_id in ("%ff", "a%C3b", "%ED%A0%80"):
        refusing.refused(400, "PUT", f"{path}/{external_id}", {"client_id": None})
    for external_id in ("", "%2F"):
        # Without an id it is the route of several organizations, which takes another body.
        refusing.refused(422 if kind == "organizations" else 404, "PUT", f"{path}/{external_id}", {"client_id": None})


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_every_path_says_which_methods_it_takes(refusing: AdminApi, path: str) -> None:
    known = {route.method for route in ROUTES if route.path == path}
    with refusing.untouched():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"} - known:
            response = refusing.call(method, filled(path))
            if response.status == 405:
                assert set(response.headers["Allow"].split(", ")) >= known
                assert method not in response.headers["Allow"]
            else:
                # `rules/order` is also `rules/{rule_id}`, for the methods that it does not take itself:
                # there is no such rule (404), or no body for it (400).
                assert path.endswith(("/order", "/replay", "/preview", "/sync", "/client", "/apply", "/software"))
                assert response.status in (400, 404)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "line 1, column 2"),
        ("{'name': 'x'}", "line 1, column 2"),
        ('{"name": "x",}', "line 1, column"),
        ('{"name": "x"} trailing', "line 1, column 15"),
        ('{"name": "x"}{"name": "y"}', "line 1, column 14"),
        ('{"name": "new\nline"}', "line 1, column 14"),
        ('{"name": NaN}', "NaN"),
        ('{"name": -Infinity}', "-Infinity"),
        ('{"name": "\\ud800"}', "line 1"),
        ('{"\\ud800": 1}', "line 1"),
        ('{"name": ' + "9" * 5000 + "}", "digits"),
        ('{"name": ' + "[" * 100_000, "nested"),
        ('{"name": ' + "[" * 900 + "]" * 900 + "}", "recursion"),
        ("\ufeff{}", "BOM"),
        (b'{"name": "\xff"}', "byte 10"),
        (b"\x00\x01\x02", "line 1"),
        (gzip.compress(b'{"name": "x"}', mtime=0), "UTF-8"),
        ('{"name": "x"}'.encode("utf-16"), "UTF-8"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(refusing: AdminApi, body: str | bytes, words: str) -> None:
    assert words in refusing.refused(400, "POST", "/clients", body)["detail"]


@pytest.mark.parametrize(
    "body", ['{"name": "a", "name": "b"}', '{"name": "a", "default_contact": {"name": "a", "name": "b"}}']
)
def test_a_name_that_comes_twice_is_refused(refusing: AdminApi, body: str) -> None:
    problem = refusing.refused(400, "POST", "/clients", body)
    assert problem["errors"] == [{"field": "name", "message": "comes twice"}]


def test_base64_that_is_none_is_refused(refusing: AdminApi) -> None:
    instance = refusing.instance
    sent = {
        "rawPath": "/api/v1/clients",
        "rawQueryString": "",
        "headers": {"authorization": f"Bearer {refusing.key}"},
        "requestContext": {"http": {"method": "POST"}},
        "body": "$$$",
        "isBase64Encoded": True,
    }
    answer = instance.handler(sent, None)
    assert answer["statusCode"] == 400
    assert "base64" in json.loads(answer["body"])["detail"]


def test_json_is_taken_under_its_names_and_as_the_gateway_encodes_it(api: AdminApi) -> None:
    for content_type in (
        *("application/json", "APPLICATION/JSON", "application/merge-patch+json", None),
        *("application/json; charset=utf-8", 'application/json;Charset="UTF8"', "application/json; version=1"),
    ):
        headers = {} if content_type is None else {"Content-Type": content_type}
        for as_base64 in (False, True):
            made = api.ok("POST", "/clients", {"name": "Łódź"}, headers=headers, as_base64=as_base64)
            assert made["name"] == "Łódź"
    for encoding in ("identity", "Identity", ""):
        api.ok("POST", "/clients", {"name": "x"}, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "application/jsonx", "text/json", "multipart/form-data", "json", ";", "application/a/b+json"),
        *("application/json; charset=iso-8859-1", 'application/json;charset="UTF-16"', "application/json; charset="),
    ],
)
def test_json_under_another_name_or_in_another_charset_is_415(refusing: AdminApi, content_type: str) -> None:
    problem = refusing.refused(415, "POST", "/clients", {"name": "x"}, headers={"content-type": content_type})
    assert content_type in problem["detail"]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate", "gzip, identity", "nonsense"])
def test_a_compressed_body_is_415_with_what_would_be_taken(refusing: AdminApi, encoding: str) -> None:
    headers = {"content-encoding": encoding}
    response = refusing.call("POST", "/clients", {"name": "x"}, headers=headers)
    assert response.status == 415
    assert response.headers["Accept-Encoding"] == "identity"
    refusing.refused(415, "POST", "/clients", {"name": "x"}, headers=headers)


def test_the_largest_body_is_taken(api: AdminApi) -> None:
    whole = json.dumps({"name": "x"})
    assert api.call("POST", "/clients", whole + " " * (LARGEST_BODY - len(whole))).status == 201
    assert api.call("POST", "/clients", whole + " " * (LARGEST_BODY - len(whole) + 1)).status == 413
    too_large_in_bytes = json.dumps({"name": "ü" * (LARGEST_BODY // 2)}, ensure_ascii=False)
    assert api.call("POST", "/clients", too_large_in_bytes).status == 413


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/alerts", {"status": "burning"}, "status"),
        ("/alerts", {"status": "tombstone"}, "status"),
        ("/alerts", {"status": "Active"}, "status"),
        ("/alerts", {"status": ""}, "status"),
        ("/alerts", {"integration_id": ""}, "integration_id"),
        ("/alerts", {"integration_id": "x" * 65}, "integration_id"),
        ("/alerts", {"device_id": "x" * 256}, "device_id"),
        ("/alerts", {"device_id": "a\0b"}, "device_id"),
        ("/alerts", {"client_id": "a\nb"}, "client_id"),
        ("/alerts", {"severity": "major"}, "severity"),
        ("/tickets", {"status": "active"}, "status"),
        ("/tickets", {"ticket_id": "x"}, "ticket_id"),
        ("/tickets", {"Limit": "5"}, "Limit"),
        ("/clients", {"q": "x"}, "q"),
        ("/clients", {"raw": "limit=5&limit=6"}, "limit"),
        ("/clients", {"raw": "limit=5&limit=5"}, "limit"),
        ("/clients", {"raw": "limit"}, "limit"),
        ("/clients", {"raw": "limit=%zz"}, "limit"),
        ("/clients", {"raw": "limit=%35%ff"}, "limit"),
        ("/clients", {"raw": "%6cimit=0"}, "limit"),
        ("/clients", {"raw": "cursor=%00"}, "cursor"),
        ("/clients", {"raw": "%ff=1"}, "\ufffd"),
        ("/clients", {"raw": "=5"}, "body"),
    ],
)
def test_a_query_that_asks_for_nothing_known_is_refused(
    refusing: AdminApi, path: str, query: dict[str, str], field: str
) -> None:
    assert fields(refusing.refused(400, "GET", path, **query)) == [field]


def test_a_query_string_without_end_is_refused_and_not_passed_over(refusing: AdminApi) -> None:
    for raw in ("limit=0&" + "a=1&" * 200, "&" * 200 + "limit=0"):
        refusing.refused(400, "GET", "/clients", raw=raw)


@pytest.mark.parametrize(
    "path", ["/nothing", "/clientsx", "/clients/x/y", "", "/", "//clients", "/tickets/x/nothing", "/Clients"]
)
def test_a_path_that_is_none_is_404_with_or_without_a_key(refusing: AdminApi, path: str) -> None:
    assert "/api/v1/docs" in refusing.refused(404, "GET", path)["detail"]
    refusing.refused(404, "GET", path, key="")


def test_a_slash_at_the_end_changes_nothing(refusing: AdminApi) -> None:
    assert refusing.ok("GET", "/users/") == refusing.ok("GET", "/users")
    assert refusing.ok("GET", "/users/first-admin/") == refusing.ok("GET", "/users/first-admin")


def test_a_stage_before_the_path_changes_nothing(refusing: AdminApi) -> None:
    sent = {
        "rawPath": "/prod/api/v1/users",
        "rawQueryString": "limit=1",
        "headers": {"authorization": f"Bearer {refusing.key}"},
        "requestContext": {"http": {"method": "GET"}, "stage": "prod", "domainName": "x.example.com"},
    }
    assert refusing.instance.handler(sent, None)["statusCode"] == 200
    assert refusing.instance.handler(sent | {"rawPath": "/elsewhere"}, None)["statusCode"] == 404


def test_a_table_that_cannot_be_asked_is_a_500_that_names_the_request_and_tells_nothing_else(
    api: AdminApi, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = api.another_instance(TABLE_NAME=f"{api.name}-gone")
    capsys.readouterr()
    response = api.call("GET", "/clients", instance=broken)
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert response.status == 500
    (failure,) = [line for line in logged if line["message"] == "request failed"]
    assert failure["request_id"] in response.json["detail"]
    assert failure["exception"] == "ResourceNotFoundException"
    assert api.name not in response.text
