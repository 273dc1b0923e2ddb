"""What the change of a sync's run tells the bus."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.pages import Failure
from tandem.events import fleet_payload
from tandem.events.changes import events_of
from tandem.events.payload import Event
from tandem.store.stream import change_of
from tandem.store.sync_records import ENDED, KINDS, NEXT, RunState, SyncRun, run_item
from tests.unit.alerts.world import START
from tests.unit.events.stream_records import record_of

STARTED, COMPLETED, FAILED = "RMM_SYNC_STARTED", "RMM_SYNC_COMPLETED", "RMM_SYNC_FAILED"

QUEUED = SyncRun("r1", "i1", "devices", "queued", START, "schedule", step="{}")
APPLYING = replace(QUEUED, state="applying", started_at=START, pages_total=4, pages_done=2, listed=500)
ENDING = replace(
    APPLYING,
    finished_at=START + timedelta(minutes=3),
    created=10,
    linked=1,
    updated=20,
    unchanged=460,
    skipped={"organization_not_mapped": 8},
    failed_devices=1,
    failures=(Failure("d7", "its name is no text"),),
    missing=3,
    returned=2,
    retired=1,
    warnings=("The RMM did not let antivirus be read.",),
)


def told(before: SyncRun | None, after: SyncRun) -> list[Event]:
    was = run_item(before) if before is not None else None
    return events_of(change_of(record_of(was, run_item(after))), "acme")


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def detail(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.detail())
    return found


def test_a_run_that_is_put_has_started() -> None:
    (event,) = told(None, QUEUED)
    assert (event.name, event.subject_id) == (STARTED, "i1")
    assert detail(event) == {
        "schema_version": 1,
        "event_id": event.event_id,
        "occurred_at": "2026-11-21T08:00:00.000000Z",
        "tenant_id": "acme",
        "integration_id": "i1",
        "run_id": "r1",
        "kind": "devices",
        "requested_by": "schedule",
        "requested_at": "2026-11-21T08:00:00.000000Z",
    }


def test_progress_and_signs_of_life_and_a_question_to_a_person_are_no_news() -> None:
    assert told(QUEUED, replace(QUEUED, cancel_requested=True)) == []
    assert told(APPLYING, replace(APPLYING, pages_done=3, listed=750, heartbeat_at=START)) == []
    assert told(replace(ENDING, state="finishing"), replace(ENDING, state="needs_confirmation")) == []


def test_the_end_is_told_with_its_counts() -> None:
    (event,) = told(ENDING, replace(ENDING, state="succeeded"))
    assert event.name == COMPLETED
    said = detail(event)
    assert (said["listed"], said["created"], said["linked"], said["updated"], said["unchanged"]) == (
        500,
        10,
        1,
        20,
        460,
    )
    assert (said["missing"], said["returned"], said["retired"], said["failed_devices"]) == (3, 2, 1, 1)
    assert said["skipped"] == {"organization_not_mapped": 8}
    assert said["warnings"] == ["The RMM did not let antivirus be read."]
    assert (said["started_at"], said["finished_at"]) == ("2026-11-21T08:00:00.000000Z", "2026-11-21T08:03:00.000000Z")
    assert "d7" not in event.detail(), "who failed stands on the run"


def test_a_failure_is_told_with_its_sentence_and_no_message_of_the_queue() -> None:
    error = "NinjaOne answered 500 eight times."
    (event,) = told(replace(APPLYING, step='{"secret": "s"}'), replace(APPLYING, state="failed", error=error))
    assert (event.name, detail(event)["state"], detail(event)["reason"]) == (FAILED, "failed", error)
    assert "secret" not in event.detail()


def test_a_cancelled_run_has_failed_and_says_so() -> None:
    (event,) = told(APPLYING, replace(APPLYING, state="cancelled"))
    assert (event.name, detail(event)["state"]) == (FAILED, "cancelled")
    assert detail(event)["reason"] == "It was cancelled."


def test_a_long_sentence_is_cut() -> None:
    (event,) = told(APPLYING, replace(APPLYING, state="failed", error="x" * 5000))
    assert len(detail(event)["reason"].encode()) <= 1024


def test_a_run_that_expires_and_the_state_of_the_syncs_are_no_news() -> None:
    assert events_of(change_of(record_of(run_item(ENDING), None)), "acme") == []
    state = {"pk": {"S": "SYNC#i1"}, "sk": {"S": "STATE"}, "integration_id": {"S": "i1"}}
    assert events_of(change_of(record_of(None, state)), "acme") == []


def test_the_words_of_payloads_are_those_of_the_core() -> None:
    assert set(get_args(fleet_payload.KindName)) == set(KINDS)
    (state,) = {tuple(get_args(fleet_payload.SyncFailed.model_fields["state"].annotation))}
    assert {*state, "succeeded"} == set(ENDED)


@st.composite
def lives(draw: st.DrawFn) -> list[RunState]:
    """A run's states, one write each; in between some that change nothing of the state."""
    states: list[RunState] = ["queued"]
    while states[-1] not in ENDED:
        here = states[-1]
        states.append(draw(st.sampled_from([here, *NEXT[here], *ENDED])) if len(states) < 20 else "failed")
    return states


@given(lives())
def test_every_run_is_told_to_start_once_and_to_end_once(states: list[RunState]) -> None:
    runs = [replace(ENDING, state=state) for state in states]
    events = told(None, runs[0])
    for before, after in pairwise(runs):
        events += told(before, after)
    assert names(events) == [STARTED, COMPLETED if states[-1] == "succeeded" else FAILED]
    assert len({event.event_id for event in events}) == 2


@pytest.mark.parametrize("ended", ENDED)
def test_what_comes_after_the_end_is_not_told_again(ended: RunState) -> None:
    run = replace(ENDING, state=ended)
    assert told(run, replace(run, warnings=("more",))) == []
