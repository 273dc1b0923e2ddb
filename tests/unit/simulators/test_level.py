"""The simulated Level: its cursors, its raw key, its signed webhooks that are tried three times."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tandem.alerts.models import AlertEvent, Kind
from tandem.providers.levelio.signature import HEADER, is_signed
from tandem.providers.levelio.webhook import normalize
from tandem.providers.port import Delivery
from tandem.times import utc_now
from tests.simulators.levelio.simulator import API_KEY, READ_ONLY_KEY, Level
from tests.simulators.levelio.state import MONITORS
from tests.simulators.levelio.webhooks import signature
from tests.simulators.receiver import Receiver
from tests.simulators.world import level as populate
from tests.unit.simulators.asking import HTTP, client
from tests.unit.simulators.shapes import differences
from tests.vendor_files import needs_vendor_files, payload

SECRET = "signing-secret"


@pytest.fixture
def level(simulated_level: Level) -> Level:
    populate(simulated_level, groups=2, devices=45)
    return simulated_level


@pytest.fixture
def api(level: Level) -> httpx.Client:
    return client(level.url, {"Authorization": API_KEY})


@pytest.fixture
def receiver(level: Level) -> Iterator[Receiver]:
    """Where the native webhooks go."""
    with Receiver() as receiver:
        level.set_webhook(receiver.url, SECRET)
        yield receiver


def _example(name: str) -> Any:
    return json.loads(payload(f"level/{name}"))


def _device(level: Level) -> str:
    return next(iter(level.state.devices)).id


# ---- shapes


@needs_vendor_files
def test_answers_have_the_documented_shapes(level: Level, api: httpx.Client) -> None:
    alert = level.trigger(_device(level))
    everything = {"include_operating_system", "include_cpus", "include_disk_partitions", "include_network_interfaces"}
    asked = dict.fromkeys([*everything, "include_security"], "true")

    assert differences(api.get("/v2/alerts").json(), _example("alerts_list.constructed.json")) == []
    assert differences(api.get("/v2/groups").json(), _example("groups_list.constructed.json")) == []
    assert differences(api.get("/v2/updates").json(), _example("updates_list.constructed.json")) == []
    devices = api.get("/v2/devices", params=asked).json()
    assert differences(devices, _example("devices_list.constructed.json")) == []
    one = api.get(f"/v2/alerts/{alert.id}").json()
    assert differences(one, _example("alerts_list.constructed.json")["data"][0]) == []
    assert HTTP.get(f"{level.url}/v2/groups").json() == _example("error_401.docs.json")


@needs_vendor_files
def test_webhooks_have_the_documented_shapes(level: Level, receiver: Receiver) -> None:
    alert = level.trigger(_device(level))
    level.clear(alert.id)
    level.outbox.wait()

    active, resolved = (json.loads(each.body) for each in receiver.received)
    assert differences(active, _example("webhook_alert_active.fixture.json")) == []
    assert differences(resolved, _example("webhook_alert_resolved.constructed.json")) == []


@needs_vendor_files
def test_the_signature_is_that_of_the_vector() -> None:
    vector = _example("webhook_signature_vector.constructed.json")

    assert signature(vector["secret"], vector["raw_body"].encode()) == vector["value"]


# ---- the API


def test_the_key_stands_alone_in_the_header(level: Level) -> None:
    for refused in ("", f"Bearer {API_KEY}", "wrong"):
        answer = HTTP.get(f"{level.url}/v2/groups", headers={"Authorization": refused})
        assert (answer.status_code, answer.json()) == (401, {"error": "Access denied"})
    level.remove_key()
    assert HTTP.get(f"{level.url}/v2/groups", headers={"Authorization": API_KEY}).status_code == 401


def test_a_key_that_may_only_read_resolves_nothing(level: Level) -> None:
    alert = level.trigger(_device(level))

    answer = HTTP.post(f"{level.url}/v2/alerts/{alert.id}/resolve", headers={"Authorization": READ_ONLY_KEY})

    assert answer.status_code == 403
    assert alert.resolved_at is None


def test_pages_go_on_after_the_last_id_and_back_before_the_first(api: httpx.Client) -> None:
    first = api.get("/v2/devices").json()
    assert (len(first["data"]), first["has_more"]) == (20, True)
    rows, page = first["data"], first
    while page["has_more"]:
        page = api.get("/v2/devices", params={"starting_after": rows[-1]["id"]}).json()
        rows = rows + page["data"]

    assert len({each["id"] for each in rows}) == 45
    back = api.get("/v2/devices", params={"ending_before": rows[40]["id"], "limit": 100}).json()
    assert [each["id"] for each in back["data"]] == [each["id"] for each in rows[:40]]
    assert back["has_more"] is False


def test_a_walk_over_pages_goes_on_when_a_device_is_removed(level: Level, api: httpx.Client) -> None:
    first = api.get("/v2/devices", params={"limit": 5}).json()["data"]
    everything = [each.id for each in level.state.devices]
    level.remove_device(first[-1]["id"])

    second = api.get("/v2/devices", params={"limit": 5, "starting_after": first[-1]["id"]}).json()["data"]

    assert second[0]["id"] == everything[5]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "starting_after=nobody", "status=open"])
def test_bad_parameters_are_refused(api: httpx.Client, query: str) -> None:
    assert api.get(f"/v2/alerts?{query}").status_code == 422


def test_devices_show_more_only_when_asked(level: Level, api: httpx.Client) -> None:
    plain = api.get(f"/v2/devices/{_device(level)}").json()
    more = api.get(f"/v2/devices/{_device(level)}", params={"include_operating_system": "true"}).json()

    assert set(more) - set(plain) == {"operating_system"}


def test_devices_are_found_by_group_and_by_its_ancestors(level: Level, api: httpx.Client) -> None:
    roots = api.get("/v2/groups", params={"parent_id": "null"}).json()["data"]
    acme = roots[0]

    assert [each["name"] for each in roots] == ["Acme Corp", "Globex & Sons"]
    of_group = api.get("/v2/devices", params={"group_id": acme["id"], "limit": 100}).json()["data"]
    below = api.get("/v2/devices", params={"ancestor_group_id": acme["id"], "limit": 100}).json()["data"]
    assert len(of_group) == acme["device_count"]
    assert len(below) == acme["descendent_device_count"] > len(of_group)


def test_alerts_are_filtered_by_status_and_stay_when_they_are_resolved(level: Level, api: httpx.Client) -> None:
    alert, device = level.trigger(_device(level)), _device(level)
    level.trigger(device, "cpu")

    answer = api.post(f"/v2/alerts/{alert.id}/resolve")
    again = api.post(f"/v2/alerts/{alert.id}/resolve")

    assert answer.json()["is_resolved"] is True
    assert again.json()["resolved_at"] == answer.json()["resolved_at"]
    active = api.get("/v2/alerts", params={"status": "active", "device_id": device}).json()["data"]
    assert [each["name"] for each in active] == ["High CPU usage"]
    assert [each["id"] for each in api.get("/v2/alerts?status=resolved").json()["data"]] == [alert.id]
    assert api.get("/v2/alerts/nobody").status_code == 404


def test_updates_are_paged_too(api: httpx.Client) -> None:
    waiting = api.get("/v2/updates", params={"status": "available", "limit": 100}).json()["data"]
    first = api.get("/v2/updates", params={"limit": 10}).json()
    second = api.get("/v2/updates", params={"limit": 10, "starting_after": first["data"][-1]["id"]}).json()

    assert all(each["is_available"] for each in waiting)
    assert not {each["id"] for each in first["data"]} & {each["id"] for each in second["data"]}


def test_an_automation_is_started_by_its_webhook(level: Level, api: httpx.Client) -> None:
    api.post("/v2/automations/webhooks/tok", json={"device_ids": ["d"]})

    assert level.state.automation_runs == [{"token": "tok", "device_ids": ["d"]}]


def test_moving_and_renaming_show_at_once(level: Level, api: httpx.Client) -> None:
    device, globex = _device(level), api.get("/v2/groups").json()["data"][1]["id"]
    before = api.get(f"/v2/groups/{globex}").json()["device_count"]
    api.get("/v2/devices")
    level.rename_device(device, "NEW")
    level.move_device(device, globex)

    shown = api.get("/v2/devices", params={"limit": 1}).json()["data"][0]

    assert (shown["hostname"], shown["group_id"]) == ("NEW", globex)
    assert api.get(f"/v2/groups/{globex}").json()["device_count"] == before + 1


# ---- webhooks


def test_a_webhook_is_signed_over_its_bytes(level: Level, receiver: Receiver) -> None:
    level.trigger(_device(level))
    level.outbox.wait()

    (sent,) = receiver.received
    assert is_signed(sent.body, sent.headers[HEADER], SECRET)
    assert json.loads(sent.body)["occurred_at"].endswith("Z")


def test_without_a_secret_there_is_no_signature(level: Level, receiver: Receiver) -> None:
    level.set_webhook(receiver.url, None)
    level.trigger(_device(level))
    level.outbox.wait()

    assert HEADER not in receiver.received[0].headers


def test_resolving_through_the_api_is_told_too(level: Level, api: httpx.Client, receiver: Receiver) -> None:
    alert = level.trigger(_device(level))
    api.post(f"/v2/alerts/{alert.id}/resolve")
    api.post(f"/v2/alerts/{alert.id}/resolve")
    level.outbox.wait()

    assert [json.loads(each.body)["event_type"] for each in receiver.received] == ["alert_active", "alert_resolved"]


def test_a_webhook_that_fails_is_tried_three_times_with_one_event_id(level: Level, receiver: Receiver) -> None:
    receiver.answers = [500, 503]
    level.trigger(_device(level))
    (delivered,) = level.outbox.wait()

    assert [each.status for each in delivered.attempts] == [500, 503, 200]
    assert len({json.loads(each.body)["event_id"] for each in receiver.received}) == 1

    receiver.answers = [500] * 4
    level.trigger(_device(level), "cpu")
    *_, given_up = level.outbox.wait()
    assert (len(given_up.attempts), given_up.arrived) == (3, False)


def test_attempts_are_two_to_three_minutes_apart_unless_told_otherwise() -> None:
    level = Level(seed=1)

    delays = [level.outbox.delay(1) for _ in range(50)]

    assert 121 <= min(delays) < max(delays) <= 180


def test_send_all_tells_of_devices_and_groups_and_a_choice_does_not(level: Level, receiver: Receiver) -> None:
    group = level.add_group("New").id
    device = level.add_device("WS-1", group).id
    level.rename_device(device, "WS-2")
    level.remove_device(device)
    level.remove_group(group)
    level.outbox.wait()
    told = [json.loads(each.body) for each in receiver.received]

    assert [each["event_type"] for each in told] == [
        "group_created",
        "device_created",
        "device_updated",
        "device_deleted",
        "group_deleted",
    ]
    assert told[3]["data"] == {"id": device}
    level.set_webhook(receiver.url, SECRET, ["alert_active"])
    level.add_device("WS-3")
    assert len(level.outbox.wait()) == 5


def test_an_automation_names_the_group_and_carries_its_own_header(level: Level) -> None:
    with Receiver() as receiver:
        level.set_automation(receiver.url, {"X-Tandem-Secret": "s3cret"})
        level.trigger(_device(level))
        level.add_device("WS-1")
        level.outbox.wait()

    (sent,) = receiver.received
    assert sent.headers["x-tandem-secret"] == "s3cret"
    assert json.loads(sent.body)["group_name"] == "Acme Corp"


@pytest.mark.parametrize("condition", sorted(MONITORS))
@pytest.mark.parametrize("form", ["native", "automation"])
def test_tandem_reads_every_webhook(level: Level, condition: str, form: str) -> None:
    with Receiver() as receiver:
        if form == "native":
            level.set_webhook(receiver.url, SECRET)
        else:
            level.set_automation(receiver.url)
        alert = level.trigger(_device(level), condition)
        level.clear(alert.id)
        level.outbox.wait()

    for kind, sent in zip((Kind.TRIGGERED, Kind.RESET), receiver.received, strict=True):
        event = normalize(Delivery("i-1", sent.body.decode(), utc_now()))
        assert isinstance(event, AlertEvent)
        assert (event.kind, event.external_alert_id) == (kind, alert.id)
        assert event.external_device_id == _device(level)
