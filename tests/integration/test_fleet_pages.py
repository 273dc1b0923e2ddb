"""The pages of fleets in the table, and what a sync writes with them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tandem.assets.models import FleetPage
from tandem.assets.order import directory_of, sort_key
from tandem.assets.pages import Failure
from tandem.store.errors import AlreadyDoneError, ConflictError, MovedOnError
from tandem.store.fleets import Directory, Fleets
from tandem.store.sync_progress import Progress
from tandem.store.sync_records import MOST_FAILURES, SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tests.emulator import EmulatedAws
from tests.integration.deployment import Calls, contents
from tests.unit.store.fleets import NOW, entry, fleet_page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

LATER = NOW + timedelta(minutes=30)


@pytest.fixture
def fleets(dynamodb: "DynamoDBClient", table_name: str) -> Fleets:
    return Fleets(dynamodb, table_name)


@pytest.fixture
def runs(dynamodb: "DynamoDBClient", table_name: str) -> SyncRuns:
    return SyncRuns(dynamodb, table_name)


def applying(runs: SyncRuns, pages: int = 2) -> SyncRun:
    run = SyncRun(new_run_id(NOW), "i1", "devices", "queued", NOW, "schedule")
    assert runs.begin(run, NOW, LATER)
    run = runs.move(runs.move(run, "listing", NOW), "sorting", NOW)
    return runs.move(run, "applying", NOW, pages_total=pages)


def next_of(page: FleetPage, run_id: str | None) -> FleetPage:
    return replace(page, run_id=run_id, version=page.version + 1)


def test_a_fleet_that_was_never_written_is_one_empty_page(fleets: Fleets) -> None:
    assert fleets.directory("i1") == Directory("i1")
    assert fleets.page("i1", "") == FleetPage("i1", "")
    assert fleets.entries([("i1", "7")]) == {}


def test_a_page_comes_back_as_it_was_written(fleets: Fleets) -> None:
    page = fleet_page(250)
    fleets.put_page(page)
    assert fleets.page("i1", "", consistent=True) == page
    with pytest.raises(ConflictError):
        fleets.put_page(page)
    fleets.put_page(next_of(page, None))
    with pytest.raises(ConflictError):
        fleets.put_page(next_of(page, None))


def test_devices_of_several_integrations_are_found_on_their_pages_in_two_rounds(
    emulated_aws: EmulatedAws, table_name: str
) -> None:
    client = emulated_aws.client("dynamodb")
    calls, fleets = Calls(client), Fleets(client, table_name)
    for integration_id in ("i1", "i2"):
        fleets.put_page(replace(fleet_page(30), integration_id=integration_id))
        fleets.divide(Directory(integration_id), ["", sort_key("1010"), sort_key("1020")])
    calls.take()
    wanted = [("i1", "1003"), ("i1", "1015"), ("i2", "1029"), ("i2", "9"), ("i3", "1003")]
    found = fleets.entries(wanted)
    assert calls.take() == {"BatchGetItem": 2}
    assert {device: each.external_id for device, each in found.items()} == {
        ("i1", "1003"): "1003",
        ("i1", "1015"): "1015",
        ("i2", "1029"): "1029",
    }


def test_a_divided_page_loses_no_device_and_the_second_half_of_a_crashed_division_is_written_anew(
    fleets: Fleets, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    page = fleet_page(40)
    fleets.put_page(page)
    leftover = replace(fleet_page(3, begins=sort_key("1020")), version=4)
    nobodys = replace(fleet_page(3, begins=sort_key("5000")), version=4)
    fleets.put_page(replace(leftover, version=1))
    fleets.put_page(replace(nobodys, version=1))
    directory = fleets.divide(Directory("i1"), ["", sort_key("1020"), sort_key("5000")])
    assert directory == Directory("i1", ("", sort_key("1020"), sort_key("5000")), 1)
    assert fleets.directory("i1") == directory
    pages = fleets.pages("i1", directory.begins, consistent=True)
    assert [len(each.entries) for each in pages.values()] == [20, 20, 0]
    assert {name: each for one in pages.values() for name, each in one.entries.items()} == page.entries
    assert fleets.divide(directory, directory.begins) == directory
    fleets.remove("i1")
    assert contents(dynamodb, table_name) == {}


def test_a_page_that_is_divided_meanwhile_is_not_written(fleets: Fleets) -> None:
    fleets.put_page(fleet_page(40))
    page = fleets.page_of("i1", "1030")
    directory = fleets.divide(fleets.directory("i1"), ["", sort_key("1020")])
    with pytest.raises(ConflictError):
        fleets.put_page(next_of(page, None))
    assert fleets.page_of("i1", "1030").begins == sort_key("1020")
    with pytest.raises(ConflictError):
        fleets.divide(Directory("i1"), ["", sort_key("1010")])
    assert fleets.directory("i1") == directory
    with pytest.raises(ConflictError):
        fleets.put_page(FleetPage("i1", "", {"1": entry("1")}, version=1))


def test_a_hundred_pages_of_a_first_listing_are_divided_in_a_few_calls(
    emulated_aws: EmulatedAws, table_name: str
) -> None:
    client = emulated_aws.client("dynamodb")
    calls, fleets = Calls(client), Fleets(client, table_name)
    begins = directory_of((), [sort_key(str(number)) for number in range(25_000)])
    assert len(begins) == 100
    fleets.divide(Directory("i1"), begins)
    assert sum(calls.take().values()) < 10


def test_a_page_and_its_progress_are_written_once_however_often_the_message_comes(
    fleets: Fleets, runs: SyncRuns
) -> None:
    run = applying(runs)
    page = replace(fleet_page(10), run_id=run.run_id)
    progress = Progress(listed=10, created=8, skipped={"not_mapped": 2, "not_approved": 1}, failures=())
    fleets.finish_page(page, run, progress, NOW)
    again = fleets.page("i1", "", consistent=True)
    with pytest.raises(AlreadyDoneError):
        fleets.finish_page(page, run, progress, NOW)
    with pytest.raises(AlreadyDoneError):
        fleets.finish_page(replace(again, version=2), run, progress, NOW)
    fleets.finish_page(replace(fleet_page(5, begins="5"), run_id=run.run_id), run, progress, LATER)
    after = runs.run("i1", run.run_id, NOW)
    assert after is not None
    assert (after.pages_total, after.pages_done, after.listed, after.created) == (2, 2, 20, 16)
    assert after.skipped == {"not_mapped": 4, "not_approved": 2}
    assert after.heartbeat_at == LATER


def test_a_page_that_a_person_changed_meanwhile_is_a_conflict(fleets: Fleets, runs: SyncRuns) -> None:
    run = applying(runs)
    fleets.put_page(fleet_page(10))
    read = fleets.page("i1", "", consistent=True)
    fleets.put_page(next_of(read, read.run_id))
    with pytest.raises(ConflictError):
        fleets.finish_page(next_of(read, run.run_id), run, Progress(listed=10), NOW)
    after = runs.run("i1", run.run_id, NOW)
    assert after is not None
    assert after.pages_done == 0


def test_a_page_of_a_run_that_has_moved_on_is_not_written(fleets: Fleets, runs: SyncRuns) -> None:
    run = applying(runs)
    page = replace(fleet_page(10), run_id=run.run_id)
    assert runs.finish(run, "cancelled", NOW)
    with pytest.raises(MovedOnError):
        fleets.finish_page(page, run, Progress(), NOW)
    assert fleets.page("i1", "").version == 0


def test_a_page_is_worked_on_again_in_the_step_that_retires(fleets: Fleets, runs: SyncRuns) -> None:
    run = applying(runs, pages=1)
    page = replace(fleet_page(10), run_id=run.run_id)
    fleets.finish_page(page, run, Progress(listed=10), NOW)
    run = runs.move(run, "finishing", NOW)
    run = runs.move(run, "retiring", NOW, pages_total=1)
    retiring = next_of(page, f"{run.run_id}#retiring")
    fleets.finish_page(retiring, run, Progress(retired=3), NOW, state="retiring")
    with pytest.raises(AlreadyDoneError):
        fleets.finish_page(retiring, run, Progress(retired=3), NOW, state="retiring")
    after = runs.run("i1", run.run_id, NOW)
    assert after is not None
    assert (after.pages_done, after.retired, after.listed) == (1, 3, 10)


def test_many_workers_count_every_page_and_only_the_first_failures_are_named(fleets: Fleets, runs: SyncRuns) -> None:
    run = applying(runs, pages=24)
    failures = tuple(Failure(f"d{number}", "name: must be text" * 100) for number in range(4))

    def work(number: int) -> None:
        now = runs.run("i1", run.run_id, NOW)
        assert now is not None
        page = replace(fleet_page(3, begins=f"b{number}"), run_id=run.run_id)
        fleets.finish_page(page, now, Progress(listed=3, failed_devices=4, failures=failures), NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    after = runs.run("i1", run.run_id, NOW)
    assert after is not None
    assert (after.pages_done, after.listed, after.failed_devices) == (24, 72, 96)
    assert len(after.failures) == MOST_FAILURES
    assert all(len(each.reason.encode()) <= 300 for each in after.failures)
