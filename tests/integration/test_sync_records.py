"""Leases, states and runs of device syncs in the table, and audit entries."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tandem.store.audits import AUDIT_KEPT, AuditEntry, Audits
from tandem.store.errors import AlreadyDoneError, MovedOnError
from tandem.store.sync_progress import Progress
from tandem.store.sync_records import RUN_KEPT, LastRun, Retiring, SyncRun, SyncState, new_run_id
from tandem.store.sync_runs import SyncRuns
from tests.unit.store.fleets import NOW

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def new_run(minutes: float = 0, integration_id: str = "i1") -> SyncRun:
    return SyncRun(new_run_id(at(minutes)), integration_id, "devices", "queued", at(minutes), "u1")


@pytest.fixture
def runs(dynamodb: "DynamoDBClient", table_name: str) -> SyncRuns:
    return SyncRuns(dynamodb, table_name)


def test_a_run_that_begins_takes_the_lease(runs: SyncRuns) -> None:
    assert runs.state("i1") == SyncState("i1")
    run = new_run()
    assert runs.begin(run, NOW, at(20))
    assert runs.begin(run, NOW, at(20)), "the same one again"
    assert runs.run("i1", run.run_id, NOW) == run
    assert runs.state("i1") == SyncState("i1", run.run_id, at(20))
    assert runs.states(["i1", "i2"]) == {"i1": runs.state("i1"), "i2": SyncState("i2")}


def test_while_one_runs_no_other_does_and_leaves_no_trace(runs: SyncRuns) -> None:
    first, second = new_run(), new_run(1)
    assert runs.begin(first, NOW, at(20))
    assert not runs.begin(second, at(19), at(40))
    assert runs.run("i1", second.run_id, NOW) is None
    assert runs.begin(new_run(1, "i2"), at(19), at(40)), "another integration's"
    assert runs.begin(second, at(21), at(41)), "whoever had it has died"
    assert not runs.take(first, at(22), at(50))
    assert runs.take(second, at(22), at(60)), "it renews its own"
    assert runs.state("i1").lease_until == at(60)


def test_of_many_syncs_started_at_once_one_runs(runs: SyncRuns) -> None:
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda number: runs.begin(new_run(number), NOW, at(20)), range(12)))
    assert begun.count(True) == 1
    assert len(runs.runs("i1", None, 50, NOW).records) == 1


def test_a_run_goes_from_state_to_state_once(runs: SyncRuns) -> None:
    run = new_run()
    runs.begin(run, NOW, at(20))
    listing = runs.move(run, "listing", at(1), step="{}")
    assert (listing.state, listing.started_at, listing.heartbeat_at, listing.step) == ("listing", at(1), at(1), "{}")
    sorting = runs.move(listing, "sorting", at(2), step="sort")
    with pytest.raises(MovedOnError):
        runs.move(listing, "sorting", at(2))
    with pytest.raises(ValueError, match="from sorting to retiring"):
        runs.move(sorting, "retiring", at(2))
    applying = runs.move(sorting, "applying", at(3), pages_total=3)
    assert (applying.pages_total, applying.step, applying.started_at) == (3, None, at(1))
    finishing = runs.move(applying, "finishing", at(4))
    asked = runs.move(finishing, "needs_confirmation", at(5), confirm=(Retiring("o1", "Acme", 7, 9),))
    assert asked.confirm == (Retiring("o1", "Acme", 7, 9),)
    assert runs.give_back(asked)
    assert not runs.give_back(asked)
    assert runs.take(asked, at(6), at(26))
    confirmed = runs.move(asked, "retiring", at(6), pages_total=3, confirmed_by="u2")
    assert (confirmed.confirmed_by, confirmed.confirm) == ("u2", asked.confirm)
    assert runs.run("i1", run.run_id, at(6)) == confirmed


def test_each_page_of_a_listing_counts_once(runs: SyncRuns) -> None:
    run = new_run()
    runs.begin(run, NOW, at(20))
    first = runs.move(run, "listing", NOW, step="page 1")
    second = runs.advance(first, Progress(pages_listed=1, rows_seen=100, warnings=("slow",)), "page 2", at(1))
    assert (second.step, second.step_number) == ("page 2", first.step_number + 1)
    with pytest.raises(AlreadyDoneError):
        runs.advance(first, Progress(pages_listed=1, rows_seen=100), "page 2", at(1))
    third = runs.advance(second, Progress(pages_listed=1, rows_seen=7, warnings=("slow",)), "page 3", at(2))
    assert (third.pages_listed, third.rows_seen, third.heartbeat_at) == (2, 107, at(2))
    assert third.warnings == ("slow",)
    runs.move(third, "sorting", at(3))
    with pytest.raises(MovedOnError):
        runs.advance(third, Progress(), "page 4", at(3))
    with pytest.raises(MovedOnError):
        runs.heartbeat(third, at(4))


def test_a_person_may_ask_a_run_to_stop_as_long_as_it_runs(runs: SyncRuns) -> None:
    run = new_run()
    runs.begin(run, NOW, at(20))
    assert not runs.heartbeat(run, at(1)).cancel_requested
    runs.request_cancel(run)
    beaten = runs.heartbeat(run, at(2))
    assert (beaten.cancel_requested, beaten.heartbeat_at) == (True, at(2))
    runs.finish(run, "cancelled", at(3))
    with pytest.raises(MovedOnError):
        runs.request_cancel(run)
    with pytest.raises(MovedOnError):
        runs.request_cancel(new_run(5))
    assert runs.run("i1", run.run_id, at(3)) is not None


def test_what_came_of_runs_is_noted_by_kind(runs: SyncRuns) -> None:
    run = new_run()
    runs.begin(run, NOW, at(20))
    assert runs.finish(run, "failed", at(1), "The RMM does not answer.")
    assert not runs.finish(run, "succeeded", at(2)), "it has ended"
    ended = runs.run("i1", run.run_id, NOW)
    assert ended is not None
    assert (ended.state, ended.finished_at, ended.error) == ("failed", at(1), "The RMM does not answer.")
    state = runs.state("i1")
    assert (state.last_error, state.consecutive_failures, state.lease_run_id) == ("The RMM does not answer.", 1, None)
    assert state.last == {"devices": LastRun(run.run_id, "failed", at(1))}

    patches = replace(new_run(5), kind="patches")
    runs.begin(patches, at(5), at(25))
    runs.finish(patches, "cancelled", at(6))
    assert runs.state("i1").consecutive_failures == 1, "a cancelled run is neither"
    assert runs.state("i1").last["patches"] == LastRun(patches.run_id, "cancelled", at(6))

    good = new_run(10)
    runs.begin(good, at(10), at(30))
    assert runs.finish(good, "succeeded", at(11))
    state = runs.state("i1")
    assert (state.last_error, state.consecutive_failures) == (None, 0)
    assert state.last_success_at == {"devices": at(11)}


def test_a_run_that_ends_after_it_lost_its_lease_leaves_the_other_ones(runs: SyncRuns) -> None:
    slow, next_one = new_run(), new_run(30)
    runs.begin(slow, NOW, at(20))
    runs.begin(next_one, at(30), at(50))
    assert runs.finish(slow, "failed", at(31), "Too slow.")
    state = runs.state("i1")
    assert (state.lease_run_id, state.last_error) == (next_one.run_id, "Too slow.")
    with pytest.raises(ValueError, match="no end"):
        runs.finish(next_one, "sorting", at(32))


def test_what_is_wanted_after_a_run_is_noted_until_one_of_its_kind_begins(runs: SyncRuns) -> None:
    first = new_run()
    assert runs.begin(first, NOW, at(20))
    for by in ("u1", "u2"):
        runs.note_wanted("i1", "devices", by)
    runs.note_wanted("i1", "patches", "u1")
    assert runs.state("i1").wanted == {"devices": "u2", "patches": "u1"}
    assert not runs.begin(new_run(1), at(1), at(21))
    assert runs.finish(first, "succeeded", at(2))
    assert runs.state("i1").wanted == {"devices": "u2", "patches": "u1"}
    assert runs.begin(new_run(3), at(3), at(23))
    assert runs.state("i1").wanted == {"patches": "u1"}


def test_runs_are_listed_newest_first_and_forgotten_after_a_month(runs: SyncRuns) -> None:
    made = [new_run(minutes) for minutes in range(0, 50, 10)]
    for run in made:
        runs.begin(run, run.requested_at, at(90))
        runs.finish(run, "succeeded", run.requested_at)
    ids = [run.run_id for run in reversed(made)]
    first = runs.runs("i1", None, 2, NOW)
    assert ([run.run_id for run in first.records], first.after) == (ids[:2], ids[1])
    second = runs.runs("i1", first.after, 2, NOW)
    assert [run.run_id for run in second.records] == ids[2:4]
    last = runs.runs("i1", second.after, 2, NOW)
    assert ([run.run_id for run in last.records], last.after) == (ids[4:], None)
    assert runs.runs("i1", None, 9, at(25) + RUN_KEPT).records == runs.runs("i1", None, 2, NOW).records
    assert runs.run("i1", ids[-1], at(25) + RUN_KEPT) is None


def test_audit_entries_are_listed_newest_first_with_a_filter_and_kept_for_400_days(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    audits = Audits(dynamodb, table_name)
    entries = [
        AuditEntry(f"e{number}", at(number), f"user:{number % 2}", "remote_access", "asset:a1", "x" * 3000)
        for number in range(7)
    ]
    for entry in entries:
        audits.put(entry)
        audits.put(entry)
    first = audits.entries(lambda _: True, None, 3, NOW)
    assert [entry.audit_id for entry in first.records] == ["e6", "e5", "e4"]
    rest = audits.entries(lambda _: True, first.after, 4, NOW)
    assert ([entry.audit_id for entry in rest.records], rest.after) == (["e3", "e2", "e1", "e0"], None)
    odd = audits.entries(lambda entry: entry.who == "user:1", None, 9, NOW)
    assert [entry.audit_id for entry in odd.records] == ["e5", "e3", "e1"]
    assert replace(rest.records[0], detail=None) == replace(entries[3], detail=None)
    assert len((rest.records[0].detail or "").encode()) <= 2048
    late = audits.entries(lambda _: True, None, 9, at(4.5) + AUDIT_KEPT)
    assert [entry.audit_id for entry in late.records] == ["e6", "e5"]
