"""Keys and contents of the archive's objects."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import AlertStatus, Kind, Provider, Severity
from tandem.archive.objects import ArchiveError, decode, encode, ends_before, objects_of, start_of

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
EVENT = AppliedEvent(
    event_id="e1",
    alert_id="a1",
    integration_id="i1",
    provider=Provider.LEVELIO,
    kind=Kind.TRIGGERED,
    identity="cpu",
    severity=Severity.MAJOR,
    message="CPU is at 100 %",
    occurred_at=NOON,
    applied_at=NOON,
    sequence=12345678901234567890,
    status=AlertStatus.ACTIVE,
)

texts = st.text(st.characters(codec="utf-8"))
times = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 made aware
events = st.builds(
    AppliedEvent,
    event_id=texts,
    alert_id=texts,
    integration_id=texts,
    provider=st.sampled_from(Provider),
    kind=st.sampled_from(Kind),
    identity=texts,
    severity=st.sampled_from(Severity),
    message=texts,
    occurred_at=times,
    applied_at=times,
    sequence=st.integers(0, 10**30),
    status=st.sampled_from(AlertStatus),
    organization_name=st.none() | texts,
    ticket_id=st.none() | texts,
    rule_revision=st.none() | st.integers(1, 99),
    rule_auto_resolves=st.booleans(),
)


@given(st.lists(events, max_size=5))
def test_what_is_written_is_read(written: list[AppliedEvent]) -> None:
    assert list(decode(encode(written))) == written


def test_the_same_events_make_the_same_bytes() -> None:
    assert encode([EVENT]) == encode([EVENT])


def test_an_object_holds_one_integration_and_one_day_and_is_named_after_its_last_minute() -> None:
    other = replace(EVENT, integration_id="i2")
    later = replace(EVENT, applied_at=NOON + timedelta(minutes=4))
    next_day = replace(EVENT, applied_at=NOON + timedelta(hours=12))
    objects = objects_of([EVENT, other, later, next_day], "batch")
    assert {each.key: len(list(decode(each.body))) for each in objects} == {
        "alert-events/i1/2026/11/21/1204-batch.jsonl.gz": 2,
        "alert-events/i2/2026/11/21/1200-batch.jsonl.gz": 1,
        "alert-events/i1/2026/11/22/0000-batch.jsonl.gz": 1,
    }


def test_a_key_says_before_when_its_events_were_applied() -> None:
    (made,) = objects_of([EVENT], "batch")
    assert ends_before(made.key) == NOON.replace(minute=1, second=0)
    assert start_of("i1", NOON) < made.key < start_of("i1", NOON + timedelta(minutes=1))


@pytest.mark.parametrize(
    "key", ["", "aws/lambda/x.jsonl.gz", "alert-events/i1/notes.txt", "alert-events/i1/x.jsonl.gz"]
)
def test_other_keys_are_no_objects_of_the_archive(key: str) -> None:
    assert ends_before(key) is None


@pytest.mark.parametrize(
    "body",
    [
        b"no gzip",
        encode([EVENT])[:-9],
        gzip.compress(b"no json", mtime=0),
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b'{"v":2}', mtime=0),
        gzip.compress(b'{"v":1}', mtime=0),
        gzip.compress(b"\xff", mtime=0),
    ],
)
def test_what_cannot_be_read_is_told_as_that(body: bytes) -> None:
    with pytest.raises(ArchiveError):
        list(decode(body))


def test_fields_of_a_later_writer_are_passed_over() -> None:
    text = gzip.decompress(encode([EVENT])).decode().replace('{"v":1', '{"v":1,"mood":"good"')
    assert list(decode(gzip.compress(text.encode()))) == [EVENT]
