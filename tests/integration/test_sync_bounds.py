"""Syncs of devices at their bounds: what one run may retire, how much one page, one line of the history may hold, and
what ends a run that cannot go on."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tandem.assets.identity import asset_id_of
from tandem.assets.models import FleetEntry, Presence
from tandem.assets.order import FIRST
from tandem.assets.pages import Known
from tandem.connections.limits import Deadline
from tandem.store.errors import BusyError
from tandem.store.fleets import Fleets
from tandem.store.sync_records import Retiring
from tandem.syncing import applying, page_context
from tandem.syncing.attempts import DEADLY_ATTEMPTS
from tandem.syncing.message import Step, SyncMessage
from tests.emulator import EmulatedAws
from tests.integration.syncing import INTEGRATION, SyncedTenant
from tests.integration.test_syncs import agents, lose_some, presences
from tests.simulators import world
from tests.simulators.tacticalrmm.simulator import TacticalRmm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


@pytest.fixture
def tactical(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str) -> Iterator[SyncedTenant]:
    with TacticalRmm(seed=1) as simulator:
        world.tacticalrmm(simulator, clients=1, agents=12)
        tenant = SyncedTenant(dynamodb, emulated_aws.client("s3"), table=table_name, simulator=simulator)
        tenant.map_all()
        yield tenant


def test_a_confirmation_is_for_what_was_asked_about_and_no_more(tactical: SyncedTenant) -> None:
    tactical.sync()
    for numbers, days in ((1, 2, 3), 25), ((4, 5), 6):
        for number in numbers:
            agents(tactical).remove_device(number)
        for _ in range(3):
            tactical.sync()
        tactical.pass_time(days=days)
    run = tactical.sync()
    assert run.confirm == (Retiring("1", "Acme Corp", 3, 12),)
    tactical.pass_time(days=25)  # the other two are away for long enough by now, but nobody was asked about them

    tactical.queue.send([SyncMessage(Step.CONFIRM, INTEGRATION, run.run_id, by="user-1")])
    tactical.drain()

    assert (tactical.run(run).state, tactical.run(run).retired) == ("succeeded", 3)
    assert presences(tactical) == {"listed": 7, "missing": 2, "retired": 3}


def test_of_an_organization_that_nobody_was_asked_about_not_much_is_retired(tactical: SyncedTenant) -> None:
    lose_some(tactical, 1, 2, 3)
    run = tactical.sync()
    integration = tactical.integrations.get(INTEGRATION)
    assert integration is not None
    for number in (4, 5):
        agents(tactical).remove_device(number)
    for _ in range(3):
        run = tactical.sync()
    tactical.pass_time(days=2)
    tactical.integrations.put(replace(integration, retire_after_days=0))

    tactical.queue.send([SyncMessage(Step.CONFIRM, INTEGRATION, run.run_id, by="user-1")])
    tactical.drain()

    assert (tactical.run(run).state, tactical.run(run).retired) == ("succeeded", 0)


def test_a_page_is_divided_also_for_what_is_listed_no_more(tactical: SyncedTenant) -> None:
    tactical.sync()
    gone = [FleetEntry(f"gone-{number:040d}", "x", presence=Presence.RETIRED) for number in range(600)]
    page = tactical.fleets.page(INTEGRATION, FIRST)
    entries = {**page.entries, **{each.external_id: replace(each, asset_id=each.external_id) for each in gone}}
    tactical.fleets.put_page(replace(page, entries=entries, version=page.version + 1))

    tactical.sync()

    directory = tactical.fleets.directory(INTEGRATION)
    pages = tactical.fleets.pages(INTEGRATION, directory.begins)
    assert sorted(len(each.entries) for each in pages.values()) == [204, 204, 204]


def test_a_run_whose_step_kills_the_function_each_time_ends(tactical: SyncedTenant) -> None:
    run = tactical.begin()
    assert run is not None
    message = SyncMessage(Step.START, INTEGRATION, run.run_id)

    handled = tactical.work.handle(message, Deadline(60, time.monotonic), DEADLY_ATTEMPTS + 1)

    assert (handled.outcome, tactical.run(run).state) == ("failed", "failed")


def test_a_machine_with_thousands_of_other_programs_is_no_history_that_the_table_refuses(
    tactical: SyncedTenant,
) -> None:
    tactical.sync()
    asset_id = asset_id_of(INTEGRATION, agents(tactical).state.agents[1].agent_id)
    for kind in "ab":
        names = [f"{kind} {number} {'x' * 100}" for number in range(3000)]
        agents(tactical).set_software(1, [{"name": each, "version": "1.2.3", "publisher": "Acme"} for each in names])
        run = tactical.sync("software")

    assert (run.state, run.updated) == ("succeeded", 1)
    found = tactical.assets.history(asset_id, None, 100, tactical.now).records
    assert sum(len(each.changes) for each in found if each.what == "software") == 6000


def test_a_page_that_a_newer_run_wrote_is_not_decided_again_with_the_listing_of_one_that_was_ended(
    tactical: SyncedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tactical.sync()
    number = 1
    agent_id = agents(tactical).state.agents[number].agent_id
    agents(tactical).overlay_device(number, {"serial_number": "OLD-LISTING-1"})
    run = tactical.begin()
    assert run is not None
    while tactical.run(run).state != "applying":
        tactical.deliver()
    agents(tactical).overlay_device(number, {"serial_number": "NEW-LISTING-2"})
    known_of = page_context.known_of

    def meanwhile(*reading: Any) -> Known:
        monkeypatch.setattr(applying, "known_of", known_of)
        waiting, tactical.queue.waiting = tactical.queue.waiting, []
        tactical.runs.finish(tactical.run(run), "failed", tactical.now, "ended")
        assert tactical.sync().state == "succeeded"
        tactical.queue.waiting = waiting
        return known_of(*reading)

    monkeypatch.setattr(applying, "known_of", meanwhile)
    tactical.drain()

    assert tactical.listed()[agent_id].devices[0].facts.serial_number == "NEW-LISTING-2"


def test_what_a_run_wrote_that_was_cancelled_before_its_page_is_mended_by_the_next(
    tactical: SyncedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(*_: object, **__: object) -> None:
        raise BusyError("no answer from the table")

    tactical.sync()
    agent_id = agents(tactical).state.agents[1].agent_id
    agents(tactical).overlay_device(1, {"serial_number": "PF-2XK99"})
    run = tactical.begin()
    assert run is not None
    with monkeypatch.context() as broken:
        broken.setattr(Fleets, "finish_page", no_answer)
        while tactical.run(run).trouble is None:
            tactical.deliver()
        tactical.runs.request_cancel(tactical.run(run))
        tactical.drain()
    assert tactical.listed()[agent_id].devices[0].facts.serial_number == "PF-2XK99"
    agents(tactical).overlay_device(1, {})

    assert tactical.sync().updated == 1

    assert tactical.listed()[agent_id].devices[0].facts.serial_number != "PF-2XK99"
