"""The simulated Tactical RMM: what it answers, byte for byte where a real server was recorded, and what it posts."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import AlertEvent, Kind
from tandem.providers.port import Delivery, Ignored, IgnoredReason
from tandem.providers.tacticalrmm.webhook import normalize
from tandem.times import utc_now
from tests.simulators.receiver import Receiver
from tests.simulators.tacticalrmm.simulator import (
    API_KEY,
    EXPIRED_KEY,
    NO_ROLE_KEY,
    PASSWORD,
    READ_ONLY_KEY,
    USERNAME,
    USERNAME_WITHOUT_TOTP,
    TacticalRmm,
)
from tests.simulators.tacticalrmm.state import WATCHES
from tests.simulators.tacticalrmm.webhooks import FAILURE_BODY, written
from tests.simulators.world import tacticalrmm as populate
from tests.unit.simulators.asking import HTTP, client
from tests.unit.simulators.shapes import differences
from tests.vendor_files import RECORDED_TACTICAL, needs_vendor_files, payload, recorded_body

RESPONSES = RECORDED_TACTICAL.parent / "responses"
AN_ID = "x" * 40


@pytest.fixture
def tactical(simulated_tacticalrmm: TacticalRmm) -> TacticalRmm:
    populate(simulated_tacticalrmm, clients=3, agents=12)
    return simulated_tacticalrmm


@pytest.fixture
def api(tactical: TacticalRmm) -> httpx.Client:
    return client(tactical.url, {"X-API-KEY": API_KEY})


@pytest.fixture
def receiver(tactical: TacticalRmm) -> Iterator[Receiver]:
    """Where the webhooks go, set up as docs/connecting.md says."""
    with Receiver() as receiver:
        tactical.set_webhook(receiver.url, "s3cret")
        yield receiver


def _recorded(name: str) -> Any:
    return json.loads((RESPONSES / f"{name}.json").read_text())


def _agent(tactical: TacticalRmm, plat: str = "windows") -> str:
    return next(each.agent_id for each in tactical.state.agents if each.plat == plat)


def _bodies(receiver: Receiver) -> list[dict[str, str]]:
    return [json.loads(each.body) for each in receiver.received]


# ---- shapes


@needs_vendor_files
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("agents_nodetail", "/agents/?detail=false"),
        ("agents", "/agents/"),
        ("agents_filter_client", "/agents/?client=1&detail=true"),
        ("clients", "/clients/"),
        ("clients_sites", "/clients/sites/"),
        ("core_version", "/core/version/"),
        ("software_all", "/software/"),
        ("beta_client", "/beta/v1/client/"),
        ("beta_client_page_size", "/beta/v1/client/?page=1&page_size=1"),
        ("beta_site", "/beta/v1/site/"),
        ("beta_client_1", "/beta/v1/client/1/"),
        ("beta_site_1", "/beta/v1/site/1/"),
        ("beta_agent_by_pk", "/beta/v1/agent/1/"),
        ("beta_site_page2", "/beta/v1/site/?page=2&page_size=2"),
        ("root", "/"),
        ("urlactions", "/core/urlaction/"),
        ("alert_404", "/alerts/999999/"),
        ("agent_404", f"/agents/{AN_ID}/"),
        ("beta_agent_page_beyond", "/beta/v1/agent/?page=99&page_size=15"),
        ("beta_agent_by_agent_id", f"/beta/v1/agent/{AN_ID}/"),
        ("beta_agent_agent_id_filter", f"/beta/v1/agent/?agent_id={AN_ID}"),
        ("alerts_get_405", "/alerts/"),
    ],
)
def test_what_is_asked_by_get_has_the_recorded_shape(
    tactical: TacticalRmm, api: httpx.Client, receiver: Receiver, name: str, path: str
) -> None:
    tactical.switch("beta_api")
    recorded = _recorded(name)

    answer = api.get(path)

    assert answer.status_code == recorded["status"]
    assert answer.headers["Content-Type"] == recorded["headers"]["Content-Type"]
    if recorded["headers"]["Content-Type"] == "application/json":
        made, body = _first(answer.json()), _first(recorded["body"])
        for free in ("wmi_detail", "services") if isinstance(made, dict) else ():
            made.pop(free, None)
            body.pop(free, None)
        assert differences(made, body) == []
        assert answer.headers["Vary"] == recorded["headers"]["Vary"]
    else:
        assert answer.text == recorded["body"]


def _first(body: Any) -> Any:
    """A listing's first full row, for lists may be cut in the recordings."""
    return [each for each in body if isinstance(each, dict)][:1] if isinstance(body, list) else body


@needs_vendor_files
@pytest.mark.parametrize(("name", "plat"), [("agent_windows", "windows"), ("agent_linux", "linux")])
def test_an_agent_has_the_recorded_members(tactical: TacticalRmm, api: httpx.Client, name: str, plat: str) -> None:
    recorded, made = _recorded(name)["body"], api.get(f"/agents/{_agent(tactical, plat)}/").json()
    for body in (recorded, made):
        # Their insides differ with the machine, and nobody reads them.
        for free in ("wmi_detail", "alert_template", "services", "custom_fields"):
            body[free] = None

    assert len(made) == 55
    assert differences(made, recorded) == []


@needs_vendor_files
def test_a_row_of_the_beta_api_has_the_recorded_columns_and_weight(tactical: TacticalRmm, api: httpx.Client) -> None:
    tactical.switch("beta_api")
    recorded = _recorded("beta_agent")["body"]["results"][0]

    answer = api.get("/beta/v1/agent/?page=1&page_size=5")
    made = answer.json()["results"][0]
    alone = api.get(f"/beta/v1/agent/{made['id']}/").json()

    assert len(answer.content) / 5 > 35_000
    assert set(made) == set(recorded)
    assert set(alone) == set(_recorded("beta_agent_by_pk")["body"])
    assert "status" not in made
    assert answer.json()["next"] == f"{tactical.url}/beta/v1/agent/?page=2&page_size=5"


@needs_vendor_files
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("alerts_patch_all", {}),
        ("alerts_patch_active", {"resolvedFilter": False, "snoozedFilter": False}),
        ("alerts_patch_client", {"clientFilter": [1]}),
        ("alerts_patch_sev", {"severityFilter": ["error"], "resolvedFilter": False}),
        ("alerts_patch_time30", {"timeFilter": 30, "resolvedFilter": False}),
        ("alerts_patch_top", {"top": 5}),
        ("alerts_patch_nobody", None),
    ],
)
def test_alerts_have_the_recorded_shape(
    tactical: TacticalRmm, api: httpx.Client, name: str, body: dict[str, Any] | None
) -> None:
    tactical.trigger(1, "ping")

    answer = api.patch("/alerts/", json=body) if body is not None else api.patch("/alerts/")

    assert differences(_first(answer.json()), _first(_recorded(name)["body"])) == []


@needs_vendor_files
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("alert_put_resolve", {"type": "resolve"}),
        ("alert_put_snooze", {"type": "snooze", "snooze_days": 3}),
        ("alert_put_snooze_nodays", {"type": "snooze"}),
        ("alert_put_unsnooze", {"type": "unsnooze"}),
        ("alert_put_badtype", {"type": "explode"}),
        ("alert_put_raw_fields", {"severity": "warning"}),
    ],
)
def test_changes_of_alerts_are_answered_as_recorded(
    tactical: TacticalRmm, api: httpx.Client, name: str, body: dict[str, Any]
) -> None:
    alert = tactical.trigger(1)
    assert alert is not None

    answer = api.put(f"/alerts/{alert.id}/", json=body)

    recorded = _recorded(name)
    assert (answer.status_code, answer.json()) == (recorded["status"], recorded["body"])
    assert differences(api.get(f"/alerts/{alert.id}/").json(), _recorded("alert_get")["body"]) == []


@needs_vendor_files
@pytest.mark.parametrize(
    "name", ["agent_runscript_wait", "agent_cmd", "agent_reboot", "software_refresh", "agent_ping"]
)
@pytest.mark.parametrize("how", ["offline", "nonats"])
def test_an_agent_out_of_reach_is_told_as_recorded(
    tactical: TacticalRmm, api: httpx.Client, name: str, how: str
) -> None:
    if not (RESPONSES / f"{name}_{how}.json").exists():
        pytest.skip("not recorded")
    recorded, agent = _recorded(f"{name}_{how}"), _agent(tactical)
    if how == "offline":
        tactical.trigger(agent, "availability")
    else:
        tactical.switch("bus_down")
    path = {
        "agent_runscript_wait": f"/agents/{agent}/runscript/",
        "agent_cmd": f"/agents/{agent}/cmd/",
        "agent_reboot": f"/agents/{agent}/reboot/",
        "software_refresh": f"/software/{agent}/",
        "agent_ping": f"/agents/{agent}/ping/",
    }[name]

    answer = api.request(recorded["request"]["method"], path, json=recorded["request"]["json"])

    assert answer.status_code == recorded["status"]
    assert differences(answer.json(), recorded["body"]) == []
    if not isinstance(answer.json(), dict):
        assert answer.json() == recorded["body"]


@needs_vendor_files
def test_updates_and_software_have_the_documented_shape(tactical: TacticalRmm, api: httpx.Client) -> None:
    agent = _agent(tactical)

    updates = api.get(f"/winupdate/{agent}/").json()
    documented = json.loads(payload("tactical/winupdates_response.constructed.json"))
    assert differences(updates, documented) == []
    assert differences(api.get(f"/software/{agent}/").json(), _recorded("software_agent")["body"]) == []
    assert api.get(f"/software/{_agent(tactical, 'linux')}/").json() == _recorded("software_agent_none")["body"]


# ---- who asks


@needs_vendor_files
@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("auth_none", {}),
        ("auth_bad_apikey", {"X-API-KEY": "wrong"}),
        ("auth_expired_apikey", {"X-API-KEY": EXPIRED_KEY}),
        ("auth_norole_apikey", {"X-API-KEY": NO_ROLE_KEY}),
        ("auth_bad_knox", {"Authorization": "Token wrong"}),
        ("auth_bearer_knox", {"Authorization": "Bearer whatever"}),
    ],
)
def test_credentials_are_refused_as_recorded(tactical: TacticalRmm, name: str, headers: dict[str, str]) -> None:
    recorded = _recorded(name)

    answer = HTTP.get(f"{tactical.url}/agents/", headers=headers)

    assert (answer.status_code, answer.json()) == (recorded["status"], recorded["body"])
    assert answer.headers.get("WWW-Authenticate") == recorded["headers"].get("WWW-Authenticate")


def test_a_key_that_may_only_read_lists_alerts_and_changes_none(tactical: TacticalRmm) -> None:
    alert = tactical.trigger(1)
    assert alert is not None
    headers = {"X-API-KEY": READ_ONLY_KEY}

    assert HTTP.patch(f"{tactical.url}/alerts/", headers=headers, json={}).status_code == 200
    refused = HTTP.put(f"{tactical.url}/alerts/{alert.id}/", headers=headers, json={"type": "resolve"})

    assert refused.status_code == 403
    assert refused.json() == {"detail": "You do not have permission to perform this action."}


def _login(tactical: TacticalRmm, **given: str) -> httpx.Response:
    return HTTP.post(f"{tactical.url}/v2/login/", json=given)


def _check(tactical: TacticalRmm, username: str, password: str = PASSWORD) -> httpx.Response:
    return HTTP.post(f"{tactical.url}/v2/checkcreds/", json={"username": username, "password": password})


@needs_vendor_files
def test_logging_in_is_answered_as_recorded(tactical: TacticalRmm) -> None:
    answers = {
        "auth_checkcreds_totp_user": _check(tactical, USERNAME),
        "auth_checkcreds_no2fa_user": _check(tactical, USERNAME_WITHOUT_TOTP),
        "auth_checkcreds_bad": _check(tactical, USERNAME, "wrong"),
        "auth_login": _login(tactical, username=USERNAME, password=PASSWORD, twofactor=tactical.code()),
        "auth_login_bad_totp": _login(tactical, username=USERNAME, password=PASSWORD, twofactor="000000"),
        "auth_login_bad_password": _login(tactical, username=USERNAME, password="wrong", twofactor="000000"),
    }

    for name, answer in answers.items():
        recorded = _recorded(name)
        assert answer.status_code == recorded["status"], name
        assert differences(answer.json(), recorded["body"]) == [], name
    failed = _login(tactical, username=USERNAME_WITHOUT_TOTP, password=PASSWORD, twofactor="000000")
    assert (failed.status_code, failed.text) == (500, _recorded("auth_login_no2fa_user")["body"])


def test_a_login_without_a_code_fails_in_the_server(tactical: TacticalRmm) -> None:
    answer = _login(tactical, username=USERNAME, password=PASSWORD)

    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")


def test_logins_are_throttled_by_address_and_endpoint(tactical: TacticalRmm) -> None:
    answers = [_login(tactical, username="x", password="y", twofactor="0") for _ in range(11)]

    assert [each.status_code for each in answers] == [400] * 10 + [429]
    wait = answers[-1].headers["Retry-After"]
    assert answers[-1].json() == {"detail": f"Request was throttled. Expected available in {wait} seconds."}
    assert _check(tactical, USERNAME).status_code == 200
    tactical.skew(61)
    assert _login(tactical, username="x", password="y", twofactor="0").status_code == 400


def test_a_token_lives_five_hours_and_longer_when_it_is_used(tactical: TacticalRmm) -> None:
    token = _login(tactical, username=USERNAME, password=PASSWORD, twofactor=tactical.code()).json()["token"]

    def asked() -> int:
        return HTTP.get(f"{tactical.url}/core/version/", headers={"Authorization": f"Token {token}"}).status_code

    tactical.skew(4 * 3600)
    assert asked() == 200
    tactical.skew(4 * 3600)
    assert asked() == 200
    tactical.skew(5 * 3600 + 1)
    assert asked() == 401


def test_the_token_of_a_user_without_totp_lives_three_minutes(tactical: TacticalRmm) -> None:
    token = _check(tactical, USERNAME_WITHOUT_TOTP).json()["token"]
    headers = {"Authorization": f"Token {token}"}

    assert HTTP.get(f"{tactical.url}/agents/", headers=headers).status_code == 200
    tactical.skew(181)
    assert HTTP.get(f"{tactical.url}/agents/", headers=headers).json() == {"detail": "Invalid token."}


# ---- addresses


def test_the_dashboards_host_answers_anything_with_its_page(tactical: TacticalRmm) -> None:
    page = HTTP.get(f"{tactical.dashboard_url}/agents/", headers={"X-API-KEY": API_KEY})

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert HTTP.patch(f"{tactical.dashboard_url}/alerts/", json={}).status_code == 405


def test_a_missing_slash_is_a_redirect(api: httpx.Client) -> None:
    answer = api.get("/agents?detail=false")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/agents/?detail=false")


@needs_vendor_files
def test_the_beta_api_is_off_as_shipped(api: httpx.Client) -> None:
    answer = api.get("/beta/v1/agent/")

    assert answer.status_code == 404
    assert answer.text.strip() == recorded_page("beta_disabled_404.http")


def recorded_page(name: str) -> str:
    """The page of a recorded answer."""
    return (RESPONSES / name).read_text().replace("\r\n", "\n").partition("\n\n")[2].strip()


def test_an_id_that_is_too_short_is_no_agents(api: httpx.Client) -> None:
    answer = api.get("/agents/short/")

    assert answer.status_code == 404
    assert "Not Found" in answer.text


# ---- listings


def test_agents_are_in_no_order_and_all_at_once(tactical: TacticalRmm, api: httpx.Client) -> None:
    numbers = [each["id"] for each in api.get("/agents/?detail=false&page=2&page_size=3").json()]

    assert sorted(numbers) == list(range(1, 13))
    assert numbers != sorted(numbers)
    tactical.rename_device(1, "NEW")
    tactical.move_device(1, 3)
    moved = next(each for each in api.get("/agents/?detail=false").json() if each["id"] == 1)
    assert (moved["hostname"], moved["client"]) == ("NEW", "Initech")


def test_filters_of_alerts_only_filter_when_they_are_false(tactical: TacticalRmm, api: httpx.Client) -> None:
    shown, resolved, snoozed, hidden = (tactical.trigger(each, hidden=each == 4) for each in range(1, 5))
    assert shown is not None
    assert resolved is not None
    assert snoozed is not None
    assert hidden is not None
    api.put(f"/alerts/{resolved.id}/", json={"type": "resolve"})
    api.put(f"/alerts/{snoozed.id}/", json={"type": "snooze", "snooze_days": 3})

    def ids(**body: Any) -> list[int]:
        return [each["id"] for each in api.patch("/alerts/", json=body).json()]

    assert ids() == [1, 2, 3, 4]
    assert ids(resolvedFilter=True) == [1, 2, 3, 4]
    assert ids(status="active") == [1, 2, 3, 4]
    assert ids(resolvedFilter=False) == [1, 3, 4]
    assert ids(resolvedFilter=False, snoozedFilter=False) == [1, 4]
    assert ids(severityFilter=["warning"]) == []
    assert ids(clientFilter=[2]) == [2]
    top = api.patch("/alerts/", json={"top": 5}).json()
    assert (top["alerts_count"], [each["id"] for each in top["alerts"]]) == (1, [1])


def test_an_alert_without_an_agent_lacks_what_an_agent_would_say(tactical: TacticalRmm, api: httpx.Client) -> None:
    api.post("/alerts/", json={"alert_type": "custom", "severity": "warning", "message": "made by API"})

    (row,) = api.patch("/alerts/", json={}).json()

    assert not {"hostname", "agent_id", "client", "site"} & set(row)
    assert row["agent"] is None


def test_pages_of_the_beta_api_end_in_404(tactical: TacticalRmm, api: httpx.Client) -> None:
    tactical.switch("beta_api")

    second = api.get("/beta/v1/agent/?page=2&page_size=5&client_id=1").status_code
    huge = api.get("/beta/v1/agent/?page_size=5000").json()

    assert second == 404
    assert (huge["count"], huge["next"]) == (12, None)
    page = api.get("/beta/v1/agent/?page=2&page_size=5").json()
    assert page["previous"] == f"{tactical.url}/beta/v1/agent/?page_size=5"
    assert len(api.get("/beta/v1/client/?page=7&page_size=1").json()) == 3


# ---- webhooks


@needs_vendor_files
def test_what_was_recorded_is_written_again_byte_for_byte() -> None:
    """The bodies before the server wrote them are not recorded, but writing is stable: what came out goes in again."""
    for path in sorted(RECORDED_TACTICAL.glob("*.http")):
        body = recorded_body(path.name).strip().decode()
        rendered = json.loads(body)
        if isinstance(rendered, str):
            assert written(rendered) == body, path.name
        else:
            lines = ", ".join(f'"{name}": "{value}"' for name, value in rendered.items())
            assert json.loads(written("{" + lines + "}")) == rendered, path.name


@needs_vendor_files
def test_a_webhook_by_the_recorded_template_is_the_recorded_request(tactical: TacticalRmm, receiver: Receiver) -> None:
    action = _recorded("urlactions")["body"][0]
    tactical.set_url_action("failure", receiver.url, action["rest_body"], json.loads(action["rest_headers"]))
    headquarters = tactical.state.add_client("O'Brien & Sons", contract="CT-1001").id
    agent = tactical.state.add_agent(headquarters, "SRV-18", asset_tag="AT-0018")

    tactical.trigger(agent.id, "ping")
    tactical.trigger(agent.id, "service")
    tactical.trigger(agent.id, "script")
    tactical.trigger(agent.id, "availability")
    tactical.trigger(agent.id, "backup")

    names = [
        "check_error_trigger.http",
        "quotes_in_message_body_becomes_json_string.http",
        "backslash_and_newline_in_output.http",
        "agent_overdue_trigger.http",
        "task_trigger.http",
    ]
    varying = {"alert_id", "alert_time", "agent_id", "check_id", "client_id", "client_name", "contract_id", "site_id"}
    varying |= {"site_name", "hostname", "agent_status", "operating_system", "asset_tag", "message"}
    for name, request in zip(names, receiver.received, strict=True):
        recorded, made = json.loads(recorded_body(name)), json.loads(request.body)
        assert request.headers["user-agent"].startswith("python-requests/")
        assert request.headers["x-alga-webhook-secret"]
        assert type(made) is type(recorded), name
        if isinstance(made, str):
            assert made.count("\n") == recorded.count("\n")
            assert 'Print "Spooler"' in made
            continue
        assert list(made) == list(recorded), name
        assert {each: made[each] for each in made if each not in varying} == {
            each: recorded[each] for each in recorded if each not in varying
        }, name


def test_every_value_is_a_text_and_nothing_is_none(tactical: TacticalRmm, receiver: Receiver) -> None:
    alert = tactical.trigger(1, "ping")
    assert alert is not None
    tactical.clear(alert.id)

    trigger, resolve = _bodies(receiver)
    assert all(isinstance(value, str) for value in trigger.values())
    assert (trigger["event"], trigger["resolved_on"], trigger["task_id"]) == ("trigger", "None", "None")
    assert trigger["alert_time"] == str(alert.alert_time)
    assert trigger["alert_time"][10] == " "
    assert (resolve["event"], resolve["alert_time"]) == ("resolve", trigger["alert_time"])
    assert resolve["resolved_on"] == str(alert.resolved_on)
    assert receiver.received[0].headers["x-tandem-secret"] == "s3cret"


def test_a_quote_in_a_value_makes_the_body_a_text_with_broken_json(tactical: TacticalRmm, receiver: Receiver) -> None:
    tactical.trigger(1, "service")

    text = json.loads(receiver.received[0].body)

    assert isinstance(text, str)
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(text)


def test_backslashes_are_doubled_except_where_they_look_like_escapes() -> None:
    assert json.loads(written('{"path": "C:\\Windows\\Temp\\new"}')) == {"path": "C:\\Windows\\Temp\new"}
    assert json.loads(written('{"path": "\\\\server\\share"}')) == {"path": "\\server\\share"}
    assert json.loads(written('{"text": "line 1\nline 2\x07"}')) == {"text": "line 1\nline 2 "}
    assert written('{"text": "é"}') == '{"text": "\\u00e9"}'


def test_a_worse_severity_in_place_sends_nothing(tactical: TacticalRmm, receiver: Receiver) -> None:
    alert = tactical.trigger(1, "disk", severity="warning")
    worse = tactical.trigger(1, "disk", severity="error")
    assert alert is not None
    assert worse is alert
    assert (len(receiver.received), alert.severity) == (1, "error")

    tactical.clear(alert.id)

    assert [each["severity"] for each in _bodies(receiver)] == ["warning", "error"]


def test_a_webhook_is_sent_once_whatever_the_receiver_says(tactical: TacticalRmm, receiver: Receiver) -> None:
    receiver.answers = [500]
    alert = tactical.trigger(1)
    assert alert is not None
    tactical.trigger(1)

    assert len(receiver.received) == 1
    assert alert.action_run is not None
    assert alert.action_retcode == 500


def test_resolving_through_the_api_sends_nothing_and_the_next_failure_is_a_new_alert(
    tactical: TacticalRmm, api: httpx.Client, receiver: Receiver
) -> None:
    first = tactical.trigger(1)
    assert first is not None
    assert api.put(f"/alerts/{first.id}/", json={"type": "resolve"}).json() == "ok"
    assert api.put(f"/alerts/{first.id}/", json={"type": "resolve"}).json() == "ok"
    assert len(receiver.received) == 1

    second = tactical.trigger(1)

    assert second is not None
    assert [each["alert_id"] for each in _bodies(receiver)] == [str(first.id), str(second.id)]
    assert first.id != second.id


def test_a_snoozed_alert_still_sends_its_resolve(tactical: TacticalRmm, api: httpx.Client, receiver: Receiver) -> None:
    alert = tactical.trigger(1)
    assert alert is not None
    api.put(f"/alerts/{alert.id}/", json={"type": "snooze", "snooze_days": 1})
    tactical.clear(alert.id)

    assert [each["event"] for each in _bodies(receiver)] == ["trigger", "resolve"]


def test_what_is_not_sent(tactical: TacticalRmm, receiver: Receiver) -> None:
    without_template = tactical.add_client("Without", has_template=False).id
    silent = tactical.add_device(without_template, "SILENT")
    tactical.set_maintenance(2)

    assert tactical.trigger(silent.id) is not None
    assert tactical.trigger(2) is None
    assert tactical.trigger(3, "disk", severity="info") is not None
    assert receiver.received == []
    tactical.switch("notify_on_info_alerts")
    tactical.trigger(4, "disk", severity="info")
    assert len(receiver.received) == 1
    tactical.switch("notify_on_warning_alerts", False)
    tactical.trigger(5, "disk", severity="warning")
    assert len(receiver.received) == 1
    assert len(tactical.state.alerts) == 4


def test_a_hidden_alert_is_sent_all_the_same(tactical: TacticalRmm, receiver: Receiver) -> None:
    tactical.trigger(1, hidden=True)

    assert len(receiver.received) == 1


def test_the_agent_waits_for_the_webhook_but_not_for_ever(tactical: TacticalRmm) -> None:
    tactical.set_webhook("http://127.0.0.1:9/", "s3cret")
    began = time.monotonic()

    alert = tactical.trigger(1)

    assert alert is not None
    assert alert.action_retcode is None
    assert time.monotonic() - began < 8


def test_the_receiver_may_ask_back_while_the_webhook_is_sent(tactical: TacticalRmm) -> None:
    """The alert can be read the moment its webhook comes, as a read-back does."""
    from tests.simulators.messages import Reply, Request, json_reply
    from tests.simulators.server import Server

    seen: list[int] = []

    def respond(request: Request) -> Reply:
        number = json.loads(request.body)["alert_id"]
        asked = HTTP.get(f"{tactical.url}/alerts/{number}/", headers={"X-API-KEY": API_KEY})
        seen.append(asked.status_code)
        return json_reply({})

    server = Server(respond)
    server.start()
    try:
        tactical.set_webhook(server.url, "s3cret")
        tactical.trigger(1)
    finally:
        server.stop()

    assert seen == [200]


def test_the_test_button_sends_the_names_of_what_was_chosen(tactical: TacticalRmm, receiver: Receiver) -> None:
    agent = tactical.state.agent_of(1)
    tactical.press_test_button(agent.agent_id)
    tactical.press_test_button()
    tactical.outbox.wait()

    chosen, nothing = _bodies(receiver)
    assert (chosen["alert_id"], chosen["agent_id"]) == (str(agent.id), agent.agent_id)
    assert chosen["severity"] == chosen["message"] == agent.hostname
    assert nothing["alert_id"] == "{{alert.id}}"
    for body in (chosen, nothing):
        told = normalize(Delivery("i-1", json.dumps(body), utc_now()))
        assert isinstance(told, Ignored)
        assert told.reason is IgnoredReason.TEST


def test_the_template_is_the_one_that_the_docs_give() -> None:
    from local.emulator import ROOT

    assert FAILURE_BODY in (ROOT / "docs" / "connecting.md").read_text()


@given(condition=st.sampled_from([*sorted(WATCHES), "availability"]), name=st.sampled_from(["Acme", 'The "Best"']))
def test_tandem_reads_every_webhook_broken_or_not(condition: str, name: str) -> None:
    from tests.simulators.tacticalrmm.webhooks import actions, delivery

    tactical = TacticalRmm(seed=1)
    customer = tactical.state.add_client(name)
    agent = tactical.state.add_agent(customer.id, "SRV-1")
    alert = tactical.state.trigger(agent.id, condition)
    assert alert is not None
    failure, resolved = actions("http://127.0.0.1:9/", "X-Tandem-Secret", "s3cret")
    sent = [delivery(failure, tactical.state, alert, "trigger")]
    tactical.state.clear(alert.id)
    sent.append(delivery(resolved, tactical.state, alert, "resolve"))

    for kind, each in zip((Kind.TRIGGERED, Kind.RESET), sent, strict=True):
        event = normalize(Delivery("i-1", each.body.decode(), utc_now()))
        assert isinstance(event, AlertEvent)
        assert (event.kind, event.external_alert_id) == (kind, str(alert.id))
        assert event.external_device_id == agent.agent_id
