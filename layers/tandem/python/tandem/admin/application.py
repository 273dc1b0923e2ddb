"""From an API Gateway event (HTTP API, payload 2.0) to the answer: route, caller, role, parameters, body, the work."""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from tandem import telemetry
from tandem.admin.authentication import require
from tandem.admin.body import body_bytes, read_body
from tandem.admin.calls import ANONYMOUS_ID, Answer, AnyRoute, Call, Principal, Routes
from tandem.admin.problems import MEDIA_TYPE, FieldError, Problem, bad_request, field_errors, moved, unavailable
from tandem.admin.router import Router
from tandem.admin.schemas.base import ProblemAnswer
from tandem.admin.services import Services
from tandem.admin.sign_in_pages import answer, page_of, visit_of
from tandem.alert_queue import QueueError
from tandem.store.configuration.records import Role
from tandem.store.errors import BusyError, ConflictError, UnwritableError

PREFIX = "/api/v1"
MOST_PARAMETERS = 100

_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

Event = dict[str, Any]


class Application:
    """Answers requests. `prepare` is what must have happened before anybody can be let in (the first admin); it is
    tried with each request until it worked once."""

    def __init__(self, services: Services, routes: Routes, prepare: Callable[[], None]) -> None:
        self._services = services
        self._router = Router(routes)
        self._prepare = prepare
        self._prepared = False

    def answer(self, event: Event) -> dict[str, Any]:
        """The gateway's answer to one event. Never raises: what nobody expected is a 500, told in the log."""
        started = time.perf_counter()
        context = event["requestContext"]
        method = context["http"]["method"]
        seen: dict[str, Any] = {"method": method, "request_id": context.get("requestId")}
        try:
            answer = _with_problems(lambda: self._answered(event, method, seen))
        except Problem as problem:
            answer = _problem(problem)
        except Exception:  # noqa: BLE001 the last line: the caller must hear 500, and the log why
            telemetry.log_exception("request failed", **seen)
            request_id = seen["request_id"]
            answer = _problem(Problem(500, f"this failed here, and it is in the log as request {request_id}"))
        seen["milliseconds"] = round((time.perf_counter() - started) * 1000)
        telemetry.log(logging.INFO, "request", **seen, status=answer["statusCode"])
        return answer

    def _answered(self, event: Event, method: str, seen: dict[str, Any]) -> dict[str, Any]:
        _, found_prefix, path = event["rawPath"].partition(PREFIX)
        if not found_prefix:
            return self._shown_page(event, method, seen)
        found = self._router.find(method, path)
        route = found.route
        seen["route"] = f"{PREFIX}{route.path}"
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        now = self._services.clock()
        principal = self._principal(route, headers)
        seen["user_id"], seen["key_id"] = principal.user_id, principal.key_id
        call = Call(
            services=self._services,
            principal=principal,
            params=found.params,
            query=_query(route, event.get("rawQueryString") or ""),
            body=_body(route, event, headers),
            now=now,
            base_url=self._base_url(event, headers),
        )
        return _response(route, route.handle(call), call.base_url)

    def _shown_page(self, event: Event, method: str, seen: dict[str, Any]) -> dict[str, Any]:
        """A page for a browser that signs in to an RMM. Raises Problem 404 where there is none."""
        page = page_of(event["rawPath"])
        if page is None or method != "GET":
            raise Problem(404, f"the admin API is below {PREFIX}")
        seen["route"] = page
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        visit = visit_of(event, self._services, self._base_url(event, headers), self._services.clock())
        reply = answer(page, visit)
        return {**reply, "headers": {**_HEADERS, **reply["headers"]}}

    def _principal(self, route: AnyRoute, headers: dict[str, str]) -> Principal:
        if route.role is None:
            return Principal(ANONYMOUS_ID, ANONYMOUS_ID, Role.VIEWER)
        if not self._prepared:
            try:
                self._prepare()
                self._prepared = True
            except Exception:  # noqa: BLE001 keys that are there already open the door all the same
                telemetry.log_exception("the first admin could not be made")
        principal = self._services.authenticator.principal(headers, self._services.clock())
        require(principal, route.role)
        return principal

    def _base_url(self, event: Event, headers: dict[str, str]) -> str:
        """What stands before `/api/v1` and `/webhooks`: as configured, else as this request came."""
        if self._services.public_url:
            return self._services.public_url.rstrip("/")
        context = event["requestContext"]
        scheme = headers.get("x-forwarded-proto", "https")
        host = headers.get("host") or context.get("domainName", "")
        stage = context.get("stage", "$default")
        return f"{scheme}://{host}" + ("" if stage == "$default" else f"/{stage}")


def _with_problems(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the table and the queue say, in the caller's terms."""
    try:
        return work()
    except ConflictError:
        raise moved() from None
    except BusyError:
        raise unavailable("the table is busy; try again") from None
    except QueueError:
        raise unavailable("the queue cannot be reached; try again") from None
    except UnwritableError:
        raise Problem(422, "this is more than one record can hold") from None


def _body(route: AnyRoute, event: Event, headers: dict[str, str]) -> Any:
    if route.method not in _METHODS_WITH_BODY:
        return route.body()
    # A route that takes no body takes an empty one: what it does not know is refused, like any unknown field.
    return read_body(body_bytes(event), headers, route.body, route.takes_body and route.body_required)


def _query(route: AnyRoute, text: str) -> Any:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise bad_request(f"the query string has more than {MOST_PARAMETERS} parameters") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise bad_request("a parameter comes twice", FieldError(name, "comes twice"))
        values[name] = value
    try:
        return route.query.model_validate_strings(values)
    except ValidationError as error:
        errors = tuple(
            FieldError(each.field, "unknown parameter" if each.message == "unknown field" else each.message)
            for each in field_errors(error)
        )
        raise bad_request("the query string is not valid", *errors) from None


def _response(route: AnyRoute, answer: Answer, base_url: str) -> dict[str, Any]:
    headers = {**_HEADERS, **answer.headers}
    if answer.location is not None:
        headers["location"] = f"{base_url}{PREFIX}{answer.location}"
    if answer.text is not None:
        headers["content-type"] = route.media_type
        return {"statusCode": answer.status, "headers": headers, "body": answer.text}
    if answer.content is None:
        return {"statusCode": answer.status, "headers": headers}
    headers["content-type"] = "application/json"
    return {"statusCode": answer.status, "headers": headers, "body": answer.content.model_dump_json()}


def _problem(problem: Problem) -> dict[str, Any]:
    headers = {**_HEADERS, "content-type": MEDIA_TYPE, **problem.headers}
    body = ProblemAnswer.model_validate(problem.document()).model_dump_json()
    return {"statusCode": problem.status, "headers": headers, "body": body}
