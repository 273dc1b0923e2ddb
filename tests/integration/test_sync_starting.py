"""Beginning syncs: one at a time, and one more after it if anybody wanted one meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tandem.alert_queue import QueueError
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.leases import LEASE, STALE_AFTER
from tandem.syncing.message import Step, SyncMessage, decode
from tandem.syncing.starting import SyncStarter
from tests.unit.store.fleets import NOW

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


class Queue:
    """Remembers what was sent; `is_gone`: takes nothing."""

    def __init__(self) -> None:
        self.sent: list[SyncMessage] = []
        self.is_gone = False

    def send(self, messages: Sequence[SyncMessage], delay_seconds: int = 0) -> None:
        if self.is_gone:
            raise QueueError("no answer")
        self.sent += messages


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def runs(dynamodb: "DynamoDBClient", table_name: str) -> SyncRuns:
    return SyncRuns(dynamodb, table_name)


@pytest.fixture
def starter(runs: SyncRuns, queue: Queue) -> SyncStarter:
    return SyncStarter(runs, queue)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_a_run_is_recorded_and_its_first_message_sent(starter: SyncStarter, runs: SyncRuns, queue: Queue) -> None:
    run = starter.start("i1", "devices", "u1", NOW).run
    assert run is not None
    assert runs.run("i1", run.run_id, NOW) == run
    assert (run.kind, run.state, run.requested_by, run.heartbeat_at) == ("devices", "queued", "u1", NOW)
    assert queue.sent == [SyncMessage(Step.START, "i1", run.run_id)]
    assert run.step is not None
    assert decode(run.step) == queue.sent[0]


def test_while_one_is_at_work_it_is_named_and_another_one_is_only_noted(
    starter: SyncStarter, runs: SyncRuns, queue: Queue
) -> None:
    first = starter.start("i1", "devices", "u1", NOW).run
    assert first is not None
    for by in ("u2", "u3"):
        again = starter.want("i1", "devices", by, at(1))
        assert (again.run, again.at_work) == (None, first)
    assert len(queue.sent) == 1
    assert runs.finish(first, "succeeded", at(2))
    wanted = starter.start_wanted("i1", at(3)).run
    assert wanted is not None
    assert (wanted.kind, wanted.requested_by) == ("devices", "u3")
    assert runs.finish(wanted, "succeeded", at(4))
    assert starter.start_wanted("i1", at(5)).run is None


def test_one_that_is_wanted_begins_at_once_if_nothing_is_at_work(starter: SyncStarter, runs: SyncRuns) -> None:
    assert starter.want("i1", "organizations", "u1", NOW).run is not None
    assert runs.state("i1").wanted == {}


def test_a_run_that_died_goes_on_instead(starter: SyncStarter, queue: Queue) -> None:
    first = starter.start("i1", "devices", "u1", NOW).run
    assert first is not None
    assert starter.start("i1", "devices", "u2", NOW + STALE_AFTER / 2).at_work == first
    assert len(queue.sent) == 1
    assert starter.start("i1", "devices", "u2", NOW + STALE_AFTER).at_work == first
    assert queue.sent == [SyncMessage(Step.START, "i1", first.run_id)] * 2


def test_a_run_whose_lease_ran_out_is_ended_when_another_begins(starter: SyncStarter, runs: SyncRuns) -> None:
    dead = starter.start("i1", "devices", "u1", NOW).run
    assert dead is not None
    later = NOW + LEASE + timedelta(minutes=1)
    assert starter.start("i1", "patches", "schedule", later).run is not None
    ended = runs.run("i1", dead.run_id, later)
    assert ended is not None
    assert (ended.state, ended.finished_at) == ("failed", later)
    assert "no sign of life" in (ended.error or "")


def test_a_run_that_cannot_be_handed_over_keeps_nobody_away(starter: SyncStarter, runs: SyncRuns, queue: Queue) -> None:
    queue.is_gone = True
    with pytest.raises(QueueError):
        starter.start("i1", "devices", "u1", NOW)
    (failed,) = runs.runs("i1", None, 5, NOW).records
    assert failed.state == "failed"
    queue.is_gone = False
    assert starter.start("i1", "devices", "u1", at(1)).run is not None
