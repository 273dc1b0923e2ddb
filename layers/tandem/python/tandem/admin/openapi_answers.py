"""The refusals that routes share, and which of them a route can give."""

from typing import Any

from tandem.admin.body import LARGEST_BODY
from tandem.admin.calls import AnyRoute
from tandem.admin.openapi_schemas import Schemas
from tandem.admin.problems import MEDIA_TYPE, FieldError, Problem
from tandem.admin.schemas.base import ProblemAnswer
from tandem.admin.schemas.webhooks import GatewayAnswer
from tandem.store.configuration.records import Role

Answers = dict[str, dict[str, Any]]

_KEY_IS_WRONG = "No valid API key"
_REFUSED: dict[int, tuple[str, str, Problem]] = {
    400: (
        "BadRequest",
        "The query string or the body cannot be read: an unknown parameter, a foreign cursor, no JSON",
        Problem(400, "the query string is not valid", (FieldError("limit", "Input should be less than 200"),)),
    ),
    401: ("Unauthorized", _KEY_IS_WRONG, Problem(401, "this API key is not valid")),
    403: (
        "Forbidden",
        "The key's role may not do this",
        Problem(403, "this takes the role admin; this key has viewer"),
    ),
    404: ("NotFound", "No such thing", Problem(404, "there is no ticket 'x'")),
    409: (
        "Conflict",
        "Others kept changing the same thing; read it and try again",
        Problem(409, "somebody else changed this at the same time, again and again; read it and try again"),
    ),
    413: ("TooLarge", f"The body is larger than {LARGEST_BODY // 1024} KB", Problem(413, "the body is larger")),
    415: ("NotJson", "The body is sent as something else than JSON in UTF-8, or compressed", Problem(415, "send JSON")),
    422: (
        "Invalid",
        "The body holds an unknown field, a value that cannot be, or the id of something that is not there; "
        "`errors` names the fields",
        Problem(422, "the request's content is not valid", (FieldError("name", "required"),)),
    ),
    500: ("Failed", "A fault here; it is in the log under the request's id", Problem(500, "this failed here")),
    503: ("Unavailable", "The table or the queue is busy; try again", Problem(503, "the table is busy; try again")),
}
_THROTTLED = "Throttled"
_HEADERS: dict[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "The scheme: Bearer"),
    503: ("Retry-After", "Seconds"),
}


def shared_answers(schemas: Schemas) -> Answers:
    """The components of the document that routes refer to."""
    answers = {}
    for status, (name, description, problem) in _REFUSED.items():
        answers[name] = problem_answer(schemas, description, problem)
        if status in _HEADERS:
            header, meaning = _HEADERS[status]
            answers[name]["headers"] = {header: {"description": meaning, "schema": {"type": "string"}}}
    answers[_THROTTLED] = {
        "description": "More requests than the tenant's throttle lets through; the gateway itself answers",
        "content": {
            "application/json": {
                "schema": schemas.answer(GatewayAnswer),
                "example": {"message": "Too Many Requests"},
            }
        },
    }
    return answers


def refusals(route: AnyRoute, schemas: Schemas) -> Answers:
    """What this route can refuse, by status code."""
    statuses = {400, 500}
    if route.role is not None:
        statuses |= {401, 503}
        if route.role is not Role.VIEWER:
            statuses.add(403)
        if route.method != "GET":
            statuses.add(409)
    if "{" in route.path:
        statuses.add(404)
    if route.takes_body:
        statuses |= {413, 415, 422}
    answers: Answers = {str(status): reference(_REFUSED[status][0]) for status in statuses}
    if route.conflicts:
        description = f"{_sentence(route.conflicts)}. Or others kept changing the same thing"
        answers["409"] = problem_answer(schemas, description, Problem(409, route.conflicts))
    answers["429"] = throttled()
    return dict(sorted(answers.items()))


def throttled() -> dict[str, Any]:
    """The answer that the gateway gives for any route."""
    return reference(_THROTTLED)


def reference(name: str) -> dict[str, Any]:
    """The reference to a shared answer."""
    return {"$ref": f"#/components/responses/{name}"}


def problem_answer(schemas: Schemas, description: str, problem: Problem) -> dict[str, Any]:
    """A refusal as problem+json."""
    content = {"schema": schemas.answer(ProblemAnswer), "example": problem.document()}
    return {"description": description, "content": {MEDIA_TYPE: content}}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
