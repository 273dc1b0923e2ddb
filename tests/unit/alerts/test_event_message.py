import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.event_message import EventMessageError, decode, deduplication_id, encode
from tandem.alerts.models import AlertEvent, Kind, Origin, Provider, Severity

SQS_MESSAGE_BYTES = 256 * 1024
AT = datetime(2026, 11, 21, 1, 57, 0, 1, tzinfo=UTC)

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
times = st.datetimes(timezones=st.just(UTC))

events = st.builds(
    AlertEvent,
    event_id=texts,
    integration_id=texts,
    provider=st.sampled_from(Provider),
    kind=st.sampled_from(Kind),
    identity=texts,
    severity=st.sampled_from(Severity),
    message=st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    occurred_at=times,
    received_at=times,
    origin=st.sampled_from(Origin),
    external_alert_id=st.none() | texts,
    external_device_id=st.none() | texts,
    organization_id=st.none() | texts,
    organization_name=st.none() | texts,
    device_name=st.none() | texts,
    activity_type=st.none() | texts,
    alert_class=st.none() | texts,
    source_type=st.none() | texts,
    observed_at=st.none() | times,
    facts=st.dictionaries(texts, texts, max_size=3),
    raw=st.none() | st.binary(max_size=100),
    decide_again=st.booleans(),
)


def an_event(**changes: Any) -> AlertEvent:
    event = AlertEvent(
        event_id="e1",
        integration_id="i1",
        provider=Provider.TACTICALRMM,
        kind=Kind.TRIGGERED,
        identity="check:87",
        severity=Severity.CRITICAL,
        message="failed",
        occurred_at=AT,
        received_at=AT,
        origin=Origin.WEBHOOK,
        external_alert_id="36",
        external_device_id="agent",
    )
    return dataclasses.replace(event, **changes)


@given(events)
def test_an_event_comes_back_as_it_went(event: AlertEvent) -> None:
    assert decode(encode(event)) == event


def test_the_body_is_ascii_so_that_sqs_takes_every_character() -> None:
    assert encode(an_event(message="\x00\x1f ü 日 \U0001f525")).isascii()


def test_the_largest_event_that_ingest_makes_fits_into_a_message() -> None:
    name = "\x01" * 255
    event = an_event(
        message="\x01" * 4096,
        raw=b"x" * 32 * 1024,
        facts={f"label {number}": name for number in range(10)},
        **dict.fromkeys(("external_alert_id", "external_device_id", "organization_id", "organization_name"), name),
        **dict.fromkeys(("device_name", "activity_type", "alert_class", "source_type", "identity"), name),
    )
    assert len(encode(event)) < SQS_MESSAGE_BYTES / 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("provider", "nobody"),
        ("kind", None),
        ("severity", "bad"),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2026-11-21T01:57:00"),
        ("received_at", 5),
        ("event_id", ""),
        ("external_device_id", 7),
        ("message", None),
        ("facts", ["x"]),
        ("facts", {"x": 1}),
        ("raw", "not base64!"),
        ("raw", 5),
        ("decide_again", "yes"),
        ("v", 2),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    body = json.loads(encode(an_event()))
    body[field] = value
    with pytest.raises(EventMessageError) as caught:
        decode(json.dumps(body))
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: expected ")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(EventMessageError) as caught:
        decode(text)
    assert caught.value.field == "body"


def test_a_field_of_a_newer_sender_is_passed_over() -> None:
    body = json.loads(encode(an_event()))
    assert decode(json.dumps(body | {"news": 1})) == an_event()


def test_the_same_delivery_has_the_same_deduplication_id() -> None:
    first, second = an_event(), an_event(received_at=AT.replace(hour=2))
    assert deduplication_id(first) == deduplication_id(second)
    assert deduplication_id(first) != deduplication_id(an_event(kind=Kind.RESET))
    assert deduplication_id(first) != deduplication_id(an_event(event_id="e2"))
    assert deduplication_id(first) != deduplication_id(an_event(integration_id="i2"))


@pytest.mark.parametrize("origin", [Origin.REPLAY, Origin.SWEEP, Origin.MAPPING, Origin.PERSON])
def test_an_internal_cause_has_a_new_deduplication_id_each_time(origin: Origin) -> None:
    event = an_event(origin=origin)
    assert deduplication_id(event) != deduplication_id(event)
    assert deduplication_id(event, fresh=lambda: "given") == "given"
