"""The archive in a bucket: event_archiver's handler writes it, previews read it."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import AlertStatus, Kind, Provider, Severity
from tandem.archive.archiver import into_bucket
from tandem.archive.compacting import Compacted, Compactor
from tandem.archive.objects import ArchiveObject, objects_of
from tandem.archive.reading import Archive, ArchiveUnavailableError, Budget
from tandem.store.records import message_item
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import function
from tests.unit.alerts.world import START, at, reset, triggered
from tests.unit.archive.stream import StreamedWorld

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.emulator

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MONTH = NOW - timedelta(days=30)
LONG = "Disk C: is full. " * 100


@pytest.fixture(scope="module")
def s3(emulated_aws: EmulatedAws) -> "S3Client":
    return cast("S3Client", emulated_aws.client("s3"))


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    name = f"test-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def archiver(emulator_environment: EmulatedAws, table_name: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """functions/event_archiver on the test's table and bucket."""
    environment = {"TABLE_NAME": table_name, "BUCKET_NAME": bucket, "LOG_LEVEL": "INFO"}
    for name in environment:
        monkeypatch.setenv(name, "")
    return function("event_archiver", environment)


def archive(s3: "S3Client", bucket: str, **more: Any) -> Archive:
    return Archive(lambda: s3, bucket, **more)


def keys(s3: "S3Client", bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def event(at: datetime, number: int = 0, integration_id: str = "i1") -> AppliedEvent:
    return AppliedEvent(
        event_id=f"e{number}",
        alert_id=f"a{number}",
        integration_id=integration_id,
        provider=Provider.LEVELIO,
        kind=Kind.TRIGGERED,
        identity="cpu",
        severity=Severity.MAJOR,
        message="CPU is at 100 %",
        occurred_at=at,
        applied_at=at,
        sequence=number,
        status=AlertStatus.ACTIVE,
    )


def put(s3: "S3Client", bucket: str, *events: AppliedEvent, batch: str = "batch") -> None:
    for each in objects_of(events, batch):
        into_bucket(s3, bucket)(each)


# ---- writing


def test_a_batch_of_the_stream_becomes_one_object_of_its_integration(
    archiver: Any, s3: "S3Client", bucket: str
) -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG), reset(1))
    archiver.handler({"Records": world.records}, None)
    (key,) = keys(s3, bucket)
    assert key.startswith("alert-events/i1/2026/11/21/0800-")
    found = archive(s3, bucket).read(["i1"], at(-1), at(1))
    assert [each.kind for each in found.events] == [Kind.TRIGGERED, Kind.RESET]
    assert found.events[0].message == LONG


def test_a_batch_that_is_given_again_writes_the_same_objects(archiver: Any, s3: "S3Client", bucket: str) -> None:
    world = StreamedWorld()
    world.hear(triggered(), triggered(0, "b", device="d2"))
    for _ in range(2):
        archiver.handler({"Records": world.records}, None)
    assert len(keys(s3, bucket)) == 1


def test_halves_of_a_batch_whose_whole_was_written_too_are_read_once(
    archiver: Any, s3: "S3Client", bucket: str
) -> None:
    world = StreamedWorld()
    world.hear(triggered(), triggered(1))
    for records in (world.records, world.records[:1], world.records[1:]):
        archiver.handler({"Records": records}, None)
    assert len(keys(s3, bucket)) == 3
    assert len(archive(s3, bucket).read(["i1"], at(-1), at(1)).events) == 2


def test_a_whole_message_of_another_batch_is_read_from_the_table(
    archiver: Any, s3: "S3Client", bucket: str, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG))
    dynamodb.put_item(TableName=table_name, Item=message_item(world.alert().alert_id, LONG, START))
    archiver.handler({"Records": world.records[:1]}, None)
    (found,) = archive(s3, bucket).read(["i1"], at(-1), at(1)).events
    assert found.message == LONG


def test_a_record_that_cannot_be_read_fails_the_batch_and_leaves_it_to_the_stream(
    archiver: Any, s3: "S3Client", bucket: str
) -> None:
    world = StreamedWorld()
    world.hear(triggered())
    broken = {**world.records[0], "dynamodb": {**world.records[0]["dynamodb"], "NewImage": {"pk": {"S": "A#1"}}}}
    with pytest.raises(KeyError):
        archiver.handler({"Records": [*world.records, broken]}, None)
    assert keys(s3, bucket) == []


def test_a_bucket_that_does_not_take_it_fails_the_batch(
    emulator_environment: EmulatedAws, table_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "")
    monkeypatch.setenv("BUCKET_NAME", "")
    world = StreamedWorld()
    world.hear(triggered())
    handler = function("event_archiver", {"TABLE_NAME": table_name, "BUCKET_NAME": "there-is-no-such-bucket"}).handler
    with pytest.raises(Exception, match="NoSuchBucket"):
        handler({"Records": world.records}, None)


# ---- reading


def test_events_come_back_in_the_order_in_which_they_were_applied(s3: "S3Client", bucket: str) -> None:
    events = [event(NOW - timedelta(hours=hours), hours) for hours in (1, 30, 5, 100)]
    for number, each in enumerate(events):
        put(s3, bucket, each, batch=f"batch{number}")
    found = archive(s3, bucket).read(["i1"], MONTH, NOW)
    assert [each.sequence for each in found.events] == [100, 30, 5, 1]
    assert (found.complete, found.covered_from, found.objects) == (True, MONTH, 4)


def test_only_what_was_asked_for_is_read(s3: "S3Client", bucket: str) -> None:
    since = NOW - timedelta(hours=10)
    put(s3, bucket, event(since), event(NOW, 2), event(since - timedelta(seconds=1), 3), event(NOW, 4, "i2"))
    put(s3, bucket, event(since - timedelta(minutes=5), 5), batch="older")
    put(s3, bucket, event(NOW - timedelta(seconds=1), 1), batch="newest")
    found = archive(s3, bucket).read(["i1"], since, NOW)
    assert [each.sequence for each in found.events] == [0, 1]


def test_several_integrations_are_read_as_one_history(s3: "S3Client", bucket: str) -> None:
    put(s3, bucket, event(NOW - timedelta(hours=1), 1, "i1"), event(NOW - timedelta(hours=2), 2, "i2"))
    found = archive(s3, bucket).read(["i1", "i2"], MONTH, NOW)
    assert [each.integration_id for each in found.events] == ["i2", "i1"]


def test_an_empty_archive_is_complete(s3: "S3Client", bucket: str) -> None:
    found = archive(s3, bucket).read(["i1"], MONTH, NOW)
    assert (found.events, found.complete, found.objects) == ([], True, 0)


def hours_of_events(s3: "S3Client", bucket: str, count: int) -> int:
    """One object an hour, back from now. Gives the size of one."""
    for hours in range(1, count + 1):
        put(s3, bucket, event(NOW - timedelta(hours=hours), 100 + hours))
    return s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Size"]


def test_bytes_bound_what_is_read_at_the_old_end(s3: "S3Client", bucket: str) -> None:
    size = hours_of_events(s3, bucket, 6)
    found = archive(s3, bucket).read(["i1"], MONTH, NOW, Budget(object_bytes=3 * size + size // 2))
    assert [each.sequence for each in found.events] == [103, 102, 101]
    assert (found.complete, found.covered_from) == (False, NOW - timedelta(hours=4) + timedelta(minutes=1))
    assert found.object_bytes <= 3 * size + size // 2


def test_time_bounds_what_is_read(s3: "S3Client", bucket: str) -> None:
    hours_of_events(s3, bucket, 20)  # of which twelve are of the day before
    seconds = iter(range(100))
    found = archive(s3, bucket, clock=lambda: float(next(seconds))).read(["i1"], MONTH, NOW, Budget(seconds=2.5))
    assert not found.complete
    assert found.covered_from == NOW.replace(hour=0)
    assert {each.applied_at.date() for each in found.events} == {NOW.date()}


def test_events_bound_what_is_read(s3: "S3Client", bucket: str) -> None:
    for number in range(100):
        put(s3, bucket, event(NOW - timedelta(minutes=5 * number + 5), number), batch=f"b{number}")
    found = archive(s3, bucket).read(["i1"], MONTH, NOW, Budget(events=10))
    assert not found.complete
    assert 10 <= len(found.events) < 100
    assert all(each.applied_at >= found.covered_from for each in found.events)


def test_a_single_object_is_read_however_large_it_is(s3: "S3Client", bucket: str) -> None:
    hours_of_events(s3, bucket, 2)
    found = archive(s3, bucket).read(["i1"], MONTH, NOW, Budget(object_bytes=1))
    assert [each.sequence for each in found.events] == [101]


def test_what_is_left_out_of_an_object_that_was_read_is_not_half_told(s3: "S3Client", bucket: str) -> None:
    old, new = event(NOW - timedelta(hours=9), 1), event(NOW - timedelta(hours=1), 2)
    put(s3, bucket, old, new)
    put(s3, bucket, replace(old, alert_id="between", applied_at=NOW - timedelta(hours=2)), batch="other")
    found = archive(s3, bucket).read(["i1"], MONTH, NOW, Budget(object_bytes=1))
    assert [each.sequence for each in found.events] == [2]


def test_an_object_that_cannot_be_read_is_passed_over_and_told(s3: "S3Client", bucket: str) -> None:
    put(s3, bucket, event(NOW - timedelta(hours=1)))
    into_bucket(s3, bucket)(ArchiveObject("alert-events/i1/2026/11/21/1030-x.jsonl.gz", b"no gzip"))
    s3.put_object(Bucket=bucket, Key="alert-events/i1/2026/11/21/readme.txt", Body=b"not ours")
    found = archive(s3, bucket).read(["i1"], MONTH, NOW)
    assert (len(found.events), found.unreadable, found.complete) == (1, 1, False)


def test_a_bucket_out_of_reach_is_told_as_that(s3: "S3Client") -> None:
    with pytest.raises(ArchiveUnavailableError):
        archive(s3, "there-is-no-such-bucket").read(["i1"], MONTH, NOW)


# ---- compacting


def compact(s3: "S3Client", bucket: str, now: datetime = NOW) -> Compacted:
    return Compactor(s3, bucket).compact(now)


def every_five_minutes(s3: "S3Client", bucket: str, since: datetime, until: datetime) -> None:
    at, number = since, 0
    while at < until:
        put(s3, bucket, event(at, number), batch=f"b{number}")
        at, number = at + timedelta(minutes=5), number + 1


def test_an_hour_that_is_over_becomes_one_object_and_holds_what_it_held(s3: "S3Client", bucket: str) -> None:
    every_five_minutes(s3, bucket, NOW - timedelta(hours=2), NOW)
    before = archive(s3, bucket).read(["i1"], MONTH, NOW).events
    assert compact(s3, bucket, NOW + timedelta(hours=1)) == Compacted(24, 2)
    found = archive(s3, bucket).read(["i1"], MONTH, NOW)
    assert (found.events, found.objects) == (before, 2)


def test_an_hour_that_is_hardly_over_waits_for_what_comes_late(s3: "S3Client", bucket: str) -> None:
    every_five_minutes(s3, bucket, NOW - timedelta(hours=1), NOW)
    assert compact(s3, bucket, NOW + timedelta(minutes=10)) == Compacted()
    assert compact(s3, bucket, NOW + timedelta(minutes=40)) == Compacted(12, 1)


def test_a_day_that_is_over_becomes_one_object(s3: "S3Client", bucket: str) -> None:
    yesterday = NOW.replace(hour=0) - timedelta(days=1)
    every_five_minutes(s3, bucket, yesterday, yesterday + timedelta(hours=3))
    assert compact(s3, bucket, yesterday + timedelta(hours=6)) == Compacted(36, 3)
    assert compact(s3, bucket) == Compacted(3, 1)
    assert compact(s3, bucket) == Compacted()
    assert len(archive(s3, bucket).read(["i1"], MONTH, NOW).events) == 36


def test_what_comes_late_is_taken_with_its_day(s3: "S3Client", bucket: str) -> None:
    yesterday = NOW - timedelta(days=1)
    every_five_minutes(s3, bucket, yesterday, yesterday + timedelta(minutes=30))
    compact(s3, bucket)
    put(s3, bucket, event(yesterday + timedelta(minutes=1), 99), batch="late")
    assert compact(s3, bucket) == Compacted(2, 1)
    assert len(archive(s3, bucket).read(["i1"], MONTH, NOW).events) == 7


def test_each_integration_is_compacted_by_itself(s3: "S3Client", bucket: str) -> None:
    for number, integration_id in enumerate(("i1", "i2", "i1", "i2")):
        put(s3, bucket, event(NOW - timedelta(days=1), number, integration_id), batch=f"b{number}")
    assert compact(s3, bucket) == Compacted(4, 2)
    assert [each.sequence for each in archive(s3, bucket).read(["i2"], MONTH, NOW).events] == [1, 3]


def test_an_object_that_cannot_be_read_stays_where_it_is_and_spoils_no_other(s3: "S3Client", bucket: str) -> None:
    every_five_minutes(s3, bucket, NOW - timedelta(days=1), NOW - timedelta(days=1) + timedelta(minutes=15))
    broken = "alert-events/i1/2026/11/20/1203-x.jsonl.gz"
    into_bucket(s3, bucket)(ArchiveObject(broken, b"no gzip"))
    assert compact(s3, bucket) == Compacted(3, 1)
    assert broken in keys(s3, bucket)
    found = archive(s3, bucket).read(["i1"], MONTH, NOW)
    assert (len(found.events), found.unreadable) == (3, 1)


def test_a_run_that_stops_before_it_removes_anything_loses_and_doubles_nothing(s3: "S3Client", bucket: str) -> None:
    class Stopping:
        """S3, but the run ends where it would remove."""

        def __getattr__(self, name: str) -> Any:
            if name == "delete_objects":
                raise KeyboardInterrupt
            return getattr(s3, name)

    every_five_minutes(s3, bucket, NOW - timedelta(days=1), NOW - timedelta(days=1) + timedelta(minutes=15))
    with pytest.raises(KeyboardInterrupt):
        Compactor(cast("S3Client", Stopping()), bucket).compact(NOW)
    assert len(keys(s3, bucket)) == 4
    assert len(archive(s3, bucket).read(["i1"], MONTH, NOW).events) == 3
    compact(s3, bucket)
    assert len(keys(s3, bucket)) == 1
    assert len(archive(s3, bucket).read(["i1"], MONTH, NOW).events) == 3


def test_reading_finds_what_is_compacted_while_it_reads(s3: "S3Client", bucket: str) -> None:
    class Compacting:
        """S3, in which a run of the compactor comes between the listing and the first object."""

        def __init__(self) -> None:
            self.ran = False

        def __getattr__(self, name: str) -> Any:
            if name == "get_object" and not self.ran:
                self.ran = True
                compact(s3, bucket)
            return getattr(s3, name)

    every_five_minutes(s3, bucket, NOW - timedelta(days=1), NOW - timedelta(days=1) + timedelta(minutes=15))
    found = Archive(lambda: cast("S3Client", Compacting()), bucket).read(["i1"], MONTH, NOW)
    assert (len(found.events), found.complete) == (3, True)


def test_the_clock_lets_the_function_compact(archiver: Any, s3: "S3Client", bucket: str) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for number in range(2):
        put(s3, bucket, event(yesterday, number), batch=f"b{number}")
    archiver.handler({"source": "aws.scheduler"}, None)
    assert len(keys(s3, bucket)) == 1
