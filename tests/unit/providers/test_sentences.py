"""Every error that a vendor can give is told to the admin as a sentence that says what to do."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tandem.alerts.models import Provider
from tandem.connections.errors import (
    BadReply,
    Forbidden,
    NotFound,
    Refused,
    Rejected,
    ServerFailed,
    Throttled,
    Unreachable,
    VendorError,
    WrongAddress,
)
from tandem.providers.ninjaone.oauth import Tokens
from tandem.providers.tacticalrmm.login import CodeNeeded
from tests.unit.connections.world import KEY, START, World, json, page, raw
from tests.unit.providers.clients import (
    CLIENT_SECRET,
    client,
    ninjaone_client,
    ninjaone_sign_in,
    tactical_client,
    tactical_sign_in,
)

PASSWORD, CODE, REFRESH, VERIFIER = "pass-word-7c2e", "918273", "refresh-2b9d4f", "verifier-8e1a6c"
NINJAONE, TACTICAL, LEVEL = Provider.NINJAONE, Provider.TACTICALRMM, Provider.LEVELIO


def check(provider: Provider) -> Callable[[World], Any]:
    return lambda world: client(provider, world).check()


def reset(provider: Provider) -> Callable[[World], Any]:
    return lambda world: client(provider, world).reset("1")


def listing(provider: Provider) -> Callable[[World], Any]:
    return lambda world: list(client(provider, world).active_alerts())


def by_code(world: World) -> Any:
    return ninjaone_sign_in(world).by_code(CODE, "https://t.example/callback", VERIFIER)


def by_refresh(world: World) -> Any:
    return ninjaone_sign_in(world).by_refresh(Tokens(KEY, START, REFRESH))


def by_itself(world: World) -> Any:
    return ninjaone_sign_in(world).by_itself()


def register(world: World) -> Any:
    ninjaone_client(world).register_webhook("https://t.example/webhooks/1", {"X-Tandem-Secret": KEY})


def unregister(world: World) -> Any:
    ninjaone_client(world).remove_webhook()


def log_in(world: World) -> Any:
    return tactical_sign_in(world).sign_in("admin", PASSWORD, CODE)


def beta(world: World) -> Any:
    return tactical_client(world)._http.get("/beta/v1/agent/")


def oauth(error: str, description: str = "", status: int = 400) -> Any:
    return json({"error": error, "error_description": description or f"about {error}", "error_code": 5}, status)


def ninja(message: str, status: int) -> Any:
    return json({"resultCode": "FAILURE", "errorMessage": message, "incidentId": "WEB_MGMT_SERVICE-2a-1-F"}, status)


def detail(text: str, status: int) -> Any:
    return json({"detail": text}, status)


@dataclass(frozen=True)
class Case:
    """What is asked, what comes back, and what the admin must read."""

    ask: Callable[[World], Any]
    answers: Any
    kind: type[VendorError]
    says: str

    @property
    def world(self) -> World:
        return World(*(self.answers if isinstance(self.answers, list) else [self.answers]))


PAGE_500 = page(500, "<!doctype html><h1>Server Error (500)</h1>")
USER_CONTEXT = oauth("user_context_required", "Access key does not have user context", 403)
PERMISSION = "You do not have permission to perform this action."
TOTP = json({"totp": True})

CASES = [
    # NinjaOne: tokens and rights
    Case(listing(NINJAONE), oauth("invalid_token", status=401), Refused, "Connect NinjaOne again"),
    Case(listing(NINJAONE), json({}, 401), Refused, "Connect NinjaOne again"),
    Case(listing(NINJAONE), oauth("insufficient_privileges", status=401), Forbidden, "monitoring and management"),
    Case(reset(NINJAONE), USER_CONTEXT, Forbidden, "by signing in"),
    Case(listing(NINJAONE), json({}, 403), Forbidden, "scopes of the client app"),
    Case(reset(NINJAONE), ninja("NullPointerException", 500), ServerFailed, "NullPointerException"),
    Case(reset(NINJAONE), ninja("Malformed JSON", 400), Rejected, "Malformed JSON"),
    Case(check(NINJAONE), ninja("HTTP 404 Not Found", 404), NotFound, "check address"),
    Case(check(NINJAONE), page(), WrongAddress, "Choose the region"),
    Case(listing(NINJAONE), raw(b"[{"), BadReply, "cannot use"),
    # NinjaOne: webhook
    Case(register, ninja("Only system administrators can configure webhooks", 403), Forbidden, "system administrator"),
    Case(register, httpx.Response(403), Forbidden, "system administrator"),
    Case(unregister, ninja("Different PSA is already configured", 403), Rejected, "Remove that PSA"),
    Case(unregister, ninja("Failed to disable PSA", 500), ServerFailed, "Failed to disable PSA"),
    # NinjaOne: signing in
    Case(by_code, oauth("invalid_grant", f"Invalid authorization code {CODE}"), Refused, "Connect NinjaOne again"),
    Case(by_code, oauth("invalid_client", f"no {CLIENT_SECRET}", 401), Refused, "make a new secret"),
    Case(by_code, oauth("invalid_request", "redirect_uri"), Rejected, "redirect URI"),
    Case(by_code, oauth("access_denied", f"denied {VERIFIER}"), Refused, "allow it"),
    Case(by_code, json({"token_type": "Bearer"}), BadReply, "no access token"),
    Case(by_code, page(), WrongAddress, "Choose the region"),
    Case(by_refresh, oauth("invalid_grant", f"Invalid refresh token {REFRESH}"), Refused, "Connect NinjaOne again"),
    Case(by_itself, oauth("unauthorized_client"), Forbidden, "grant types"),
    Case(by_itself, oauth("unsupported_grant_type"), Forbidden, "API Services"),
    Case(by_itself, oauth("invalid_scope", f"+{CLIENT_SECRET}+"), Forbidden, "monitoring and management"),
    # Tactical RMM: keys and rights
    Case(check(TACTICAL), detail("Invalid token.", 401), Refused, "API Keys"),
    Case(check(TACTICAL), detail("The token has expired.", 401), Refused, "has expired"),
    Case(check(TACTICAL), detail("User inactive or deleted.", 401), Refused, "for an active user"),
    Case(check(TACTICAL), detail("Authentication credentials were not provided.", 401), Refused, "let it through"),
    Case(listing(TACTICAL), detail(PERMISSION, 403), Forbidden, "list agents, list alerts, manage alerts"),
    Case(reset(TACTICAL), detail(PERMISSION, 403), Forbidden, "manage alerts"),
    Case(reset(TACTICAL), json("The request was invalid", 400), Rejected, "The request was invalid"),
    Case(listing(TACTICAL), detail('Method "PATCH" not allowed.', 405), Rejected, "Update the server"),
    # Tactical RMM: addresses
    Case(check(TACTICAL), page(), WrongAddress, "begins with “api.”"),
    Case(listing(TACTICAL), page(405, "<html><h1>405 Not Allowed</h1></html>"), WrongAddress, "begins with “api.”"),
    Case(check(TACTICAL), page(404), WrongAddress, "begins with “api.”"),
    Case(beta, page(404), WrongAddress, "BETA_API_ENABLED"),
    Case(check(TACTICAL), PAGE_500, ServerFailed, "log"),
    Case(listing(TACTICAL), json({}, 301, Location="https://api.example.com/x/"), WrongAddress, "begins with “api.”"),
    Case(check(TACTICAL), json({}, 302, Location="https://sso.example.com/"), WrongAddress, "sso.example.com"),
    Case(check(TACTICAL), raw(b'"1.5'), BadReply, "cannot use"),
    Case(check(TACTICAL), json(["1.5"]), BadReply, "its version"),
    # Tactical RMM: signing in
    Case(log_in, json("Bad credentials", 400), Refused, "user name and password"),
    Case(log_in, [TOTP, json("Bad credentials", 400)], Refused, "six digits"),
    Case(log_in, [TOTP, json({"non_field_errors": ["Unable to log in"]}, 400)], Refused, "user name and password"),
    Case(log_in, [TOTP, PAGE_500], Refused, "make an API key"),
    Case(log_in, json({"detail": "Request was throttled."}, 429, Retry_After="90"), Throttled, "in 90 seconds"),
    Case(log_in, json("?"), BadReply, "neither a token nor a question"),
    Case(lambda world: tactical_sign_in(world).sign_in("a", PASSWORD), TOTP, CodeNeeded, "six digits"),
    # Level
    Case(check(LEVEL), json({"error": "Access denied"}, 401), Refused, "Settings → API keys"),
    Case(reset(LEVEL), json({"error": "Forbidden"}, 403), Forbidden, "may read and write"),
    Case(check(LEVEL), json({"error": "Forbidden"}, 403), Forbidden, "another organization"),
    Case(listing(LEVEL), json({"error": "starting_after"}, 422), Rejected, "next poll"),
    Case(listing(LEVEL), json({"error": "limit"}, 400), Rejected, "limit"),
    Case(check(LEVEL), json({}, 404), NotFound, "check address"),
    Case(check(LEVEL), page(), WrongAddress, "https://api.level.io"),
    Case(listing(LEVEL), json({"data": 5}), BadReply, "no list"),
]  # fmt: skip

OF_ANY = [
    (json({}, 429), Throttled, "poll less often"),
    (json({}, 429, Retry_After="900"), Throttled, "in 900 seconds"),
    (json({}, 500), ServerFailed, "tries again by itself"),
    (page(502), Unreachable, "tries again by itself"),
    (json({}, 503), Unreachable, "see whether the server runs"),
    (page(403), Forbidden, "Let Tandem's requests through"),
    (json({}, 418), Rejected, "Put right what it says"),
    (httpx.ConnectError(KEY), Unreachable, "cannot be connected to"),
    (httpx.ConnectTimeout(KEY), Unreachable, "firewall"),
    (httpx.ReadTimeout(KEY), Unreachable, "did not answer in time"),
    (httpx.ReadError(KEY), Unreachable, "broke off the connection"),
    (httpx.RemoteProtocolError(KEY), Unreachable, "broke off the connection"),
    (raw(b""), BadReply, "it is empty"),
]
CASES += [
    Case(check(provider), answer, kind, says)
    for provider in (NINJAONE, TACTICAL, LEVEL)
    for answer, kind, says in OF_ANY
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind.__name__}: {case.says}")
def test_every_error_is_a_sentence_that_says_what_to_do(case: Case) -> None:
    with pytest.raises(VendorError) as caught:
        case.ask(case.world)
    error = caught.value
    assert type(error) is case.kind
    text = str(error)
    assert case.says in text
    # At least what happened, and what to do: whole sentences that a person can read at once.
    assert text.endswith(".")
    assert text.count(". ") + text.count("?") >= 1
    assert text.isprintable()
    assert 60 < len(text) < 600


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind.__name__}: {case.says}")
def test_no_error_shows_a_credential(case: Case) -> None:
    with pytest.raises(VendorError) as caught:
        case.ask(case.world)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    for secret in (KEY, PASSWORD, CODE, CLIENT_SECRET, REFRESH, VERIFIER):
        assert secret not in shown
    assert error.__context__ is None


@pytest.mark.parametrize("answer", [json({}, 429, Retry_After="9"), page(502), httpx.ConnectError(KEY), raw(b"")])
def test_who_waits_for_an_answer_is_not_told_that_tandem_tries_again(answer: Any) -> None:
    with pytest.raises(VendorError) as caught:
        client(TACTICAL, World(answer)).check()
    assert "Tandem tries again by itself" in str(caught.value)
    assert "by itself" not in caught.value.to_who_asked()
    assert ". Try again" in caught.value.to_who_asked()


@pytest.mark.parametrize("provider", [NINJAONE, TACTICAL, LEVEL])
def test_a_vendor_that_repeats_the_key_does_not_get_it_shown(provider: Provider) -> None:
    with pytest.raises(VendorError) as caught:
        client(provider, World(json({"detail": f"bad key {KEY}", "error": f"bad key {KEY}"}, 401))).check()
    assert "bad key …" in str(caught.value)
