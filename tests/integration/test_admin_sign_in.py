"""Signing in to a simulated NinjaOne through a browser: the whole way, and everybody who must not get through."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from tandem.admin import sign_in, sign_in_pages
from tandem.admin.webhook_setup import CALLBACK_PATH
from tandem.connections.opening import Connections
from tandem.connections.renewal import Renewal
from tandem.store.configuration.records import Role
from tests.integration.admin_calls import HOST, AdminApi
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne

pytestmark = pytest.mark.emulator

CALLBACK = f"https://{HOST}{CALLBACK_PATH}"
APP = {"client_id": ninjaone.CLIENT_ID, "client_secret": ninjaone.CLIENT_SECRET}


@dataclass
class Browser:
    """Opens pages of the function, and of NinjaOne, and keeps cookies as browsers do. `on_aws`: the gateway takes
    cookies out of the headers."""

    api: AdminApi
    on_aws: bool = True
    host: str = HOST
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def open(self, url: str) -> dict[str, Any]:
        """A page of ours."""
        self.opened.append(url)
        parts = urlsplit(url)
        sent = [f"{name}={value}" for name, value in self.cookies.items()]
        headers = {"host": parts.netloc} | ({} if self.on_aws or not sent else {"cookie": "; ".join(sent)})
        if parts.scheme == "http":
            headers["x-forwarded-proto"] = "http"
        event = {
            "version": "2.0",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": headers,
            "requestContext": {"http": {"method": "GET", "path": parts.path}, "requestId": "r", "stage": "$default"},
            "isBase64Encoded": False,
        } | ({"cookies": sent} if self.on_aws and sent else {})
        answer: dict[str, Any] = self.api.instance.handler(event, None)
        for each in answer.get("cookies", ()):
            self.set_cookies.append(each)
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in each:
                del self.cookies[name]
        return answer

    def agree(self, url: str) -> str:
        """NinjaOne's consent page, which agrees by itself: where it sends the browser."""
        with httpx.Client(trust_env=False) as http:
            return http.get(url).headers["location"]


@pytest.fixture
def vendor(simulated_ninjaone: NinjaOne) -> NinjaOne:
    simulated_ninjaone.add_redirect_uri(CALLBACK)
    simulated_ninjaone.consent("allow")
    return simulated_ninjaone


def waiting(api: AdminApi, vendor: NinjaOne) -> str:
    """An integration that waits for a sign-in."""
    words = {"instance_url": vendor.url, "allow_private_address": True, "credentials": APP}
    made = api.ok("POST", "/integrations", {"provider": "ninjaone", "name": "Main"} | words)
    assert (made["status"], made["credentials"]["waits_for_sign_in"]) == ("webhook_only", True)
    assert made["setup"]["redirect_uri"] == CALLBACK
    return str(made["id"])


def start(api: AdminApi, integration_id: str, **more: Any) -> str:
    return str(api.ok("POST", f"/integrations/{integration_id}/oauth/start", **more)["start_url"])


def location(answer: dict[str, Any]) -> str:
    assert answer["statusCode"] == 302, answer
    return str(answer["headers"]["location"])


def status(api: AdminApi, integration_id: str) -> str:
    return str(api.ok("GET", f"/integrations/{integration_id}")["status"])


def altered(url: str, **words: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | words)).geturl()


def refused(answer: dict[str, Any], words: str) -> None:
    assert answer["statusCode"] == 400, answer
    assert words in answer["body"]
    assert answer["headers"]["cache-control"] == "no-store"
    assert "default-src 'none'" in answer["headers"]["content-security-policy"]


@pytest.mark.parametrize("on_aws", [True, False])
def test_a_person_signs_in_and_the_integration_is_connected_with_its_webhook(
    api: AdminApi, vendor: NinjaOne, on_aws: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    integration_id = waiting(api, vendor)
    browser = Browser(api, on_aws)
    consent = location(browser.open(start(api, integration_id)))
    asked = parse_qs(urlsplit(consent).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [CALLBACK]
    (cookie,) = browser.set_cookies
    assert cookie.startswith("__Host-tandem-sign-in=")
    assert {each.strip() for each in cookie.split(";")[1:]} == {
        "Path=/",
        "Max-Age=600",
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
    }
    value = browser.cookies["__Host-tandem-sign-in"]
    back = browser.agree(consent)
    shown = browser.open(back)
    assert (shown["statusCode"], "NinjaOne is connected" in shown["body"]) == (200, True)
    assert browser.cookies == {}

    connected = api.ok("GET", f"/integrations/{integration_id}")
    assert connected["status"] == "connected"
    assert connected["credentials"]["waits_for_sign_in"] is False
    (registration,) = vendor.api.registrations.values()
    assert registration.url == connected["webhook"]["url"]
    assert api.ok("POST", f"/integrations/{integration_id}/test")["ok"] is True

    told = capsys.readouterr().out + capsys.readouterr().err + str(api.stored()) + json.dumps(connected)
    private = [value, *(parse_qs(urlsplit(back).query)[name][0] for name in ("code", "state")), APP["client_secret"]]
    private += [text for values in vendor.oauth._access.values() for text in (values.value,)]
    private += [*vendor.oauth._refresh, *parse_qs(urlsplit(browser.opened[0]).query)["ticket"]]
    assert [each for each in private if each in told] == []
    refused(browser.open(back), "not begun in this browser")


def test_an_address_to_start_from_works_once_and_for_ten_minutes(
    api: AdminApi, vendor: NinjaOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = waiting(api, vendor)
    url = start(api, integration_id)
    location(Browser(api).open(url))
    refused(Browser(api).open(url), "has been used")
    refused(Browser(api).open(altered(url, ticket="another")), "has been used")
    refused(Browser(api).open(url.partition("?")[0]), "has been used")
    monkeypatch.setattr(sign_in, "TICKET_LIVES", timedelta(seconds=-1))
    refused(Browser(api).open(start(api, integration_id)), "has been used")


def test_a_state_is_taken_once_even_with_its_cookie(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id = waiting(api, vendor)
    browser = Browser(api)
    first = location(browser.open(start(api, integration_id)))
    cookies = dict(browser.cookies)
    vendor.consent("deny")
    back = browser.agree(first)
    refused(browser.open(back), "did not agree")
    assert status(api, integration_id) == "webhook_only"
    browser.cookies = cookies
    refused(browser.open(back), "finished already")


def test_another_browser_an_altered_state_and_another_integrations_are_refused(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id, other_id = waiting(api, vendor), waiting(api, vendor)
    victim, attacker = Browser(api), Browser(api)
    mine = attacker.agree(location(attacker.open(start(api, integration_id))))
    other = victim.agree(location(victim.open(start(api, other_id))))

    refused(Browser(api).open(mine), "not begun in this browser")
    refused(victim.open(mine), "not begun in this browser")
    state = parse_qs(urlsplit(mine).query)["state"][0]
    for bad in (state[:-1], f"{state}x", f"x{state}", "", "x.y", parse_qs(urlsplit(other).query)["state"][0]):
        kept = dict(attacker.cookies)
        attacker.cookies |= kept
        refused(Browser(api, cookies=dict(kept) or {"__Host-tandem-sign-in": "x"}).open(altered(mine, state=bad)), "")
    assert [status(api, each) for each in (integration_id, other_id)] == ["webhook_only", "webhook_only"]
    assert vendor.oauth._access == {}, "no code was sent"


def test_a_state_that_is_too_old_is_refused(api: AdminApi, vendor: NinjaOne, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_pages, "FLOW_LIVES", timedelta(seconds=-1))
    integration_id = waiting(api, vendor)
    browser = Browser(api)
    back = browser.agree(location(browser.open(start(api, integration_id))))
    refused(browser.open(back), "took too long")
    assert status(api, integration_id) == "webhook_only"


def test_who_is_no_admin_any_more_connects_nothing(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id = waiting(api, vendor)
    person = api.new_person("admin")
    browser = Browser(api)
    back = browser.agree(location(browser.open(start(api, integration_id, key=person.key))))
    api.ok("PATCH", f"/users/{person.id}", {"role": "technician"})
    refused(browser.open(back), "nothing here to sign in to")
    assert status(api, integration_id) == "webhook_only"


def test_a_code_that_ninjaone_refuses_is_told_and_nothing_changes(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id = waiting(api, vendor)
    browser = Browser(api)
    back = browser.agree(location(browser.open(start(api, integration_id))))
    refused(browser.open(altered(back, code="another-code")), "Connect NinjaOne again")
    assert status(api, integration_id) == "webhook_only"


def test_while_a_sign_in_is_waited_for_the_credentials_in_use_go_on(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id = waiting(api, vendor)
    path = f"/integrations/{integration_id}"
    browser = Browser(api)
    browser.open(browser.agree(location(browser.open(start(api, integration_id)))))
    changed = api.ok("PATCH", path, {"credentials": APP | {"client_id": "not-known-there"}})
    assert (changed["status"], changed["credentials"]["waits_for_sign_in"]) == ("connected", True)
    assert api.ok("POST", f"{path}/test")["ok"] is True

    vendor.revoke_tokens()
    assert api.ok("POST", f"{path}/test")["ok"] is False
    assert status(api, integration_id) == "reconnect_required"
    api.ok("PATCH", path, {"credentials": APP})
    browser.open(browser.agree(location(browser.open(start(api, integration_id)))))
    assert status(api, integration_id) == "connected"


def test_a_permission_that_ended_is_given_again_by_signing_in_alone(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id = waiting(api, vendor)
    path = f"/integrations/{integration_id}"
    browser = Browser(api)
    browser.open(browser.agree(location(browser.open(start(api, integration_id)))))
    vendor.revoke_tokens()
    assert "Connect NinjaOne again" in api.ok("POST", f"{path}/test")["message"]
    assert status(api, integration_id) == "reconnect_required"

    browser.open(browser.agree(location(browser.open(start(api, integration_id)))))
    assert status(api, integration_id) == "connected"
    assert api.ok("GET", path)["status_reason"] is None
    assert api.ok("POST", f"{path}/test")["ok"] is True


def before_the_secret(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Something happens once NinjaOne has given tokens, and before they are kept."""
    try_tokens = Connections.try_tokens

    def acting(*given: Any, **named: Any) -> Any:
        tried = try_tokens(*given, **named)
        monkeypatch.setattr(Connections, "try_tokens", try_tokens)
        act()
        return tried

    monkeypatch.setattr(Connections, "try_tokens", acting)


def behind_the_secret(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Something happens once they are kept, and before the integration says so."""

    def arranged() -> None:
        change = Renewal.change

        def acting(*given: Any, **named: Any) -> Any:
            monkeypatch.setattr(Renewal, "change", change)
            changed = change(*given, **named)
            act()
            return changed

        monkeypatch.setattr(Renewal, "change", acting)

    before_the_secret(monkeypatch, arranged)


When = Callable[[pytest.MonkeyPatch, Callable[[], object]], None]
WHENEVER = pytest.mark.parametrize("when", [before_the_secret, behind_the_secret])


@WHENEVER
@pytest.mark.parametrize("method", ["disconnect", "delete"])
@pytest.mark.parametrize("connected", [False, True])
def test_a_sign_in_of_an_integration_that_is_ended_meanwhile_connects_nothing_and_leaves_nothing(
    api: AdminApi, vendor: NinjaOne, monkeypatch: pytest.MonkeyPatch, when: When, method: str, connected: bool
) -> None:
    integration_id = waiting(api, vendor)
    path = f"/integrations/{integration_id}"
    browser = Browser(api)
    if connected:
        browser.open(browser.agree(location(browser.open(start(api, integration_id)))))
    back = browser.agree(location(browser.open(start(api, integration_id))))

    def end() -> None:
        if method == "delete":
            assert api.call("DELETE", path).status == 204
        else:
            assert api.ok("POST", f"{path}/disconnect")["status"] == "disconnected"

    when(monkeypatch, end)
    refused(browser.open(back), "meanwhile")
    assert secrets(api) == {}
    assert (vendor.oauth._access, vendor.oauth._refresh) == ({}, {}), "what NinjaOne gave is ended there"
    assert vendor.api.registrations == {}
    if method == "delete":
        assert api.call("GET", path).status == 404
        assert [pk for pk, _ in api.stored() if "TOKEN_LOCK" in pk] == []
    else:
        assert status(api, integration_id) == "disconnected"


@WHENEVER
def test_a_sign_in_of_an_integration_that_gets_another_client_app_meanwhile_leaves_in_use_what_was(
    api: AdminApi, vendor: NinjaOne, monkeypatch: pytest.MonkeyPatch, when: When
) -> None:
    integration_id = waiting(api, vendor)
    path = f"/integrations/{integration_id}"
    browser = Browser(api)
    browser.open(browser.agree(location(browser.open(start(api, integration_id)))))
    in_use = secrets(api)[integration_id]
    back = browser.agree(location(browser.open(start(api, integration_id))))
    other = APP | {"client_id": "another-client-app"}
    when(monkeypatch, lambda: api.ok("PATCH", path, {"credentials": other}))
    refused(browser.open(back), "meanwhile")
    kept = secrets(api)[integration_id]
    assert kept["credentials"] == in_use["credentials"]
    assert kept["tokens"]["refresh_token"] == in_use["tokens"]["refresh_token"]
    assert kept["pending"]["client_id"] == "another-client-app"
    shown = api.ok("GET", path)
    assert (shown["status"], shown["credentials"]["waits_for_sign_in"]) == ("connected", True)
    assert api.ok("POST", f"{path}/test")["ok"] is True


def test_a_sign_in_that_begins_while_the_integration_is_removed_leaves_no_secret(
    api: AdminApi, vendor: NinjaOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = waiting(api, vendor)
    change = Renewal.change

    def acting(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(Renewal, "change", change)
        assert api.call("DELETE", f"/integrations/{integration_id}").status == 204
        return change(*given, **named)

    monkeypatch.setattr(Renewal, "change", acting)
    api.call("POST", f"/integrations/{integration_id}/oauth/start")
    assert secrets(api) == {}


def secrets(api: AdminApi) -> dict[str, Any]:
    """What the secret store holds, by integration."""
    listed = api.secretsmanager.list_secrets(Filters=[{"Key": "name", "Values": [f"{api.secret_prefix}/"]}])
    names = [each["Name"] for each in listed["SecretList"]]
    return {
        name.rpartition("/")[2]: json.loads(api.secretsmanager.get_secret_value(SecretId=name)["SecretString"])
        for name in names
    }


def test_over_plain_http_as_the_local_stack_is_the_cookie_has_the_name_that_browsers_take_there(
    api: AdminApi, vendor: NinjaOne
) -> None:
    api.instance = api.another_instance(PUBLIC_URL="http://127.0.0.1:4566/_aws/execute-api/x/$default")
    integration_id = waiting_locally(api, vendor)
    browser = Browser(api)
    answer = browser.open(start(api, integration_id))
    (cookie,) = browser.set_cookies
    assert cookie.startswith("tandem-sign-in=")
    assert "Secure" not in cookie
    vendor.add_redirect_uri(parse_qs(urlsplit(location(answer)).query)["redirect_uri"][0])
    browser.open(browser.agree(location(answer)))
    assert status(api, integration_id) == "connected"


def waiting_locally(api: AdminApi, vendor: NinjaOne) -> str:
    words = {"instance_url": vendor.url, "allow_private_address": True, "credentials": APP}
    return str(api.ok("POST", "/integrations", {"provider": "ninjaone", "name": "Main"} | words)["id"])


def test_only_an_admin_starts_and_only_where_there_is_something_to_sign_in_to(api: AdminApi, vendor: NinjaOne) -> None:
    integration_id = waiting(api, vendor)
    for role in (Role.VIEWER, Role.TECHNICIAN):
        key = api.new_person(role.value).key
        api.refused(403, "POST", f"/integrations/{integration_id}/oauth/start", key=key)
    for provider in ("ninjaone", "tacticalrmm", "levelio"):
        api.refused(409, "POST", f"/integrations/{api.new_integration(provider)}/oauth/start")


def test_the_pages_take_nothing_but_get_and_there_are_two_of_them(api: AdminApi) -> None:
    for method, path in (("POST", sign_in.START_PATH), ("GET", "/oauth/ninjaone/other"), ("GET", "/oauth")):
        event = {
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"host": HOST},
            "requestContext": {"http": {"method": method}, "requestId": "r", "stage": "$default"},
        }
        assert api.instance.handler(event, None)["statusCode"] == 404
