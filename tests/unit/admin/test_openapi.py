"""The OpenAPI document says all that the route table does, and nothing that is not so."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, ValidationError

from tandem.admin.calls import AnyRoute
from tandem.admin.openapi import openapi_document
from tandem.admin.route_table import ROUTES
from tandem.admin.schemas.webhooks import (
    WebhookAcceptedAnswer,
    WebhookFailedAnswer,
    WebhookIgnoredAnswer,
    WebhookRefusedAnswer,
)
from tandem.alerts.models import AlertEvent, Provider
from tandem.ingest import answers
from tandem.ingest.answers import Refused
from tandem.providers.port import Delivery
from tandem.providers.registry import NORMALIZERS
from tandem.store.configuration.records import Role

BASE = "https://api.example.com/stage"
WEBHOOK_PATH = "/webhooks/{integration_id}"
METHODS = ("get", "post", "put", "patch", "delete")

with_a_body = pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.takes_body], ids=lambda route: route.handle.__name__
)
each_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.handle.__name__)


@cache
def document() -> dict[str, Any]:
    return openapi_document(ROUTES, BASE)


def operation_of(route: AnyRoute) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][route.path][route.method.lower()]
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def pointed(reference: str) -> Any:
    value: Any = document()
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def misfits(schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with the value, in words."""
    whole = schema | {"components": document()["components"]}
    validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(value)]


def test_the_document_is_valid_openapi() -> None:
    errors = [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()]
    assert errors == []


def test_every_route_is_described_and_nothing_else_but_the_webhook() -> None:
    described = {(method.upper(), path) for path, method, _ in operations()}
    assert described == {(route.method, route.path) for route in ROUTES} | {("POST", WEBHOOK_PATH)}


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere() -> None:
    references = [node["$ref"] for node in nodes(document()) if "$ref" in node]
    assert references
    for reference in references:
        assert pointed(reference)


def test_every_schema_is_used() -> None:
    used = {node["$ref"] for node in nodes(document()) if "$ref" in node}
    for name in document()["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in used


@each_route
def test_the_role_is_told_in_words_and_as_security(route: AnyRoute) -> None:
    operation = operation_of(route)
    if route.role is None:
        assert operation["security"] == []
        assert "No key is needed." in operation["description"]
    else:
        assert operation["security"] == [{"apiKey": [route.role.value]}]
        assert f"Role: `{route.role.value}`" in operation["description"]


@each_route
def test_every_parameter_of_path_and_query_is_described(route: AnyRoute) -> None:
    parameters = operation_of(route).get("parameters", [])
    in_path = [each["name"] for each in parameters if each["in"] == "path"]
    in_query = [each["name"] for each in parameters if each["in"] == "query"]
    assert in_path == re.findall(r"\{(\w+)\}", route.path)
    assert in_query == list(route.query.model_fields)


def test_a_parameter_that_may_be_left_out_is_not_said_to_be_null() -> None:
    parameters = operation_of(next(each for each in ROUTES if each.path == "/alerts"))["parameters"]
    status = next(each for each in parameters if each["name"] == "status")
    assert not status["required"]
    assert status["schema"] == {
        "enum": ["active", "acknowledged", "resolved", "auto_resolved", "suppressed"],
        "type": "string",
    }


@each_route
def test_each_answer_can_be_given_and_each_that_can_is_there(route: AnyRoute) -> None:
    statuses = {int(status) for status in operation_of(route)["responses"]}
    expected = {route.status, 400, 429, 500}
    expected |= {401, 503} if route.role is not None else set()
    expected |= {403} if route.role in (Role.TECHNICIAN, Role.ADMIN) else set()
    expected |= {404} if "{" in route.path else set()
    expected |= {409} if route.role is not None and route.method != "GET" else set()
    expected |= {413, 415, 422} if route.takes_body else set()
    assert statuses == expected


@each_route
def test_refusals_are_problems_but_the_gateways_own(route: AnyRoute) -> None:
    for status, answer in operation_of(route)["responses"].items():
        resolved = pointed(answer["$ref"]) if "$ref" in answer else answer
        if int(status) >= 400:
            expected = "application/json" if status == "429" else "application/problem+json"
            assert list(resolved["content"]) == [expected]


@with_a_body
def test_the_example_of_a_body_is_one_that_the_route_takes(route: AnyRoute) -> None:
    example = operation_of(route)["requestBody"]["content"]["application/json"]["example"]
    assert example
    route.body.model_validate_json(json.dumps(example), strict=True)


@with_a_body
def test_a_body_is_required_where_the_route_requires_one(route: AnyRoute) -> None:
    assert operation_of(route)["requestBody"]["required"] is route.body_required


@with_a_body
def test_unknown_fields_are_refused_in_the_document_as_in_the_api(route: AnyRoute) -> None:
    reference = operation_of(route)["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert pointed(reference)["additionalProperties"] is False


def test_every_example_fits_its_schema() -> None:
    contents = [node for node in nodes(document()) if "schema" in node and ("example" in node or "examples" in node)]
    assert len(contents) > len(ROUTES)
    for content in contents:
        examples = [content["example"]] if "example" in content else [e["value"] for e in content["examples"].values()]
        for example in examples:
            assert misfits(content["schema"], example) == []


@each_route
def test_the_example_of_an_answer_is_one_that_the_route_could_give(route: AnyRoute) -> None:
    if route.answer is None:
        return
    example = operation_of(route)["responses"][str(route.status)]["content"]["application/json"]["example"]
    assert json.loads(route.answer.model_validate_json(json.dumps(example)).model_dump_json()) == example


def test_what_is_made_says_where_it_is() -> None:
    for route in ROUTES:
        answer = operation_of(route)["responses"][str(route.status)]
        assert ("Location" in answer.get("headers", {})) is (route.status == 201)


def test_the_webhook_is_described_at_its_own_root_with_each_way_to_prove_oneself() -> None:
    item = document()["paths"][WEBHOOK_PATH]
    assert document()["servers"] == [{"url": f"{BASE}/api/v1"}]
    assert item["servers"] == [{"url": BASE}]
    schemes = [document()["components"]["securitySchemes"][name] for each in item["post"]["security"] for name in each]
    assert [(each["in"], each["name"]) for each in schemes] == [
        ("header", "X-Tandem-Secret"),
        ("header", "X-Alga-Webhook-Secret"),
        ("query", "secret"),
        ("header", "X-Level-Signature"),
    ]
    assert sorted(item["post"]["responses"]) == ["200", "400", "401", "404", "413", "429", "500"]


@pytest.mark.parametrize("provider", list(Provider), ids=lambda provider: provider.value)
def test_the_webhooks_examples_are_bodies_that_become_alerts(provider: Provider) -> None:
    examples = document()["paths"][WEBHOOK_PATH]["post"]["requestBody"]["content"]["application/json"]["examples"]
    delivery = Delivery("an-integration", json.dumps(examples[provider.value]["value"]), datetime.now(UTC))
    outcome = NORMALIZERS[provider](delivery)
    assert isinstance(outcome, AlertEvent)
    assert outcome.external_device_id
    assert outcome.external_alert_id


@pytest.mark.parametrize(
    ("model", "answer"),
    [
        (WebhookAcceptedAnswer, answers.accepted("an-event")),
        (WebhookIgnoredAnswer, answers.ignored("device event", "device_updated")),
        (WebhookIgnoredAnswer, answers.ignored("test", "")),
        (WebhookRefusedAnswer, answers.refused(Refused(401, "unauthorized", "X-Tandem-Secret", "a live secret"))),
        (WebhookFailedAnswer, answers.not_stored()),
    ],
)
def test_the_webhooks_answers_are_described_as_ingest_makes_them(
    model: type[BaseModel], answer: answers.Answer
) -> None:
    shown = model.model_validate(dict(answer.body)).model_dump(exclude_unset=True)
    assert shown == answer.body
    with pytest.raises(ValidationError):
        model.model_validate({**answer.body, "more": 1})


def test_no_document_is_made_until_somebody_asks_for_one() -> None:
    program = (
        "import sys, tandem.admin.route_table\n"
        "print([name for name in sys.modules if name.startswith(('tandem.admin.openapi', 'tandem.admin.docs_'))])"
    )
    path = ":".join(each for each in sys.path if each)
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert ran.stdout.strip() == "[]"
