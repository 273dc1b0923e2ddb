"""What the archive says of the alerts' writes."""

from typing import Any

from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import Alert, AlertStatus, Kind, Severity
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.archive.mapping import events_of
from tandem.store.records import alert_item, ticket_item, trace_item
from tandem.store.stream import change_of
from tests.unit.alerts.world import acknowledged, at, reset, rule, triggered
from tests.unit.archive.stream import StreamedWorld, record

LONG = "Disk C: is full. " * 100
NIGHT = MaintenanceWindow("w1", "Night", span=Span(at(0), at(60)))


def archived_of(records: list[dict[str, Any]], **messages: str) -> list[AppliedEvent]:
    return events_of(map(change_of, records), lambda wanted: {each: messages["m"] for each in wanted if messages})


def test_a_firing_an_acknowledge_and_a_reset_are_told_with_all_that_rules_and_windows_ask() -> None:
    world = StreamedWorld(rules=(rule("r1", auto_resolve_ticket=True),))
    world.hear(triggered(), acknowledged(1), reset(2))
    first, second, third = world.archived()
    assert [each.kind for each in (first, second, third)] == [Kind.TRIGGERED, Kind.ACKNOWLEDGED, Kind.RESET]
    assert [each.occurred_at for each in (first, second, third)] == [at(0), at(1), at(2)]
    assert first == AppliedEvent(
        event_id=triggered().event_id,
        alert_id=triggered().alert_id,
        integration_id="i1",
        provider=triggered().provider,
        kind=Kind.TRIGGERED,
        identity="check:1",
        severity=Severity.MODERATE,
        message="Disk C: is full",
        occurred_at=at(0),
        applied_at=world.now,
        sequence=1,
        status=AlertStatus.ACTIVE,
        external_alert_id="a1",
        external_device_id="d1",
        device_name="PC-d1",
        organization_id="o1",
        organization_name="Organization o1",
        client_id="c1",
        ticket_id=world.ticket.ticket_id,
        rule_id="r1",
        rule_revision=1,
        rule_auto_resolves=True,
    )
    assert third.status is AlertStatus.AUTO_RESOLVED


def test_the_event_that_is_archived_makes_the_decision_that_was_made() -> None:
    heard = triggered()
    world = StreamedWorld()
    world.hear(heard)
    (told,) = world.archived()
    again = told.event()
    assert (again.alert_id, again.condition_id, again.kind) == (heard.alert_id, heard.condition_id, heard.kind)
    assert (again.severity, again.message, again.occurred_at) == (heard.severity, heard.message, heard.occurred_at)


def test_what_a_window_holds_names_the_window() -> None:
    world = StreamedWorld(windows=(NIGHT,))
    world.hear(triggered())
    (told,) = world.archived()
    assert (told.status, told.window_id, told.ticket_id) == (AlertStatus.SUPPRESSED, "w1", None)


def test_an_alert_that_is_decided_again_about_the_same_firing_is_no_event() -> None:
    world = StreamedWorld(windows=(NIGHT,))
    world.hear(triggered())
    world.now = at(60)
    world.sweep()
    assert world.open_tickets
    assert len(world.records) == 2
    assert [each.kind for each in world.archived()] == [Kind.TRIGGERED]


def test_the_ticket_that_an_alert_left_because_a_person_closed_it_is_told() -> None:
    world = StreamedWorld()
    world.hear(triggered())
    first = world.ticket
    world.close(first)
    world.hear(triggered(5), reset(6), triggered(7))
    assert [each.left_ticket_id for each in world.archived()] == [None, first.ticket_id, None, None]


def test_a_higher_severity_at_the_same_time_is_a_firing() -> None:
    world = StreamedWorld()
    world.hear(triggered(), triggered(severity=Severity.CRITICAL))
    assert [each.severity for each in world.archived()] == [Severity.MODERATE, Severity.CRITICAL]


def test_a_reset_before_its_trigger_is_a_reset() -> None:
    world = StreamedWorld()
    world.hear(reset(5), triggered(1))
    assert [(each.kind, each.status) for each in world.archived()] == [
        (Kind.RESET, AlertStatus.TOMBSTONE),
        (Kind.TRIGGERED, AlertStatus.RESOLVED),
    ]


def test_an_alert_that_is_written_over_an_expired_one_begins_anew() -> None:
    world = StreamedWorld()
    world.hear(triggered())
    item = alert_item(world.alert(), world.now)
    lingering = dict(item) | {"version": {"N": "9"}}
    assert [each.kind for each in archived_of([record(item, lingering, at(0), 1)])] == [Kind.TRIGGERED]


def test_removals_and_other_items_are_no_events() -> None:
    world = StreamedWorld()
    world.hear(triggered())
    alert: Alert = world.alert()
    item = alert_item(alert, world.now)
    records = [
        record(item, item, at(0), 1, "REMOVE"),
        record(trace_item(alert.alert_id, world.trace(), world.now), None, at(0), 2),
        record(ticket_item(world.ticket), None, at(0), 3),
    ]
    assert archived_of(records) == []


def test_the_whole_message_is_taken_from_the_same_batch_wherever_it_stands_in_it() -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG))
    for records in (world.records, world.records[::-1]):
        (told,) = archived_of(records)
        assert told.message == LONG


def test_a_whole_message_that_is_not_in_the_batch_is_read() -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG))
    (told,) = archived_of(world.records[:1], m=LONG)
    assert told.message == LONG


def test_the_message_of_a_later_firing_is_not_taken_for_this_ones() -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG))
    (told,) = archived_of(world.records[:1], m="Something else. " * 100)
    assert told.message == world.alert().message


def test_two_firings_of_one_batch_keep_their_own_messages() -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG), triggered(1, message="CPU " * 200))
    assert [each.message for each in world.archived()] == [LONG, "CPU " * 200]


def test_a_short_message_and_a_reset_ask_for_nothing() -> None:
    world = StreamedWorld()
    world.hear(triggered(message=LONG), reset(1), triggered(2, "a2"))
    asked: list[set[str]] = []

    def read(wanted: Any) -> dict[str, str]:
        asked.append(set(wanted))
        return {}

    events_of(map(change_of, world.records), read)
    assert asked == []
