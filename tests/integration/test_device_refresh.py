"""Single devices, looked at between two syncs: on a real table, the RMM's simulator behind its real client."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tandem.assets.models import Presence
from tandem.assets.news import News
from tandem.assets.shown import shown
from tandem.dead_letters.letters import DeadLetter
from tandem.store.errors import ConflictError
from tandem.store.sync_records import RunKind
from tandem.syncing.received import Message
from tandem.syncing.refresh import ATTEMPTS_AT_BAD_REPLIES, PATIENCE, Outcome, Refreshed, RefreshWork
from tandem.syncing.refresh_message import RefreshMessage, encode
from tandem.syncing.starting import Start
from tests.emulator import EmulatedAws
from tests.integration.syncing import INTEGRATION, SyncedTenant
from tests.simulators import world
from tests.simulators.levelio.simulator import Level

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


@dataclass
class Office:
    """Who begins syncs, and keeps dead letters."""

    wanted: list[tuple[str, RunKind, str]] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)

    def want(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        self.wanted.append((integration_id, kind, by))
        return Start()

    def park(self, letter: DeadLetter, now: datetime) -> None:
        self.letters.append(letter)


class Refreshing:
    """A tenant whose fleet was synced once."""

    def __init__(self, tenant: SyncedTenant, level: Level) -> None:
        self.tenant, self.level, self.office = tenant, level, Office()
        self.work = RefreshWork(tenant.tools, tenant.integrations, self.office, self.office, 30)
        tenant.map_all()
        tenant.sync()
        self.devices = sorted(tenant.listed())

    def hear(
        self, *news: tuple[str | None, News], sent_ago: timedelta = timedelta(), attempts: int = 1
    ) -> list[Refreshed]:
        messages = [
            Message(
                f"m{place}", encode(RefreshMessage(INTEGRATION, device, what)), self.tenant.now - sent_ago, attempts
            )
            for place, (device, what) in enumerate(news)
        ]
        return self.work.refresh(messages)

    def outcomes(self, *news: tuple[str | None, News]) -> list[Outcome | None]:
        return [each.outcome for each in self.hear(*news)]

    def name(self, device: str) -> str | None:
        return shown(self.tenant.listed()[device]).facts.name


@pytest.fixture
def level() -> Iterator[Level]:
    with Level(seed=1) as simulator:
        world.small(simulator)
        yield simulator


@pytest.fixture
def refreshing(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws, table_name: str, level: Level) -> Refreshing:
    tenant = SyncedTenant(dynamodb, emulated_aws.client("s3"), table=table_name, simulator=level)
    return Refreshing(tenant, level)


def test_a_device_that_changed_is_what_the_rmm_says_now_and_others_are_not_asked_for(refreshing: Refreshing) -> None:
    one, other, *_ = refreshing.devices
    refreshing.level.rename_device(one, "RENAMED")
    refreshing.level.rename_device(other, "ALSO-RENAMED")
    assert refreshing.outcomes((one, News.CHANGED), (one, News.CHANGED)) == [Outcome.REFRESHED] * 2
    assert refreshing.name(one) == "RENAMED"
    assert refreshing.name(other) not in (None, "ALSO-RENAMED")


def test_a_new_device_gets_its_asset_and_its_alerts_are_told(refreshing: Refreshing) -> None:
    group = next(iter(refreshing.level.state.groups)).id
    new = refreshing.level.add_device("NEW-1", group).id
    assert refreshing.outcomes((new, News.CHANGED)) == [Outcome.REFRESHED]
    assert shown(refreshing.tenant.listed()[new]).client_id == "c1"
    # The next whole sync finds nothing to do for it.
    run = refreshing.tenant.sync()
    assert (run.created, run.updated) == (0, 0)


def test_a_device_that_the_rmm_deleted_is_missing_at_once(refreshing: Refreshing) -> None:
    one, other, *_ = refreshing.devices
    refreshing.level.remove_device(one)
    refreshing.level.remove_device(other)
    assert refreshing.outcomes((one, News.DELETED), (other, News.CHANGED)) == [Outcome.GONE] * 2
    assert refreshing.tenant.listed()[one].devices[0].presence is Presence.MISSING
    assert refreshing.tenant.listed()[other].devices[0].presence is Presence.LISTED


def test_an_alert_has_a_device_looked_at_only_if_no_sync_knows_it(refreshing: Refreshing) -> None:
    known, *_ = refreshing.devices
    group = next(iter(refreshing.level.state.groups)).id
    new = refreshing.level.add_device("NEW-1", group).id
    before = refreshing.level.requests.count()
    assert refreshing.outcomes((known, News.ALERTED)) == [Outcome.KNOWN]
    assert refreshing.level.requests.count() == before
    assert refreshing.outcomes((known, News.ALERTED), (new, News.ALERTED)) == [Outcome.KNOWN, Outcome.REFRESHED]
    refreshing.tenant.begin()
    assert refreshing.outcomes(("another", News.ALERTED)) == [Outcome.KNOWN], "the sync that is at work shows it"


def test_changed_organizations_begin_a_sync_of_them(refreshing: Refreshing) -> None:
    assert refreshing.outcomes((None, News.ORGANIZATIONS)) == [Outcome.BEGUN]
    assert refreshing.office.wanted == [(INTEGRATION, "organizations", "webhook")]


def test_nothing_is_asked_for_an_integration_that_is_not_synced(refreshing: Refreshing) -> None:
    integration = refreshing.tenant.integration
    refreshing.tenant.dynamodb.update_item(
        TableName=refreshing.tenant.table,
        Key={"pk": {"S": "INTEGRATION"}, "sk": {"S": INTEGRATION}},
        UpdateExpression="SET device_sync_enabled = :no",
        ExpressionAttributeValues={":no": {"BOOL": False}},
    )
    assert integration.is_synced
    assert refreshing.outcomes((refreshing.devices[0], News.CHANGED)) == [Outcome.NOT_SYNCED]


def test_a_device_waits_for_an_rmm_that_is_away_but_not_for_long(refreshing: Refreshing) -> None:
    one, *_ = refreshing.devices
    refreshing.level.faults.add("status", status=503, path="/v2/devices", times=None)
    (waits,) = refreshing.hear((one, News.CHANGED), attempts=3)
    assert (waits.failed, waits.wait) == (True, 20)
    (given_up,) = refreshing.hear((one, News.CHANGED), sent_ago=PATIENCE)
    assert (given_up.failed, given_up.outcome) == (False, Outcome.GIVEN_UP)
    refreshing.level.faults.clear()
    assert refreshing.outcomes((one, News.CHANGED)) == [Outcome.REFRESHED]


def test_a_device_whose_record_cannot_be_read_keeps_others_waiting_for_a_few_attempts_only(
    refreshing: Refreshing,
) -> None:
    one, *_ = refreshing.devices
    refreshing.level.faults.add("html", path="/v2/devices", times=None)
    assert [each.failed for each in refreshing.hear((one, News.CHANGED), attempts=ATTEMPTS_AT_BAD_REPLIES - 1)] == [
        True
    ]
    (given_up,) = refreshing.hear((one, News.CHANGED), attempts=ATTEMPTS_AT_BAD_REPLIES)
    assert given_up.outcome is Outcome.GIVEN_UP


def test_a_page_that_somebody_else_writes_is_read_and_decided_again(
    refreshing: Refreshing, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, *_ = refreshing.devices
    refreshing.level.rename_device(one, "RENAMED")
    pages, calls = refreshing.tenant.tools.pages, []
    real = pages.apply_outside_of_a_run

    def in_the_way(*given: object, **more: object) -> object:
        calls.append(given)
        if len(calls) < 3:
            raise ConflictError("scripted")
        return real(*given, **more)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(pages, "apply_outside_of_a_run", in_the_way)
    assert refreshing.outcomes((one, News.CHANGED)) == [Outcome.REFRESHED]
    assert len(calls) == 3
    calls.clear()
    monkeypatch.setattr(pages, "apply_outside_of_a_run", lambda *_, **__: (_ for _ in ()).throw(ConflictError("again")))
    (waits,) = refreshing.hear((one, News.CHANGED))
    assert waits.failed


def test_what_is_no_message_is_a_dead_letter_and_stops_no_other(refreshing: Refreshing) -> None:
    good = Message(
        "good", encode(RefreshMessage(INTEGRATION, refreshing.devices[0], News.CHANGED)), refreshing.tenant.now
    )
    bad = Message("bad", '{"v": 1, "news": "gossip"}', refreshing.tenant.now, 2, "group-1")
    results = refreshing.work.refresh([bad, good])
    assert [each.outcome for each in results] == [Outcome.PARKED, Outcome.REFRESHED]
    (letter,) = refreshing.office.letters
    assert (letter.source, letter.message_id, letter.group_id) == ("device-refresh", "bad", "group-1")
