"""Integrations and the secrets of their webhooks over the admin API."""

import json
from types import ModuleType
from typing import Any

import pytest

from tandem.assets.identity import asset_id_of
from tandem.assets.models import Asset, Facts, FleetEntry, FleetPage, LinkedDevice
from tandem.assets.writing import asset_write
from tandem.store import keys
from tandem.store.asset_writer import AssetWriter
from tandem.store.fleets import Fleets
from tandem.store.sync_records import SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tests.integration.admin_calls import HOST, AdminApi, fields, function
from tests.simulators.levelio.webhooks import signature
from tests.unit.alerts.world import START, triggered
from tests.unit.ingest.outside import ALERT, api_event

pytestmark = pytest.mark.emulator

SIGNING = "level-made-this-secret"


def signing_secret(api: AdminApi, integration_id: str) -> str | None:
    """What the secret store holds for the integration."""
    kept = api.secretsmanager.list_secrets(Filters=[{"Key": "name", "Values": [f"{api.secret_prefix}/"]}])
    if f"{api.secret_prefix}/{integration_id}" not in {secret["Name"] for secret in kept["SecretList"]}:
        return None
    answer = api.secretsmanager.get_secret_value(SecretId=f"{api.secret_prefix}/{integration_id}")
    found: str = json.loads(answer["SecretString"])["signing_secret"]
    return found


def ingest(api: AdminApi) -> ModuleType:
    """A new instance of webhook_ingest on the same tenant."""
    return function("webhook_ingest", api.environment)


def knock(ingest: ModuleType, integration_id: str, secret: str) -> int:
    """The status of a webhook with this secret."""
    answer = ingest.handler(api_event(ALERT, {"x-tandem-secret": secret}, integration_id=integration_id), None)
    status: int = answer["statusCode"]
    return status


def sync_one_device(api: AdminApi, integration_id: str) -> None:
    """What a sync leaves in the table."""
    link = LinkedDevice(integration_id, "1", Facts(name="PC-1", serial_number="5CG1234ABC"), "o1", linked_at=START)
    made = Asset(asset_id_of(integration_id, "1"), START, (link,), version=1)
    AssetWriter(api.dynamodb, api.name).write([asset_write(None, made)], START)
    entry = FleetEntry("1", "0123456789abcdef", made.asset_id, organization_id="o1")
    Fleets(api.dynamodb, api.name).put_page(FleetPage(integration_id, "", {"1": entry}, version=1))
    run = SyncRun(new_run_id(START), integration_id, "devices", "queued", START, "schedule")
    runs = SyncRuns(api.dynamodb, api.name)
    runs.begin(run, START, START)
    runs.finish(run, "failed", START, "It failed.")


@pytest.mark.parametrize("provider", ["ninjaone", "tacticalrmm", "levelio"])
def test_without_credentials_an_integration_is_webhook_only_and_shows_its_secret_once(
    api: AdminApi, provider: str
) -> None:
    response = api.call("POST", "/integrations", {"provider": provider, "name": "Main"})
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1/integrations/{made['id']}"
    webhook = made.pop("webhook")
    assert webhook == {
        "url": f"https://{HOST}/webhooks/{made['id']}",
        "header": "X-Tandem-Secret",
        "secret": webhook["secret"],
        "old_secret_until": None,
    }
    assert len(webhook["secret"]) >= 40
    created_at = made.pop("created_at")
    assert made == {
        "id": made["id"],
        "provider": provider,
        "name": "Main",
        "instance_url": None,
        "status": "webhook_only",
        "status_reason": None,
        "credentials": None,
        "requests_per_minute": None,
        "webhook_registration": None,
        "setup": made["setup"],
        "default_client_id": None,
        "allow_private_address": False,
        "has_signing_secret": False,
        "polling": {
            "enabled": False,
            "interval_minutes": None,
            "last_polled_at": None,
            "last_success_at": None,
            "last_error": None,
            "warning": None,
            "consecutive_failures": 0,
            "next_poll_at": None,
            "last_result": None,
        },
        "device_sync": {
            "enabled": False,
            "interval_minutes": None,
            "retire_after_days": 30,
            "last_synced_at": None,
            "last_error": None,
            "consecutive_failures": 0,
            "next_sync_at": None,
            "last_runs": [],
            "run": None,
            "needs_confirmation": None,
        },
        "counts": {"organizations": 0, "rules": 0},
    }

    shown = api.ok("GET", f"/integrations/{made['id']}")
    assert shown["webhook"] == {
        "url": webhook["url"],
        "header": "X-Tandem-Secret",
        "secret_created_at": created_at,
        "old_secret_until": None,
    }
    assert shown in api.items("/integrations")
    assert webhook["secret"] not in json.dumps(shown)
    assert webhook["secret"] not in str(api.stored()), "only its hash is kept"


def test_a_webhook_is_accepted_with_the_secret_that_was_shown(api: AdminApi) -> None:
    made = api.ok("POST", "/integrations", {"provider": "tacticalrmm", "name": "Main"})
    door = ingest(api)
    assert knock(door, made["id"], made["webhook"]["secret"]) == 200
    assert knock(door, made["id"], "wrong") == 401
    assert len(api.queued()) == 1


def test_counts_say_how_much_belongs_to_the_integration(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.new_rule(integration_id, "Second")
    api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": None})
    assert api.ok("GET", f"/integrations/{integration_id}")["counts"] == {"organizations": 1, "rules": 2}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"provider": "kaseya"}, "provider"),
        ({"provider": "NinjaOne"}, "provider"),
        ({"provider": None}, "provider"),
        ({"name": ""}, "name"),
        ({"default_client_id": "nobody"}, "default_client_id"),
        ({"default_client_id": ""}, "default_client_id"),
        ({"allow_private_address": "yes"}, "allow_private_address"),
        ({"allow_private_address": 1}, "allow_private_address"),
        ({"status": "connected"}, "status"),
        ({"webhook": {"secret": "mine"}}, "webhook"),
        ({"signing_secret": "short"}, "signing_secret"),
        ({"signing_secret": "with a space in it"}, "signing_secret"),
        ({"signing_secret": 12345678}, "signing_secret"),
        ({"instance_url": "rmm.example.com"}, "instance_url"),
        ({"instance_url": "ftp://rmm.example.com"}, "instance_url"),
        ({"instance_url": "https://"}, "instance_url"),
        ({"instance_url": "https://[::1"}, "instance_url"),
        ({"instance_url": "https://rmm.example.com:99999"}, "instance_url"),
        ({"instance_url": "https://ada:secret@rmm.example.com"}, "instance_url"),
        ({"instance_url": "https://rmm.example.com?x=1"}, "instance_url"),
        ({"instance_url": "https://10.1.2.3"}, "instance_url"),
        ({"instance_url": "https://münchen..de"}, "instance_url"),
        ({"instance_url": "https://☃☃.com"}, "instance_url"),
        ({"instance_url": "https://[v1.x]"}, "instance_url"),
        ({"instance_url": "https://xn--a"}, "instance_url"),
    ],
)
def test_what_cannot_be_an_integration_is_refused_by_field(
    refusing: AdminApi, words: dict[str, Any], field: str
) -> None:
    problem = refusing.refused(422, "POST", "/integrations", {"provider": "levelio", "name": "Main"} | words)
    assert fields(problem) == [field]
    assert "ada:secret" not in json.dumps(problem), "what may be a secret is not repeated"


def test_only_level_signs_its_webhooks(refusing: AdminApi) -> None:
    body = {"provider": "ninjaone", "name": "Main", "signing_secret": SIGNING}
    problem = refusing.refused(422, "POST", "/integrations", body)
    assert "signing_secret" in problem["errors"][0]["message"]
    integration_id = refusing.new_integration("ninjaone")
    patch = {"signing_secret": SIGNING}
    assert fields(refusing.refused(422, "PATCH", f"/integrations/{integration_id}", patch)) == ["signing_secret"]
    assert signing_secret(refusing, integration_id) is None


def test_a_signing_secret_is_write_only_and_goes_to_the_secret_store(api: AdminApi) -> None:
    made = api.ok("POST", "/integrations", {"provider": "levelio", "name": "Level", "signing_secret": SIGNING})
    path = f"/integrations/{made['id']}"
    assert made["has_signing_secret"] is True
    assert SIGNING not in json.dumps([made, api.ok("GET", path)])
    assert SIGNING not in str(api.stored())
    assert signing_secret(api, made["id"]) == SIGNING

    assert api.ok("PATCH", path, {"signing_secret": "another-secret"})["has_signing_secret"] is True
    assert signing_secret(api, made["id"]) == "another-secret"
    assert api.ok("PATCH", path, {"name": "Renamed"})["has_signing_secret"] is True
    assert signing_secret(api, made["id"]) == "another-secret"
    assert api.ok("PATCH", path, {"signing_secret": None})["has_signing_secret"] is False
    assert signing_secret(api, made["id"]) is None


def test_level_is_let_in_by_the_signing_secret_that_was_given(api: AdminApi) -> None:
    integration_id = api.new_integration("levelio", signing_secret=SIGNING)
    body = json.dumps({"event_type": "alert_active", "event_id": "e", "data": {"id": "a", "name": "Disk"}})
    headers = {"x-level-signature": signature(SIGNING, body.encode())}
    assert ingest(api).handler(api_event(body, headers, integration_id=integration_id), None)["statusCode"] == 200
    api.queued()


def test_a_refused_change_leaves_the_signing_secret_as_it_was(api: AdminApi) -> None:
    integration_id = api.new_integration("levelio", signing_secret=SIGNING)
    change = {"signing_secret": "another-secret", "instance_url": "https://192.168.1.1"}
    assert fields(api.refused(422, "PATCH", f"/integrations/{integration_id}", change)) == ["instance_url"]
    assert signing_secret(api, integration_id) == SIGNING


def test_a_change_keeps_what_it_leaves_out_and_null_clears(api: AdminApi) -> None:
    client_id = api.new_client()
    url = "https://rmm.example.com/path"
    integration_id = api.new_integration(instance_url=f"{url}/", default_client_id=client_id)
    path = f"/integrations/{integration_id}"
    changed = api.ok("PATCH", path, {"name": "Renamed"})
    assert (changed["name"], changed["instance_url"], changed["default_client_id"]) == ("Renamed", url, client_id)
    changed = api.ok("PATCH", path, {"instance_url": None, "default_client_id": None})
    assert (changed["name"], changed["instance_url"], changed["default_client_id"]) == ("Renamed", None, None)
    assert api.ok("GET", path) == changed
    for field in ("name", "allow_private_address"):
        assert fields(api.refused(422, "PATCH", path, {field: None})) == [field]
    assert fields(api.refused(422, "PATCH", path, {"provider": "levelio"})) == ["provider"]


def test_a_private_address_must_be_meant(api: AdminApi) -> None:
    address = "http://127.0.0.1:8080"
    integration_id = api.new_integration(instance_url=address, allow_private_address=True)
    path = f"/integrations/{integration_id}"
    assert fields(api.refused(422, "PATCH", path, {"allow_private_address": False})) == ["instance_url"]
    assert api.ok("GET", path)["allow_private_address"] is True


def test_a_new_default_client_has_waiting_alerts_decided_again(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, triggered())
    assert api.alert(integration_id)["needs_mapping"] is True
    client_id = api.new_client()
    api.ok("PATCH", f"/integrations/{integration_id}", {"default_client_id": client_id})
    assert len(api.work_the_queue()) == 1
    alert = api.alert(integration_id)
    assert alert["ticket_id"] is not None
    assert (alert["needs_mapping"], alert["client_id"]) == (False, client_id)


def test_rotation_answers_as_creation_does_and_repeats_the_webhook_beside_it(api: AdminApi) -> None:
    made = api.ok("POST", "/integrations", {"provider": "tacticalrmm", "name": "Main"})
    rotated = api.ok("POST", f"/integrations/{made['id']}/webhook-secret/rotate")
    webhook = rotated["webhook"]
    assert webhook["secret"] != made["webhook"]["secret"]
    assert webhook["old_secret_until"] is not None
    assert webhook == made["webhook"] | {name: webhook[name] for name in ("secret", "old_secret_until")}
    assert [webhook["secret"] in action["headers"] for action in rotated["setup"]["actions"]] == [True, True]
    assert rotated == made | {"webhook": webhook, "setup": rotated["setup"]} | webhook

    shown = api.ok("GET", f"/integrations/{made['id']}")
    assert shown["webhook"]["old_secret_until"] == webhook["old_secret_until"]
    assert webhook["secret"] not in json.dumps(shown)
    assert webhook["secret"] not in str(api.stored()), "only its hash is kept"


def test_rotation_keeps_two_secrets_live_at_most(api: AdminApi) -> None:
    made = api.ok("POST", "/integrations", {"provider": "tacticalrmm", "name": "Main"})
    path = f"/integrations/{made['id']}/webhook-secret/rotate"
    first = made["webhook"]["secret"]
    second = api.ok("POST", path)["webhook"]["secret"]
    door = ingest(api)
    assert [knock(door, made["id"], each) for each in (first, second)] == [200, 200]

    third = api.ok("POST", path, {"keep_old_minutes": 60})["webhook"]["secret"]
    door = ingest(api)
    assert [knock(door, made["id"], each) for each in (first, second, third)] == [401, 200, 200]

    last = api.ok("POST", path, {"keep_old_minutes": 0})["webhook"]
    assert last["old_secret_until"] is None
    door = ingest(api)
    assert [knock(door, made["id"], each) for each in (second, third, last["secret"])] == [401, 401, 200]
    assert len({first, second, third, last["secret"]}) == 4
    api.queued()


@pytest.mark.parametrize("minutes", [-1, 7 * 24 * 60 + 1, "60", 1.5, True, None])
def test_how_long_the_old_secret_lives_has_bounds(refusing: AdminApi, minutes: object) -> None:
    integration_id = refusing.new_integration(rule=False)
    path = f"/integrations/{integration_id}/webhook-secret/rotate"
    assert fields(refusing.refused(422, "POST", path, {"keep_old_minutes": minutes})) == ["keep_old_minutes"]


def test_a_removed_integration_is_refused_everywhere_and_its_history_stays(api: AdminApi) -> None:
    integration_id = api.new_integration("levelio", signing_secret=SIGNING, default_client_id=api.new_client())
    api.ok("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": None})
    api.hear(integration_id, triggered(), provider="levelio")
    alert = api.alert(integration_id)
    sync_one_device(api, integration_id)
    response = api.call("DELETE", f"/integrations/{integration_id}")
    assert (response.status, response.text) == (204, "")

    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/rules"),
        ("GET", "/organizations"),
        ("POST", "/webhook-secret/rotate"),
    ):
        api.refused(404, method, f"/integrations/{integration_id}{path}", {} if method == "PATCH" else None)
    assert integration_id not in [each["id"] for each in api.items("/integrations")]
    assert signing_secret(api, integration_id) is None
    assert knock(ingest(api), integration_id, "any") == 404
    left = {pk.partition("#")[0] for pk, _ in api.stored() if integration_id in pk}
    assert not left & {"RULE", "ORGANIZATION", "INTEGRATION", "FLEET"}
    assert (keys.sync_state_key(integration_id)["pk"], "STATE") not in api.stored()
    assert asset_id_of(integration_id, "1") in {pk.removeprefix("ASSET#") for pk, _ in api.stored()}, "it stays"

    assert api.ok("GET", f"/alerts/{alert['id']}") == alert, "with its rule as it was"
    assert api.ok("GET", f"/tickets/{alert['ticket_id']}")["is_closed"] is False


def test_the_address_of_webhooks_is_the_one_that_is_configured(api: AdminApi) -> None:
    instance = api.another_instance(PUBLIC_URL="https://rmm.acme.example/")
    made = api.ok("POST", "/integrations", {"provider": "ninjaone", "name": "Main"}, instance=instance)
    assert made["webhook"]["url"] == f"https://rmm.acme.example/webhooks/{made['id']}"
