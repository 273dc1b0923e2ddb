"""Records as items and back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import (
    Alert,
    AlertStatus,
    Condition,
    DeviceRecord,
    Provider,
    Severity,
    Trace,
)
from tandem.alerts.tickets import Comment, Ticket, TimeEntry
from tandem.store import records
from tandem.store.codec import decode, decode_item, encode, encode_item

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)))  # noqa: DTZ001  hypothesis wants naive bounds


@given(st.builds(Alert))
def test_an_alert_comes_back_as_it_was(alert: Alert) -> None:
    assert records.alert_from(records.alert_item(alert, NOW)) == alert


@given(st.builds(Condition))
def test_a_condition_comes_back_as_it_was(condition: Condition) -> None:
    assert records.condition_from(records.condition_item(condition, NOW)) == condition


@given(st.builds(Ticket))
def test_a_ticket_comes_back_as_it_was(ticket: Ticket) -> None:
    again = records.ticket_from(records.ticket_item(ticket))
    no_contact = ticket.contact is not None and records.contact_values(ticket.contact) is None
    assert again == ticket or no_contact


@given(st.builds(DeviceRecord, facts=st.dictionaries(st.text(), st.text())))
def test_a_device_record_comes_back_as_it_was(device: DeviceRecord) -> None:
    assert records.device_from(records.device_item(device)) == device


@given(st.builds(Trace))
def test_a_trace_comes_back_as_it_was(trace: Trace) -> None:
    again = records.trace_from(records.trace_item("a", trace, NOW))
    assert [(line.at, line.reason, line.outcome) for line in again.entries] == [
        (line.at, line.reason, line.outcome) for line in trace.entries
    ]


@given(st.builds(Comment))
def test_a_comment_comes_back_as_it_was(comment: Comment) -> None:
    assert records.comment_from(records.comment_item(comment)) == comment


@given(st.builds(TimeEntry))
def test_a_time_entry_comes_back_as_it_was(entry: TimeEntry) -> None:
    assert records.time_entry_from(records.time_entry_item(entry)) == entry


def alert(status: AlertStatus = AlertStatus.ACTIVE, message: str = "CPU") -> Alert:
    return Alert(
        alert_id="x",
        integration_id="i1",
        provider=Provider.NINJAONE,
        external_alert_id="a1",
        condition_id="c",
        identity="cpu",
        status=status,
        severity=Severity.MAJOR,
        message=message,
        first_seen_at=NOW,
        external_device_id="d1",
    )


def test_only_a_live_alert_is_in_the_index_of_live_alerts() -> None:
    assert "live_pk" in records.alert_item(alert(), NOW)
    assert "live_pk" in records.alert_item(alert(status=AlertStatus.ACKNOWLEDGED), NOW)
    assert "live_pk" not in records.alert_item(alert(status=AlertStatus.RESOLVED), NOW)


def test_a_tombstone_is_in_no_index_and_ages_away_after_seven_days() -> None:
    item = decode_item(records.alert_item(alert(status=AlertStatus.TOMBSTONE), NOW))
    assert not {"list_pk", "owner_pk", "live_pk"} & set(item)
    assert item["expires_at"] == int(NOW.timestamp()) + 7 * 86400


def test_an_ordinary_alert_stays_under_a_kilobyte_and_a_half() -> None:
    item = decode_item(records.alert_item(alert(message="m" * 300), NOW))
    assert sum(len(name) + len(str(value)) for name, value in item.items()) < 1500


def test_a_condition_with_an_open_ticket_never_ages_away() -> None:
    closed = Condition("c", "i1", "d1", None, "cpu")
    assert "expires_at" in records.condition_item(closed, NOW)
    assert "expires_at" not in records.condition_item(Condition("c", "i1", "d1", None, "cpu", open_ticket_id="t"), NOW)


values = st.recursive(
    st.one_of(st.text(), st.booleans(), st.integers(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


@given(values)
def test_the_codec_gives_back_what_it_was_given(value: Any) -> None:
    assert decode(encode(value)) == value


def test_none_is_left_out_and_a_type_that_the_table_does_not_hold_is_refused() -> None:
    assert encode_item({"a": None, "b": 1}) == {"b": {"N": "1"}}
    with pytest.raises(TypeError, match="float"):
        encode(1.5)
