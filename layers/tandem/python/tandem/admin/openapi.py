"""The OpenAPI 3.1 document of the API, made from the route table and the models that check and answer."""

import inspect
import re
from http import HTTPStatus
from typing import Any

from tandem.admin import openapi_webhook
from tandem.admin.body import LARGEST_BODY
from tandem.admin.calls import AnyRoute, Routes
from tandem.admin.openapi_answers import refusals, shared_answers
from tandem.admin.openapi_examples import AN_ID, example_of
from tandem.admin.openapi_schemas import Schema, Schemas, query_properties
from tandem.admin.schemas.base import DEFAULT_LIMIT, LARGEST_LIMIT, ProblemAnswer
from tandem.admin.schemas.webhooks import GatewayAnswer
from tandem.store.configuration.records import Role

PREFIX = "/api/v1"
API_KEY = "apiKey"

Document = dict[str, Any]

_DESCRIPTION = f"""\
Tandem turns the alerts of RMMs into well-routed tickets. This API configures it and works its alerts and tickets.

- **Keys.** Send `Authorization: Bearer <API key>`. A key acts as its user and has a role: `viewer` reads, `technician`
  also works tickets and alerts, `admin` may do all.
- **Format.** JSON with snake_case names, times in ISO 8601 and UTC. Unknown fields and parameters are refused, and so
  are bodies over {LARGEST_BODY // 1024} KB.
- **Lists.** `?limit=` (default {DEFAULT_LIMIT}, at most {LARGEST_LIMIT}) and `?cursor=` with the `next_cursor` of the
  page before; it is null on the last page. A filtered page may be short.
- **Refusals** are `application/problem+json` (RFC 9457); `errors` names the fields. A path with a method that it does
  not take answers 405 with `Allow`, an unknown path 404. Over the tenant's throttle the gateway answers 429."""

_IDS_OF_OTHERS = (
    "As the RMM calls it, percent-encoded; slashes may stand as they are. API Gateway decodes paths twice: on AWS, "
    "encode an id that holds `%` or `?` twice"
)


def openapi_document(routes: Routes, base_url: str) -> Document:
    """The document for these routes; `base_url` stands before `/api/v1` and `/webhooks`."""
    schemas = Schemas(
        bodies=[route.body for route in routes if route.takes_body],
        answers=[
            *(route.answer for route in routes if route.answer is not None),
            ProblemAnswer,
            GatewayAnswer,
            *openapi_webhook.MODELS,
        ],
    )
    paths: dict[str, dict[str, Any]] = {openapi_webhook.PATH: openapi_webhook.path_item(schemas, base_url)}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    tags = dict.fromkeys((openapi_webhook.TAG, *(route.tag for route in routes)))
    return {
        "openapi": "3.1.1",
        "info": {"title": "Tandem", "version": "1", "description": _DESCRIPTION},
        "servers": [{"url": base_url + PREFIX}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "securitySchemes": {
                API_KEY: {"type": "http", "scheme": "bearer", "description": "An API key; its role says what it may"},
                **openapi_webhook.security_schemes(),
            },
            "schemas": schemas.components,
            "responses": shared_answers(schemas),
        },
    }


def _operation(route: AnyRoute, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handle.__name__,
        "tags": [route.tag],
        "summary": route.summary,
        "description": f"{route.description}\n\n{_role_in_words(route.role)}".strip(),
        "security": [] if route.role is None else [{API_KEY: [route.role.value]}],
        "x-role": route.role.value if route.role else None,
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.takes_body:
        schema = schemas.body(route.body)
        content = {"schema": schema, "example": example_of(schema, schemas.components)}
        operation["requestBody"] = {"required": route.body_required, "content": {"application/json": content}}
    operation["responses"] = {str(route.status): _success(route, schemas), **refusals(route, schemas)}
    return operation


def _role_in_words(role: Role | None) -> str:
    if role is None:
        return "No key is needed."
    higher = [each.value for each in Role if each.allows(role) and each is not role]
    also = f", or a higher one ({', '.join(higher)})" if higher else ""
    return f"Role: `{role.value}`{also}."


def _path_parameters(route: AnyRoute) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", route.path)
    parameters = []
    for name in names:
        parameter: dict[str, Any] = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        if name == "external_id":
            parameter |= {"description": _IDS_OF_OTHERS, "example": "2"}
        else:
            parameter["example"] = AN_ID
        parameters.append(parameter)
    return parameters


def _query_parameters(route: AnyRoute) -> list[dict[str, Any]]:
    parameters = []
    for name, (schema, required) in query_properties(route.query).items():
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": required}
        if "description" in schema:
            parameter["description"] = schema["description"]
        parameters.append(parameter | {"schema": _without_description(schema)})
    return parameters


def _success(route: AnyRoute, schemas: Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.status == HTTPStatus.CREATED:
        url = {"type": "string", "format": "uri"}
        answer["headers"] = {"Location": {"description": "Where to find what was made", "schema": url}}
    if route.answer is not None:
        schema = schemas.answer(route.answer)
        answer["description"] = " ".join((inspect.getdoc(route.answer) or "").split())
        content = {"schema": schema, "example": example_of(schema, schemas.components)}
        answer["content"] = {"application/json": content}
    elif route.status != HTTPStatus.NO_CONTENT:
        text: Schema = {"type": "object"} if route.media_type == "application/json" else {"type": "string"}
        answer["content"] = {route.media_type: {"schema": text}}
    return answer


def _without_description(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "description"}
