"""Polls that a person asks for, and how polling is shown."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tandem.polling.starting import FunctionPolls
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.polls import Polls, PollState
from tandem.times import utc_now
from tests.integration.admin_calls import AdminApi

pytestmark = pytest.mark.emulator


def connected(api: AdminApi, status: str = "connected", **words: Any) -> str:
    """An integration that has credentials, as far as its record goes."""
    integration_id = api.new_integration()
    integrations = Integrations(ConfigurationTable(api.dynamodb, api.name))
    integration = integrations.get(integration_id)
    assert integration is not None
    integrations.put(replace(integration, status=status, **words))
    return integration_id


def as_shown(at: datetime) -> str:
    """A time in whole seconds as the API writes it."""
    return at.isoformat().replace("+00:00", "Z")


def polled(api: AdminApi, state: PollState) -> None:
    """The integration's polls came to that."""
    polls, now = Polls(api.dynamodb, api.name), utc_now().replace(microsecond=0)
    assert polls.begin(state.integration_id, "test", now, now + timedelta(minutes=1)) is not None
    polls.end(state, "test", now)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The polls that were started: (integration, run)."""
    asked: list[tuple[str, str]] = []

    def start(_self: FunctionPolls, integration_id: str, run_id: str) -> None:
        asked.append((integration_id, run_id))

    monkeypatch.setattr(FunctionPolls, "start", start)
    return asked


def test_a_poll_by_hand_is_started_and_its_run_can_be_followed(api: AdminApi, started: list[tuple[str, str]]) -> None:
    integration_id = connected(api)
    response = api.call("POST", f"/integrations/{integration_id}/poll")
    assert response.status == 202
    run = response.json
    assert (run["kind"], run["state"], run["error"], run["finished_at"]) == ("poll", "queued", None, None)
    assert started == [(integration_id, run["id"])]
    where = f"/integrations/{integration_id}/runs/{run['id']}"
    assert response.headers["location"].endswith(where)
    assert api.ok("GET", where) == run

    polls, now = Polls(api.dynamodb, api.name), utc_now().replace(microsecond=0)
    stored = polls.run(integration_id, run["id"], now)
    assert stored is not None
    polls.put_run(replace(stored, state="succeeded", started_at=now, finished_at=now, listed=7, fired=2), now)
    done = api.ok("GET", where)
    assert (done["state"], done["listed"], done["fired"], done["finished_at"]) == ("succeeded", 7, 2, as_shown(now))


def test_an_import_says_how_far_back_it_goes(api: AdminApi, started: list[tuple[str, str]]) -> None:
    integration_id = connected(api)
    path = f"/integrations/{integration_id}/sync"
    assert api.ok("POST", path, {"kind": "alerts"})["days"] == 7
    assert api.ok("POST", path, {"kind": "alerts", "days": 30})["days"] == 30
    assert len(started) == 2
    for body in (
        {},
        {"kind": "tickets"},
        {"kind": "devices", "days": 7},
        {"kind": "alerts", "days": 0},
        {"kind": "alerts", "days": 91},
    ):
        api.refused(422, "POST", path, body)


@pytest.mark.parametrize("status", ["webhook_only", "disconnected"])
def test_without_credentials_there_is_nothing_to_poll(
    api: AdminApi, started: list[tuple[str, str]], status: str
) -> None:
    integration_id = connected(api, status)
    for what, body in (("poll", None), ("sync", {"kind": "alerts"})):
        problem = api.refused(409, "POST", f"/integrations/{integration_id}/{what}", body)
        assert "no credentials" in problem["detail"]
    assert started == []


def test_a_run_that_was_never_started_or_never_ended_is_shown_as_failed(api: AdminApi) -> None:
    integration_id = connected(api)
    problem = api.problem(503, "POST", f"/integrations/{integration_id}/poll")  # there is no such function here
    assert "could not be started" in problem["detail"]
    (run,) = [item for (_, sk), item in api.stored().items() if sk.startswith("RUN#")]
    assert run["state"] == "failed"

    polls, now = Polls(api.dynamodb, api.name), utc_now().replace(microsecond=0)
    stored = polls.run(integration_id, run["run_id"], now)
    assert stored is not None
    long_ago = now - timedelta(minutes=21)
    polls.put_run(replace(stored, state="running", error=None, requested_at=long_ago, finished_at=None), now)
    shown = api.ok("GET", f"/integrations/{integration_id}/runs/{run['run_id']}")
    assert shown["state"] == "failed"
    assert shown["error"].startswith("It was broken off")


def test_a_run_is_its_integrations_own(api: AdminApi, started: list[tuple[str, str]]) -> None:
    mine, other = connected(api), connected(api)
    run = api.ok("POST", f"/integrations/{mine}/poll")
    assert api.problem(404, "GET", f"/integrations/{other}/runs/{run['id']}")
    assert api.problem(404, "GET", f"/integrations/{mine}/runs/unknown")


def test_an_integration_shows_how_its_polling_stands(api: AdminApi) -> None:
    integration_id = connected(api, polling_interval_minutes=30)
    never = api.ok("GET", f"/integrations/{integration_id}")
    assert never["polling"] == {
        "enabled": True,
        "interval_minutes": 30,
        "last_polled_at": None,
        "last_success_at": None,
        "last_error": None,
        "warning": None,
        "consecutive_failures": 0,
        "next_poll_at": None,
        "last_result": None,
    }
    at = utc_now().replace(microsecond=0)
    went_well = PollState(integration_id, last_polled_at=at, last_success_at=at, listed=20, fired=2, held_back=1)
    polled(api, went_well)
    shown = api.ok("GET", f"/integrations/{integration_id}")
    assert shown["status"] == "connected"
    assert shown["polling"]["last_polled_at"] == as_shown(at)
    assert shown["polling"]["next_poll_at"] == as_shown(at + timedelta(minutes=30))
    assert shown["polling"]["last_result"] == {
        "listed": 20,
        "unreadable": 0,
        "unreadable_alerts": [],
        "fired": 2,
        "cleared": 0,
        "held_back": 1,
    }


def test_three_failed_polls_in_a_row_show_the_integration_in_error_with_the_sentence(api: AdminApi) -> None:
    integration_id = connected(api)
    failed = PollState(integration_id, last_polled_at=utc_now(), last_error="The server does not answer.")
    for failures, status, reason in ((2, "connected", None), (3, "error", "The server does not answer.")):
        polled(api, replace(failed, consecutive_failures=failures))
        shown = api.ok("GET", f"/integrations/{integration_id}")
        assert (shown["status"], shown["status_reason"]) == (status, reason)
        assert shown["polling"]["last_error"] == "The server does not answer."
        assert shown["polling"]["consecutive_failures"] == failures
    polled(api, replace(failed, last_error=None, consecutive_failures=0))
    assert api.ok("GET", f"/integrations/{integration_id}")["status"] == "connected"


def test_what_polls_came_to_before_it_was_connected_anew_says_nothing_of_the_new_connection(api: AdminApi) -> None:
    now = utc_now().replace(microsecond=0)
    integration_id = connected(api, connected_at=now)
    failed = PollState(integration_id, last_error="The server does not answer.", consecutive_failures=5)
    polled(api, replace(failed, last_polled_at=now - timedelta(hours=1)))
    shown = api.ok("GET", f"/integrations/{integration_id}")
    assert (shown["status"], shown["status_reason"]) == ("connected", None)
    assert shown["polling"]["consecutive_failures"] == 0
    assert shown["polling"]["next_poll_at"] == as_shown(now + timedelta(minutes=15))
    polled(api, replace(failed, last_polled_at=now))
    assert api.ok("GET", f"/integrations/{integration_id}")["status"] == "error"


def test_what_waits_for_a_person_is_not_polled_next(api: AdminApi) -> None:
    integration_id = connected(api, status="reconnect_required", status_reason="Make a key.")
    polled(api, PollState(integration_id, last_polled_at=utc_now()))
    assert api.ok("GET", f"/integrations/{integration_id}")["polling"]["next_poll_at"] is None


def test_what_polling_does_leaves_the_configuration_as_every_cache_has_it(api: AdminApi) -> None:
    integration_id = connected(api)
    before = api.stored()["VERSION", "CONFIGURATION"]
    polled(api, PollState(integration_id, last_polled_at=utc_now()))
    assert api.stored()["VERSION", "CONFIGURATION"] == before
