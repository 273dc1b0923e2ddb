"""Syncs that a person asks for, follows, cancels and confirms."""

from datetime import timedelta
from typing import Any

import pytest

from tandem.store.polls import Polls, Run
from tandem.store.sync_records import Retiring
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.leases import STALE_AFTER
from tandem.syncing.message import Step, decode
from tandem.times import utc_now
from tests.integration.admin_calls import AdminApi, fields
from tests.integration.admin_machines import connected, run_of

pytestmark = pytest.mark.emulator


def messages(api: AdminApi) -> list[Any]:
    return [decode(each) for each in api.messages(api.sync_queue_url)]


def test_a_sync_by_hand_is_begun_and_can_be_followed(api: AdminApi) -> None:
    integration_id = connected(api)
    response = api.call("POST", f"/integrations/{integration_id}/sync", {"kind": "devices"})
    assert response.status == 202
    run = response.json
    assert (run["kind"], run["state"], run["requested_by"], run["error"]) == ("devices", "queued", "first-admin", None)
    (message,) = messages(api)
    assert (message.step, message.integration_id, message.run_id) == (Step.START, integration_id, run["id"])
    where = f"/integrations/{integration_id}/runs/{run['id']}"
    assert response.headers["location"].endswith(where)
    assert api.ok("GET", where) == run
    at_work = api.ok("GET", f"/integrations/{integration_id}")["device_sync"]["run"]
    assert at_work == {name: run[name] for name in at_work}


def test_asked_twice_the_run_that_is_at_work_is_given_and_another_kind_is_refused(api: AdminApi) -> None:
    path = f"/integrations/{connected(api)}/sync"
    first = api.ok("POST", path, {"kind": "devices"})
    assert api.ok("POST", path, {"kind": "devices"}) == first
    assert first["id"] in api.problem(409, "POST", path, {"kind": "patches"})["detail"]
    assert len(messages(api)) == 1


@pytest.mark.parametrize("kind", ["devices", "patches", "software", "organizations"])
def test_what_cannot_be_synced_is_refused(refusing: AdminApi, kind: str) -> None:
    webhook_only, level = refusing.new_integration(rule=False), connected(refusing, "levelio")
    assert (
        "no credentials"
        in refusing.refused(409, "POST", f"/integrations/{webhook_only}/sync", {"kind": kind})["detail"]
    )
    problem = refusing.refused(422, "POST", f"/integrations/{level}/sync", {"kind": "software"})
    assert fields(problem) == ["kind"]
    assert "Level has no software inventory" in problem["errors"][0]["message"]
    problem = refusing.refused(422, "POST", f"/integrations/{level}/sync", {"kind": kind, "days": 3})
    assert fields(problem) == ["days"]


def test_runs_of_all_kinds_are_listed_newest_first(api: AdminApi) -> None:
    integration_id, now = connected(api), utc_now().replace(microsecond=0)
    expected = []
    for n in range(7):
        at = now - timedelta(minutes=60 - n)
        if n % 3 == 1:
            run_id = f"poll{n}"
            Polls(api.dynamodb, api.name).put_run(Run(run_id, integration_id, "poll", "succeeded", at, "u1"), now)
        else:
            run_id = run_of(api, integration_id, "devices", "succeeded", at=at).run_id
        expected.append(run_id)
    path = f"/integrations/{integration_id}/runs"
    for limit in (1, 2, 3, 7, 50):
        assert [each["id"] for each in api.items(path, limit=limit)] == expected[::-1], f"limit {limit}"
    assert {each["kind"] for each in api.items(path)} == {"poll", "devices"}
    assert api.items(f"/integrations/{connected(api)}/runs") == []


def test_an_integration_shows_the_run_at_work_with_its_progress_and_the_last_of_each_kind(api: AdminApi) -> None:
    integration_id = connected(api)
    run_of(api, integration_id, "patches", "failed")
    good = run_of(api, integration_id, "devices", "succeeded")
    run = run_of(api, integration_id, "devices", "listing", "sorting", "applying", pages_total=41)
    shown = api.ok("GET", f"/integrations/{integration_id}")["device_sync"]
    assert (shown["run"]["id"], shown["run"]["state"]) == (run.run_id, "applying")
    assert (shown["run"]["pages_done"], shown["run"]["pages_total"]) == (0, 41)
    (last,) = [each for each in shown["last_runs"] if each["kind"] == "devices"]
    assert last["run_id"] == good.run_id
    assert {each["kind"]: each["state"] for each in shown["last_runs"]} == {"devices": "succeeded", "patches": "failed"}
    assert shown["last_synced_at"] is not None
    assert shown["needs_confirmation"] is None
    assert shown["next_sync_at"] is not None


def test_a_run_without_a_sign_of_life_says_so(api: AdminApi) -> None:
    integration_id = connected(api)
    run = run_of(api, integration_id, "devices", "listing", at=utc_now() - STALE_AFTER - timedelta(minutes=1))
    assert "no sign of life" in api.ok("GET", f"/integrations/{integration_id}/runs/{run.run_id}")["trouble"]


def test_a_run_is_cancelled_by_asking_its_steps_to_stop(api: AdminApi) -> None:
    integration_id = connected(api)
    run = run_of(api, integration_id, "devices", "listing")
    path = f"/integrations/{integration_id}/runs/{run.run_id}/cancel"
    answer = api.call("POST", path)
    assert (answer.status, answer.json["cancel_requested"], answer.json["state"]) == (202, True, "listing")
    assert [each.step for each in messages(api)] == [Step.FINISH]
    now = utc_now()
    stored = SyncRuns(api.dynamodb, api.name).run(integration_id, run.run_id, now)
    assert stored is not None
    assert stored.cancel_requested
    assert SyncRuns(api.dynamodb, api.name).finish(stored, "cancelled", now)
    assert "has ended" in api.refused(409, "POST", path)["detail"]
    assert [each["action"] for each in api.items("/audit")] == ["cancel_sync"]


def test_a_run_that_would_retire_much_is_shown_and_confirmed_by_a_person(api: AdminApi) -> None:
    integration_id = connected(api)
    asked = (Retiring("12", "Northwind", 14, 61),)
    run = run_of(
        api,
        integration_id,
        "devices",
        "listing",
        "sorting",
        "applying",
        "finishing",
        "needs_confirmation",
        confirm=asked,
    )
    SyncRuns(api.dynamodb, api.name).give_back(run)
    shown = api.ok("GET", f"/integrations/{integration_id}")["device_sync"]
    assert shown["run"] is None
    assert shown["needs_confirmation"]["organizations"] == [
        {"organization_id": "12", "name": "Northwind", "retiring": 14, "of": 61}
    ]
    path = f"/integrations/{integration_id}/runs/{run.run_id}/confirm"
    assert api.call("POST", path).status == 202
    (message,) = messages(api)
    assert (message.step, message.run_id, message.by) == (Step.CONFIRM, run.run_id, "first-admin")
    (entry,) = api.items("/audit")
    assert (entry["action"], entry["subject"]) == ("confirm_retiring", f"run:{run.run_id}")
    assert "14 of 61 in Northwind" in entry["detail"]


def test_only_what_waits_is_confirmed_and_no_poll_is_either(api: AdminApi) -> None:
    integration_id = connected(api)
    run = run_of(api, integration_id, "devices", "listing")
    path = f"/integrations/{integration_id}/runs"
    poll = Run("poll1", integration_id, "poll", "running", utc_now(), "u1")
    Polls(api.dynamodb, api.name).put_run(poll, utc_now())
    assert "listing" in api.refused(409, "POST", f"{path}/{run.run_id}/confirm")["detail"]
    for what in ("confirm", "cancel"):
        assert "poll" in api.refused(409, "POST", f"{path}/poll1/{what}")["detail"]
        api.refused(404, "POST", f"{path}/nothing/{what}")


def test_a_queue_that_cannot_be_reached_leaves_no_run_at_work(api: AdminApi) -> None:
    integration_id = connected(api)
    broken = api.another_instance(DEVICE_SYNC_QUEUE_URL=f"{api.sync_queue_url}-gone")
    path = f"/integrations/{integration_id}/sync"
    assert api.call("POST", path, {"kind": "devices"}, instance=broken).status == 503
    (run,) = api.items(f"/integrations/{integration_id}/runs")
    assert (run["state"], run["finished_at"] is not None) == ("failed", True)
    assert api.call("POST", path, {"kind": "devices"}, instance=api.another_instance()).status == 202
