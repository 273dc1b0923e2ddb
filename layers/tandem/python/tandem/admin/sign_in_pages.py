"""The two pages of a sign-in at NinjaOne. Neither has an API key; what lets a browser in is a ticket, then the signed
state together with the cookie that the ticket was changed for.

A browser's address may end up in a history, so nothing in it works twice. Nothing of it is logged.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tandem.admin.calls import Call, Principal
from tandem.admin.connecting import TRIAL_SECONDS, arrange_schedules, begin_first_sync, without_address
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.admin.services import Services
from tandem.admin.sign_in import START_PATH
from tandem.admin.sign_in_end import connect_signed_in
from tandem.admin.sign_in_state import (
    Flow,
    claimed_flow,
    code_challenge,
    code_verifier,
    digest,
    is_genuine,
    random_text,
    signed_state,
)
from tandem.admin.webhook_registration import register_anew
from tandem.admin.webhook_setup import CALLBACK_PATH
from tandem.connections.credentials import Credentials, Kept, Kind
from tandem.connections.errors import VendorError
from tandem.ids import new_id
from tandem.store.configuration.records import Integration, Role

FLOW_LIVES: Final = timedelta(minutes=10)

_MOST_PARAMETERS = 20
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
_AGAIN = "Start again from Tandem: POST /integrations/{id}/oauth/start gives another address."

AnyCall = Call[Any, Any]
Reply = dict[str, Any]


class RefusedVisit(Exception):  # noqa: N818  it names the thing, as Problem does
    """A page that shows nothing but why not."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's request. `base_url`: what stands before the page's path."""

    services: Services
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    base_url: str
    now: datetime

    @property
    def cookie_name(self) -> str:
        """`__Host-`: no other host and no subdomain can set it. Browsers take such a name over https only, and the
        local stack has none."""
        return "__Host-tandem-sign-in" if self._is_https else "tandem-sign-in"

    def set_cookie(self, value: str, lives: timedelta) -> str:
        """The header's value. Lax: it comes along when NinjaOne sends the browser back, and with nothing embedded."""
        secure = "; Secure" if self._is_https else ""
        return (
            f"{self.cookie_name}={value}; Path=/; Max-Age={int(lives.total_seconds())}; HttpOnly; SameSite=Lax{secure}"
        )

    @property
    def _is_https(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    def call(self, integration_id: str, user_id: str) -> AnyCall:
        """What the admin would do with a key."""
        principal = Principal(user_id, "", Role.ADMIN)
        params = {"integration_id": integration_id}
        return Call(self.services, principal, params, NoQuery(), NoBody(), self.now, self.base_url)


def page_of(path: str) -> str | None:
    """Which of the pages a path is; None for none."""
    return next((page for page in (START_PATH, CALLBACK_PATH) if path.endswith(page)), None)


def visit_of(event: Mapping[str, Any], services: Services, base_url: str, now: datetime) -> Visit:
    """The visit that the gateway's event is. A parameter that comes twice is none."""
    try:
        pairs = parse_qsl(event.get("rawQueryString") or "", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        pairs = []
    names = [name for name, _ in pairs]
    query = {name: value for name, value in pairs if names.count(name) == 1}
    return Visit(services, query, _cookies(event), base_url, now)


def answer(page: str, visit: Visit) -> Reply:
    """The page. Raises what the table raises."""
    try:
        return _start(visit) if page == START_PATH else _callback(visit)
    except RefusedVisit as refusal:
        why = str(refusal)
    # The cookie stays: whoever leads a browser here with nonsense must not end a sign-in that is under way.
    return _page(400, "NinjaOne is not connected", why)


def _start(visit: Visit) -> Reply:
    """Changes the ticket for a cookie, and sends the browser to NinjaOne."""
    from tandem.providers.ninjaone.oauth import authorize_url

    begun = visit.services.sign_ins.take(digest(visit.query.get("ticket", "")), visit.now)
    if begun is None:
        raise RefusedVisit(f"This address has been used, or is too old. {_AGAIN}")
    integration_id, user_id = begun
    integration, kept = _integration(visit, integration_id, user_id)
    credentials, place = _to_sign_in_to(integration, kept)
    expires_at = visit.now + FLOW_LIVES
    flow = Flow(new_id(), integration_id, user_id, int(expires_at.timestamp()))
    cookie, key = random_text(), kept.state_key or ""
    visit.services.sign_ins.begin(flow.flow_id, integration_id, user_id, expires_at)
    url = authorize_url(
        place.instance_url or "",
        credentials.values["client_id"],
        visit.base_url + CALLBACK_PATH,
        signed_state(flow, cookie, key),
        code_challenge(code_verifier(flow, key)),
    )
    return {"statusCode": 302, "headers": {"location": url}, "cookies": [visit.set_cookie(cookie, FLOW_LIVES)]}


def _callback(visit: Visit) -> Reply:
    """Changes what NinjaOne sent along for tokens, and connects."""
    flow, integration, kept = _genuine(visit)
    if visit.services.sign_ins.take(flow.flow_id, visit.now) != (flow.integration_id, flow.user_id):
        raise RefusedVisit(f"This sign-in has been finished already, or took too long. {_AGAIN}")
    if "error" in visit.query or not visit.query.get("code"):
        raise RefusedVisit(f"NinjaOne let nobody in: who signed in there did not agree, or may not. {_AGAIN}")
    credentials, place = _to_sign_in_to(integration, kept)
    connections, call = visit.services.connections(), visit.call(flow.integration_id, flow.user_id)
    verifier = code_verifier(flow, kept.state_key or "")
    redirect_uri, code = visit.base_url + CALLBACK_PATH, visit.query["code"]
    deadline = connections.deadline(TRIAL_SECONDS)
    connected, problem = None, None
    try:
        tokens = connections.sign_in_by_code(place, credentials, code, redirect_uri, verifier, deadline)
        tried = connections.try_tokens(place, credentials, tokens, deadline)
        connected = connect_signed_in(call, integration, place, tried, kept.state_key or "")
    except VendorError as error:
        problem = error.to_who_asked()
    if problem is not None:
        raise RefusedVisit(problem)
    if connected is None:
        raise RefusedVisit(f"The integration was disconnected, removed or changed meanwhile. {_AGAIN}")
    arrange_schedules(call, connected)
    begin_first_sync(call, connected)
    connected = register_anew(call)
    words = "Tandem is connected. You may close this page."
    if connected.webhook_problem is not None:
        words = f"{words} Its webhook could not be registered: {connected.webhook_problem}"
    return _page(200, "NinjaOne is connected", words, visit.set_cookie("", timedelta()))


def _genuine(visit: Visit) -> tuple[Flow, Integration, Kept]:
    """The sign-in that the state tells of, if this is the browser that it was begun in."""
    state, cookie = visit.query.get("state", ""), visit.cookies.get(visit.cookie_name, "")
    flow = claimed_flow(state)
    foreign = RefusedVisit(f"This sign-in was not begun in this browser, or its address was altered. {_AGAIN}")
    if flow is None or not cookie:
        raise foreign
    integration, kept = _integration(visit, flow.integration_id, flow.user_id)
    if kept.state_key is None or not is_genuine(state, cookie, kept.state_key):
        raise foreign
    if flow.is_over(visit.now):
        raise RefusedVisit(f"This sign-in took too long. {_AGAIN}")
    return flow, integration, kept


def _integration(visit: Visit, integration_id: str, user_id: str) -> tuple[Integration, Kept]:
    """The integration with its secret, if the user still may connect it."""
    user = visit.services.people.user(user_id)
    integration = visit.services.integrations.get(integration_id)
    if user is None or not user.active or not user.role.allows(Role.ADMIN) or integration is None:
        raise RefusedVisit(f"There is nothing here to sign in to. {_AGAIN}")
    try:
        return integration, visit.services.connections().read(integration_id)
    except VendorError as error:
        raise RefusedVisit(error.to_who_asked()) from error


def _to_sign_in_to(integration: Integration, kept: Kept) -> tuple[Credentials, Integration]:
    """The client app, and the integration at the address where it is known."""
    if kept.pending is not None:
        return without_address(kept.pending, integration)
    if kept.credentials is None or kept.credentials.kind is not Kind.AUTHORIZATION_CODE:
        raise RefusedVisit(f"There is nothing here to sign in to. {_AGAIN}")
    return kept.credentials, integration


def _page(status: int, title: str, words: str, *cookies: str) -> Reply:
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(words)}</p></html>"
    )
    return {"statusCode": status, "headers": _HEADERS, "body": body, "cookies": list(cookies)}


def _cookies(event: Mapping[str, Any]) -> dict[str, str]:
    """API Gateway takes them out of the headers; the emulator leaves them there."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    text = "; ".join([*(event.get("cookies") or ()), *([headers["cookie"]] if "cookie" in headers else ())])
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(text).items()}
    except CookieError:
        return {}
