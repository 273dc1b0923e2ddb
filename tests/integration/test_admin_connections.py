"""Connecting simulated RMMs over the admin API: tried before anything is kept, masked afterwards, ended for good."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tandem.admin import webhook_registration
from tandem.admin.authentication import hash_of
from tandem.connections.opening import Connections
from tandem.store.configuration.integrations import Integrations
from tandem.store.errors import BusyError
from tandem.syncing.message import Step, decode
from tests.integration.admin_calls import AdminApi, fields
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.accounts import TOTP_STEP_SECONDS, totp
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.simulators.tacticalrmm.webhooks import actions
from tests.unit.alerts.world import triggered

pytestmark = pytest.mark.emulator

ALONE = {
    "client_id": ninjaone.CLIENT_ID,
    "client_secret": ninjaone.CLIENT_SECRET,
    "region": "eu",
    "grant": "client_credentials",
}
SECRETS = (ninjaone.CLIENT_SECRET, tacticalrmm.API_KEY, tacticalrmm.PASSWORD, levelio.API_KEY)


def body(provider: str, url: str, credentials: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {
        "provider": provider,
        "name": provider,
        "instance_url": url,
        "allow_private_address": True,
        "credentials": credentials,
    } | words


def secret(api: AdminApi, integration_id: str) -> dict[str, Any]:
    """All that the secret store holds for the integration."""
    name = f"{api.secret_prefix}/{integration_id}"
    kept = api.secretsmanager.list_secrets(Filters=[{"Key": "name", "Values": [f"{api.secret_prefix}/"]}])
    if name not in {each["Name"] for each in kept["SecretList"]}:
        return {}
    found: dict[str, Any] = json.loads(api.secretsmanager.get_secret_value(SecretId=name)["SecretString"])
    return found


def secrets_kept(api: AdminApi) -> int:
    kept = api.secretsmanager.list_secrets(Filters=[{"Key": "name", "Values": [f"{api.secret_prefix}/"]}])
    return len(kept["SecretList"])


def eventually(condition: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends, what
        time.sleep(0.02)


def live_hashes(api: AdminApi) -> set[str]:
    """Of the secrets that webhooks of the only integration may carry."""
    (kept,) = [item for (pk, _), item in api.stored().items() if pk == "INTEGRATION"]
    return {each["hash"] for each in kept["secret_hashes"]}


# ---- each vendor


def test_tactical_is_connected_by_its_key_at_its_host_alone(api: AdminApi, simulated_tacticalrmm: TacticalRmm) -> None:
    given = {"api_key": tacticalrmm.API_KEY}
    made = api.ok("POST", "/integrations", body("tacticalrmm", f"{simulated_tacticalrmm.url}/core/x/", given))
    assert (made["status"], made["instance_url"]) == ("connected", simulated_tacticalrmm.url)
    assert made["credentials"] == {
        "kind": "api_key",
        "hint": tacticalrmm.API_KEY[-4:],
        "connected_at": made["created_at"],
        "waits_for_sign_in": False,
        "limits": None,
    }
    assert (made["polling"]["enabled"], made["polling"]["interval_minutes"]) == (True, 15)
    shown = json.dumps([api.ok("GET", f"/integrations/{made['id']}"), made, str(api.stored())])
    assert not [each for each in SECRETS if each in shown]
    assert secret(api, made["id"])["credentials"] == {"kind": "api_key", **given}
    tried = api.ok("POST", f"/integrations/{made['id']}/test")
    assert (tried["ok"], tried["message"]) == (True, None)
    assert tried["version"]


def test_the_ready_made_actions_are_those_that_the_simulated_server_is_given(api: AdminApi) -> None:
    made = api.ok("POST", "/integrations", {"provider": "tacticalrmm", "name": "Main"})
    webhook = made["webhook"]
    wanted = actions(webhook["url"], webhook["header"], webhook["secret"])
    given = made["setup"]["actions"]
    assert [(each["url"], each["headers"], each["body"]) for each in given] == [
        (each.pattern, each.rest_headers, each.rest_body) for each in wanted
    ]
    again = api.ok("GET", f"/integrations/{made['id']}")["setup"]["actions"]
    assert webhook["secret"] not in json.dumps(again)
    assert [each["body"] for each in again] == [each["body"] for each in given]


def test_a_code_is_asked_for_by_its_field_and_only_where_the_server_wants_one(
    api: AdminApi, simulated_tacticalrmm: TacticalRmm
) -> None:
    url = simulated_tacticalrmm.url
    person = {"username": tacticalrmm.USERNAME, "password": tacticalrmm.PASSWORD}
    problem = api.refused(422, "POST", "/integrations", body("tacticalrmm", url, person))
    assert fields(problem) == ["credentials.totp"]
    assert "six digits" in problem["errors"][0]["message"]
    code = totp(tacticalrmm.TOTP_SECRET, int(simulated_tacticalrmm.clock.epoch()) // TOTP_STEP_SECONDS)
    made = api.ok("POST", "/integrations", body("tacticalrmm", url, person | {"totp": code}))
    assert made["credentials"]["kind"] == "password"
    assert tacticalrmm.PASSWORD not in str(secret(api, made["id"]))

    other = {"username": tacticalrmm.USERNAME_WITHOUT_TOTP, "password": tacticalrmm.PASSWORD}
    assert api.ok("POST", "/integrations", body("tacticalrmm", url, other))["status"] == "connected"


def test_level_is_connected_by_its_key_beside_its_signing_secret(api: AdminApi, simulated_level: Level) -> None:
    given = body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}, signing_secret="a-signing-secret")
    made = api.ok("POST", "/integrations", given)
    assert (made["status"], made["credentials"]["hint"]) == ("connected", levelio.API_KEY[-4:])
    path = f"/integrations/{made['id']}"
    assert set(secret(api, made["id"])) == {"signing_secret", "credentials", "address", "tokens"}
    api.ok("PATCH", path, {"signing_secret": None})
    assert set(secret(api, made["id"])) == {"credentials", "address", "tokens"}
    assert api.ok("POST", f"{path}/test")["ok"] is True


def test_ninjaone_by_itself_registers_its_webhook_and_says_what_it_cannot_do(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    assert made["status"] == "connected"
    assert "scripts" in made["credentials"]["limits"]
    (registration,) = simulated_ninjaone.api.registrations.values()
    assert registration.url == made["webhook"]["url"]
    assert dict(registration.headers) == {"X-Tandem-Secret": made["webhook"]["secret"]}
    assert made["webhook_registration"]["problem"] is None
    assert made["webhook_registration"]["registered_at"] == made["created_at"]


def test_registering_anew_rotates_and_the_secret_before_lives_for_a_day(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    path = f"/integrations/{made['id']}"
    again = api.ok("POST", f"{path}/webhook/register")
    (registration,) = simulated_ninjaone.api.registrations.values()
    assert dict(registration.headers)["X-Tandem-Secret"] != made["webhook"]["secret"]
    assert again["webhook"]["old_secret_until"] is not None

    rotated = api.ok("POST", f"{path}/webhook-secret/rotate")
    (registration,) = simulated_ninjaone.api.registrations.values()
    assert dict(registration.headers) == {"X-Tandem-Secret": rotated["webhook"]["secret"]}
    assert rotated["webhook_registration"]["problem"] is None


def test_a_rotation_that_ninjaone_does_not_take_over_ends_no_secret(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    path = f"/integrations/{made['id']}"
    simulated_ninjaone.refuse_webhooks("other_psa")
    for keep in ({"keep_old_minutes": 0}, {}):
        rotated = api.ok("POST", f"{path}/webhook-secret/rotate", keep)
        assert rotated["webhook_registration"]["problem"] is not None
        (kept,) = [item for (pk, _), item in api.stored().items() if pk == "INTEGRATION"]
        assert [each.get("expires_at") for each in kept["secret_hashes"]] == [None, None]
    (registration,) = simulated_ninjaone.api.registrations.values()
    assert dict(registration.headers) == {"X-Tandem-Secret": made["webhook"]["secret"]}
    assert hash_of(made["webhook"]["secret"]) in {each["hash"] for each in kept["secret_hashes"]}


def test_a_secret_that_ninjaone_may_have_taken_is_live_until_it_is_known(
    api: AdminApi, simulated_ninjaone: NinjaOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    path = f"/integrations/{made['id']}"
    monkeypatch.setattr(webhook_registration, "OWN_SECONDS", 0.5)
    simulated_ninjaone.faults.add("latency", path="/v2/webhook", seconds=0.8)
    shown = api.ok("POST", f"{path}/webhook/register")["webhook_registration"]
    assert shown["registered_at"] == made["created_at"]
    assert shown["problem"].startswith("It is not known whether NinjaOne took the webhook: register it again.")
    assert "by itself" not in shown["problem"], "nobody registers it again by itself"

    def in_use() -> str:
        (registration,) = simulated_ninjaone.api.registrations.values()
        return hash_of(dict(registration.headers)["X-Tandem-Secret"])

    first = hash_of(made["webhook"]["secret"])
    eventually(lambda: in_use() != first, "NinjaOne took it, and said so too late")
    assert in_use() in live_hashes(api)
    assert first in live_hashes(api), "what is on its way must not be refused either"
    assert api.ok("POST", f"{path}/webhook/register")["webhook_registration"]["problem"] is None
    assert in_use() in live_hashes(api)
    assert len(live_hashes(api)) == 2


def test_a_first_webhook_that_ninjaone_may_have_taken_is_removed_with_the_connection(
    api: AdminApi, simulated_ninjaone: NinjaOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_registration, "OWN_SECONDS", 0.5)
    simulated_ninjaone.faults.add("latency", path="/v2/webhook", seconds=0.8)
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    assert made["webhook_registration"]["registered_at"] is None
    eventually(lambda: bool(simulated_ninjaone.api.registrations), "NinjaOne took it, and said so too late")
    gone = api.ok("POST", f"/integrations/{made['id']}/disconnect")
    assert simulated_ninjaone.api.registrations == {}
    assert gone["webhook_registration"] is None


@pytest.mark.parametrize("why", ["not_administrator", "other_psa"])
def test_a_webhook_that_ninjaone_refuses_is_shown_and_the_connection_stands(
    api: AdminApi, simulated_ninjaone: NinjaOne, why: str
) -> None:
    simulated_ninjaone.refuse_webhooks(why)
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    assert made["status"] == "connected"
    assert made["polling"]["enabled"] is True
    assert made["webhook_registration"]["registered_at"] is None
    assert "Until then Tandem polls" in made["webhook_registration"]["problem"]

    path = f"/integrations/{made['id']}"
    refused = api.ok("POST", f"{path}/webhook/register")
    assert refused["webhook"]["old_secret_until"] is None, "NinjaOne goes on with the secret that it has"
    simulated_ninjaone.refuse_webhooks(None)
    assert api.ok("POST", f"{path}/webhook/register")["webhook_registration"]["problem"] is None


# ---- what is refused


def test_what_the_vendor_refuses_is_told_in_its_field_and_nothing_is_kept(
    api: AdminApi, simulated_tacticalrmm: TacticalRmm, simulated_level: Level, simulated_ninjaone: NinjaOne
) -> None:
    tactical, level, ninja = simulated_tacticalrmm.url, simulated_level.url, simulated_ninjaone.url
    cases = [
        (body("tacticalrmm", tactical, {"api_key": "WRONG"}), "credentials", "Make a key"),
        (body("tacticalrmm", tactical, {"api_key": tacticalrmm.EXPIRED_KEY}), "credentials", "expired"),
        (
            body("tacticalrmm", simulated_tacticalrmm.dashboard_url, {"api_key": tacticalrmm.API_KEY}),
            "instance_url",
            "begins with “api.”",
        ),
        (body("tacticalrmm", "http://127.0.0.1:1", {"api_key": "x"}), "instance_url", "cannot be connected to"),
        (body("levelio", level, {"api_key": "wrong"}), "credentials", "does not know the API key"),
        (body("ninjaone", ninja, ALONE | {"client_secret": "another-one"}), "credentials", "client app"),
        (
            body("tacticalrmm", tactical, {"username": tacticalrmm.USERNAME, "password": "wrong"}),
            "credentials",
            "user name and password",
        ),
    ]
    for given, field, words in cases:
        problem = api.refused(422, "POST", "/integrations", given)
        assert fields(problem) == [field]
        assert words in problem["errors"][0]["message"]
    assert secrets_kept(api) == 0


@pytest.mark.parametrize(
    ("provider", "words", "field"),
    [
        ("ninjaone", {"credentials": {"client_secret": "y"}}, "credentials.client_id"),
        ("ninjaone", {"credentials": {"client_id": "x", "client_secret": "y"}}, "credentials.region"),
        ("ninjaone", {"credentials": ALONE | {"region": "mars"}}, "credentials.region"),
        ("ninjaone", {"credentials": ALONE | {"grant": "password"}}, "credentials.grant"),
        ("ninjaone", {"credentials": ALONE, "instance_url": "https://example.com"}, "instance_url"),
        ("tacticalrmm", {"credentials": {"api_key": "x"}}, "instance_url"),
        ("tacticalrmm", {"credentials": {}, "instance_url": "https://api.example.com"}, "credentials"),
        ("tacticalrmm", {"credentials": {"api_key": "x", "username": "y"}}, "credentials"),
        ("tacticalrmm", {"credentials": {"api_key": "x"}, "instance_url": "http://api.example.com"}, "instance_url"),
        ("levelio", {"credentials": {"api_key": "x", "region": "eu"}}, "credentials.region"),
        ("levelio", {"credentials": {"api_key": "with a space"}}, "credentials.api_key"),
        ("levelio", {"credentials": {"api_key": "x"}, "instance_url": "https://example.com"}, "instance_url"),
        ("levelio", {"credentials": "x"}, "credentials"),
        ("levelio", {"polling": {"interval_minutes": 4}}, "polling.interval_minutes"),
        ("levelio", {"requests_per_minute": 0}, "requests_per_minute"),
    ],
)
def test_what_cannot_be_credentials_is_refused_before_anybody_is_asked(
    refusing: AdminApi, provider: str, words: dict[str, Any], field: str
) -> None:
    problem = refusing.refused(422, "POST", "/integrations", {"provider": provider, "name": "Main"} | words)
    assert fields(problem) == [field]


@pytest.mark.parametrize("key", ["Bearer abc", "line\nbreak", "ümlaut"])
def test_a_key_that_was_copied_with_something_else_is_refused_in_words(refusing: AdminApi, key: str) -> None:
    given = {"provider": "levelio", "name": "Main", "credentials": {"api_key": key}}
    (error,) = refusing.refused(422, "POST", "/integrations", given)["errors"]
    assert error["message"].startswith("holds a space, or a character that no key has: copy it alone and whole")


def test_a_private_address_is_asked_only_where_the_tenant_permits_it(api: AdminApi, simulated_level: Level) -> None:
    strict = api.another_instance(ALLOW_PRIVATE_ADDRESSES="")
    given = body("levelio", simulated_level.url, {"api_key": levelio.API_KEY})
    problem = api.refused(422, "POST", "/integrations", given, instance=strict)
    assert fields(problem) == ["instance_url"]
    assert simulated_level.requests.all() == []


@pytest.mark.parametrize(("provider", "credentials"), [("ninjaone", ALONE), ("levelio", {"api_key": levelio.API_KEY})])
def test_credentials_for_a_vendors_own_address_are_sent_elsewhere_only_where_the_tenant_permits_it(
    api: AdminApi, provider: str, credentials: dict[str, Any]
) -> None:
    strict = api.another_instance(ALLOW_PRIVATE_ADDRESSES="0")
    given = body(provider, "https://127.0.0.1.nip.example", credentials)
    problem = api.refused(422, "POST", "/integrations", given, instance=strict)
    assert fields(problem) == ["instance_url"]
    assert "leave it out" in problem["errors"][0]["message"] or "leave instance_url out" in str(problem)
    only = {name: value for name, value in given.items() if name != "credentials"}
    made = api.ok("POST", "/integrations", only, instance=strict)
    change = {"credentials": credentials}
    problem = api.refused(422, "PATCH", f"/integrations/{made['id']}", change, instance=strict)
    assert fields(problem) == ["instance_url"]
    assert secrets_kept(api) == 0


# ---- changes


def test_new_credentials_are_tried_before_they_take_the_place_of_those_in_use(
    api: AdminApi, simulated_level: Level
) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    path = f"/integrations/{made['id']}"
    api.refused(422, "PATCH", path, {"credentials": {"api_key": "wrong"}})
    assert secret(api, made["id"])["credentials"]["api_key"] == levelio.API_KEY
    changed = api.ok("PATCH", path, {"credentials": {"api_key": levelio.READ_ONLY_KEY}})
    assert changed["credentials"]["hint"] == levelio.READ_ONLY_KEY[-4:]
    assert secret(api, made["id"])["credentials"]["api_key"] == levelio.READ_ONLY_KEY


def test_kept_credentials_are_not_sent_to_another_address(api: AdminApi, simulated_level: Level) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    other = {"instance_url": "http://127.0.0.1:1"}
    problem = api.refused(409, "PATCH", f"/integrations/{made['id']}", other)
    assert f"it is connected to {simulated_level.url}" in problem["detail"].replace("the integration", "it")


def test_another_server_is_another_integration_unless_this_one_is_disconnected_first(
    api: AdminApi, simulated_tacticalrmm: TacticalRmm
) -> None:
    given = {"api_key": tacticalrmm.API_KEY}
    made = api.ok("POST", "/integrations", body("tacticalrmm", simulated_tacticalrmm.url, given))
    path, moved = f"/integrations/{made['id']}", simulated_tacticalrmm.url.replace("127.0.0.1", "localhost")
    assert api.ok("PATCH", path, {"credentials": given, "instance_url": simulated_tacticalrmm.url})
    asked = simulated_tacticalrmm.requests.count()
    problem = api.refused(409, "PATCH", path, {"credentials": given, "instance_url": moved})
    assert "make an integration of its own" in problem["detail"]
    assert simulated_tacticalrmm.requests.count() == asked, "the other server is not even asked"
    api.ok("POST", f"{path}/disconnect")
    assert api.ok("PATCH", path, {"credentials": given, "instance_url": moved})["instance_url"] == moved


def test_a_connection_begins_anew_after_a_disconnect_and_not_with_other_credentials(
    api: AdminApi, simulated_tacticalrmm: TacticalRmm
) -> None:
    given = {"api_key": tacticalrmm.API_KEY}
    made = api.ok("POST", "/integrations", body("tacticalrmm", simulated_tacticalrmm.url, given))
    path = f"/integrations/{made['id']}"

    def since() -> Any:
        (item,) = [values for (pk, _), values in api.stored().items() if pk == "INTEGRATION"]
        return item["connection_since"]

    first = since()
    api.ok("PATCH", path, {"credentials": given})
    assert since() == first
    api.ok("POST", f"{path}/disconnect")
    assert since() == first
    api.ok("PATCH", path, {"credentials": given})
    assert since() > first


def test_a_webhook_only_integration_is_connected_later_and_what_was_set_up_by_hand_goes_on(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    made = api.ok("POST", "/integrations", {"provider": "ninjaone", "name": "Main"})
    change = {"credentials": ALONE, "instance_url": simulated_ninjaone.url, "allow_private_address": True}
    connected = api.ok("PATCH", f"/integrations/{made['id']}", change)
    assert (connected["status"], connected["webhook"]["old_secret_until"]) == ("connected", None)
    (registration,) = simulated_ninjaone.api.registrations.values()
    assert dict(registration.headers)["X-Tandem-Secret"] != made["webhook"]["secret"]
    (item,) = [values for (pk, _), values in api.stored().items() if pk == "INTEGRATION"]
    assert [each.get("expires_at") for each in item["secret_hashes"]] == [None, None]


def test_polling_is_switched_and_paced_by_a_change(api: AdminApi, simulated_level: Level) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    path = f"/integrations/{made['id']}"
    assert api.ok("PATCH", path, {"polling": {"interval_minutes": 5}})["polling"]["interval_minutes"] == 5
    polling = api.ok("PATCH", path, {"polling": {"enabled": False}, "requests_per_minute": 60})["polling"]
    assert (polling["enabled"], polling["interval_minutes"]) == (False, 5)
    assert api.ok("GET", path)["requests_per_minute"] == 60
    assert fields(api.refused(422, "PATCH", path, {"polling": {"interval_minutes": 61}})) == [
        "polling.interval_minutes"
    ]
    assert fields(api.refused(422, "PATCH", path, {"polling": None})) == ["polling"]


def test_device_sync_is_switched_and_paced_by_a_change(api: AdminApi, simulated_level: Level) -> None:
    given = body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}, device_sync={"interval_minutes": 30})
    made = api.ok("POST", "/integrations", given)
    path = f"/integrations/{made['id']}"
    assert (made["device_sync"]["enabled"], made["device_sync"]["interval_minutes"]) == (True, 30)
    changed = api.ok("PATCH", path, {"device_sync": {"enabled": False, "retire_after_days": 7}})["device_sync"]
    assert (changed["enabled"], changed["interval_minutes"], changed["retire_after_days"]) == (False, 30, 7)
    assert api.ok("GET", path)["polling"]["enabled"] is True
    for wrong in ({"interval_minutes": 14}, {"interval_minutes": 1441}, {"retire_after_days": 0}):
        (name,) = wrong
        assert fields(api.refused(422, "PATCH", path, {"device_sync": wrong})) == [f"device_sync.{name}"]


def test_whoever_connects_an_integration_has_its_devices_synced_at_once(api: AdminApi, simulated_level: Level) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    run_id = made["device_sync"]["run"]["id"]
    (message,) = (decode(each) for each in api.messages(api.sync_queue_url))
    assert (message.step, message.integration_id, message.run_id) == (Step.START, made["id"], run_id)
    off = body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}, device_sync={"enabled": False})
    assert api.ok("POST", "/integrations", off)["device_sync"]["run"] is None
    assert api.messages(api.sync_queue_url) == []


def test_an_integration_is_connected_though_its_first_sync_cannot_be_begun(
    api: AdminApi, simulated_level: Level
) -> None:
    broken = api.another_instance(DEVICE_SYNC_QUEUE_URL=f"{api.sync_queue_url}-gone")
    given = body("levelio", simulated_level.url, {"api_key": levelio.API_KEY})
    answer = api.call("POST", "/integrations", given, instance=broken)
    assert (answer.status, answer.json["status"]) == (201, "connected")
    assert answer.json["device_sync"]["run"] is None


def test_a_connection_that_fails_says_so_and_one_that_is_refused_needs_a_person(
    api: AdminApi, simulated_level: Level
) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    path = f"/integrations/{made['id']}"
    key = simulated_level.api.keys.pop(levelio.API_KEY)
    tried = api.ok("POST", f"{path}/test")
    assert tried["ok"] is False
    assert "Make a key in Level" in tried["message"]
    shown = api.ok("GET", path)
    assert shown["status"] == "reconnect_required"
    assert "Level does not know the API key. It said: “Access denied”." in shown["status_reason"]
    simulated_level.api.keys[levelio.API_KEY] = key
    assert api.ok("POST", f"{path}/test")["ok"] is True
    assert (api.ok("GET", path)["status"], api.ok("GET", path)["status_reason"]) == ("connected", None)
    only = api.new_integration("levelio")
    api.refused(409, "POST", f"/integrations/{only}/test")


# ---- the end


def test_disconnecting_removes_credentials_and_webhook_and_leaves_history(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    client_id = api.new_client()
    given = body("ninjaone", simulated_ninjaone.url, ALONE, default_client_id=client_id)
    made = api.ok("POST", "/integrations", given)
    api.new_rule(made["id"])
    api.hear(made["id"], triggered(), provider="ninjaone")
    alert = api.alert(made["id"])
    path = f"/integrations/{made['id']}"

    gone = api.ok("POST", f"{path}/disconnect")
    assert (gone["status"], gone["credentials"], gone["polling"]["enabled"]) == ("disconnected", None, False)
    assert simulated_ninjaone.api.registrations == {}
    assert secret(api, made["id"]) == {}
    assert api.ok("GET", f"/alerts/{alert['id']}") == alert
    assert api.ok("POST", f"{path}/disconnect")["status"] == "disconnected"
    api.refused(409, "POST", f"{path}/test")
    api.refused(409, "POST", f"{path}/webhook/register")
    api.refused(409, "POST", f"/integrations/{api.new_integration('levelio')}/disconnect")

    again = api.ok("PATCH", path, {"credentials": ALONE})
    assert again["status"] == "connected"
    assert len(simulated_ninjaone.api.registrations) == 1


def test_what_ninjaone_gave_is_ended_there_and_a_failure_of_that_ends_nothing_else(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    oauth = simulated_ninjaone.oauth
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    path = f"/integrations/{made['id']}"
    token = secret(api, made["id"])["tokens"]["access_token"]
    assert oauth.find(token) is not None
    api.ok("POST", f"{path}/disconnect")
    assert oauth.find(token) is None

    api.ok("PATCH", path, {"credentials": ALONE})
    token = secret(api, made["id"])["tokens"]["access_token"]
    simulated_ninjaone.faults.add("status", times=None, path="/ws/oauth/revoke", status=500)
    assert api.call("DELETE", path).status == 204
    assert oauth.find(token) is not None
    assert secrets_kept(api) == 0


def test_a_webhook_that_ninjaone_keeps_is_told_until_it_is_removed(api: AdminApi, simulated_ninjaone: NinjaOne) -> None:
    made = api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))
    path = f"/integrations/{made['id']}"
    simulated_ninjaone.refuse_webhooks("other_psa")
    gone = api.ok("POST", f"{path}/disconnect")
    assert (gone["status"], gone["credentials"]) == ("disconnected", None)
    told = gone["webhook_registration"]
    assert told["registered_at"] is None
    for words in ("still has the webhook", "rotate the webhook's secret", "another PSA"):
        assert words in told["problem"]
    assert secret(api, made["id"]) == {}
    assert api.ok("POST", f"{path}/disconnect")["webhook_registration"] == told
    assert api.ok("GET", path)["webhook_registration"] == told

    simulated_ninjaone.refuse_webhooks(None)
    assert api.ok("PATCH", path, {"credentials": ALONE})["webhook_registration"]["problem"] is None
    assert api.ok("POST", f"{path}/disconnect")["webhook_registration"] is None
    assert simulated_ninjaone.api.registrations == {}


def test_removing_an_integration_that_was_left_half_disconnected_leaves_no_secret(
    api: AdminApi, simulated_level: Level
) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    left = json.dumps(secret(api, made["id"]))
    api.ok("POST", f"/integrations/{made['id']}/disconnect")
    api.secretsmanager.create_secret(Name=f"{api.secret_prefix}/{made['id']}", SecretString=left)
    assert api.call("DELETE", f"/integrations/{made['id']}").status == 204
    assert secrets_kept(api) == 0


def test_credentials_that_are_given_while_the_integration_is_removed_leave_no_secret(
    api: AdminApi, simulated_level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/integrations/{api.new_integration('levelio', rule=False)}"
    tried_out = Connections.try_out

    def remove_then(*given: Any, **named: Any) -> Any:
        tried = tried_out(*given, **named)
        assert api.call("DELETE", path).status == 204
        return tried

    monkeypatch.setattr(Connections, "try_out", remove_then)
    change = {
        "credentials": {"api_key": levelio.API_KEY},
        "instance_url": simulated_level.url,
        "allow_private_address": True,
    }
    assert api.call("PATCH", path, change).status == 404
    assert secrets_kept(api) == 0
    assert [pk for pk, _ in api.stored() if "TOKEN_LOCK" in pk] == []


def test_an_integration_that_could_not_be_made_leaves_no_secret(
    api: AdminApi, simulated_level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Integrations.put

    def busy(*_: Any) -> None:
        raise BusyError("the table is throttled")

    monkeypatch.setattr(Integrations, "put", busy)
    given = body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}, signing_secret="a-signing-secret")
    assert api.call("POST", "/integrations", given).status == 503
    assert secrets_kept(api) == 0
    monkeypatch.setattr(Integrations, "put", put)
    assert secret(api, api.ok("POST", "/integrations", given)["id"])["signing_secret"] == "a-signing-secret"


def test_an_integration_can_be_disconnected_and_removed_while_its_rmm_is_down(
    api: AdminApi, simulated_ninjaone: NinjaOne
) -> None:
    first, second = (
        api.ok("POST", "/integrations", body("ninjaone", simulated_ninjaone.url, ALONE))["id"] for _ in range(2)
    )
    simulated_ninjaone.stop()
    assert api.ok("POST", f"/integrations/{first}/disconnect")["status"] == "disconnected"
    assert api.call("DELETE", f"/integrations/{second}").status == 204
    assert secrets_kept(api) == 0
    assert [pk for pk, _ in api.stored() if second in pk] == []
