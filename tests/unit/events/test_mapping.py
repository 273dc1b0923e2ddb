"""Which change makes which event: one example for each transition."""

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from tandem.alerts.models import AlertStatus, Contact, Origin, RuleActions, RuleConditions, Severity
from tandem.alerts.tickets import Priority, Ticket
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.desk import work
from tandem.events.mapping import alert_events, ticket_events
from tandem.events.payload import AlertTriggered, Event, TicketUpdated
from tandem.times import to_text
from tests.unit.alerts.world import BOARD, START, acknowledged, at, reset, rule, triggered
from tests.unit.events.telling import TENANT, TellingWorld

HOUR = MaintenanceWindow("w1", "Patching", True, span=Span(at(-10), at(60)))
RECORD_ONLY = rule("r1", create_ticket=False)


def recording(*, windows: tuple[MaintenanceWindow, ...] = ()) -> TellingWorld:
    """A world whose alerts make no tickets."""
    return TellingWorld(rules=(RECORD_ONLY,), windows=windows)


def detail(event: Event) -> dict[str, Any]:
    """The payload as it is put on the bus."""
    found: dict[str, Any] = json.loads(event.detail())
    return found


# ---- alerts


def test_a_first_firing_is_told_with_its_ticket() -> None:
    world = TellingWorld()
    world.hear(triggered())
    assert world.names() == ["RMM_ALERT_TRIGGERED", "TICKET_CREATED"]
    alert, ticket = (detail(event) for event in world.told)
    assert alert["ticket_id"] == ticket["ticket_id"]
    assert alert["priority"] == ticket["priority"] == "medium"


def test_a_later_firing_is_told_again_and_a_redelivery_is_not() -> None:
    world = recording()
    world.hear(triggered())
    assert world.take() == ["RMM_ALERT_TRIGGERED"]
    world.hear(triggered())
    assert world.take() == []
    world.hear(triggered(5))
    (event,) = world.told
    assert detail(event)["last_occurrence_at"] == to_text(at(5))
    assert detail(event)["triggered_at"] == to_text(at(0))


def test_a_worse_severity_of_the_same_time_changes_the_tickets_priority_and_is_no_firing() -> None:
    world = TellingWorld()
    world.hear(triggered())
    world.take()
    world.hear(triggered(severity=Severity.CRITICAL, name="worse"))
    (event,) = world.told
    assert isinstance(event, TicketUpdated)
    assert [asdict_of(change) for change in event.changes] == [
        {"field": "priority", "before": "medium", "after": "urgent"}
    ]


def test_an_acknowledge_is_told_once_with_who_and_when() -> None:
    world = recording()
    world.hear(triggered())
    world.take()
    world.hear(replace(acknowledged(3), acted_by="ann"), acknowledged(4))
    (event,) = world.told
    assert event.name == "RMM_ALERT_ACKNOWLEDGED"
    assert detail(event)["acknowledged_by"] == "ann"
    assert detail(event)["acknowledged_at"] == to_text(at(3))


def test_an_acknowledged_alert_that_fires_again_is_told_as_triggered_and_may_be_acknowledged_again() -> None:
    world = recording()
    world.hear(triggered(), acknowledged(1), triggered(2), acknowledged(3))
    assert world.take() == ["RMM_ALERT_TRIGGERED", "RMM_ALERT_ACKNOWLEDGED"] * 2


def test_a_reset_is_told_with_its_time() -> None:
    world = recording()
    world.hear(triggered(), reset(7))
    assert world.names() == ["RMM_ALERT_TRIGGERED", "RMM_ALERT_RESOLVED"]
    assert detail(world.told[-1])["resolved_at"] == to_text(at(7))
    assert detail(world.told[-1])["status"] == "resolved"


def test_a_reset_that_closes_its_ticket_is_told_once_as_auto_resolved() -> None:
    world = TellingWorld(rules=(rule("r1", auto_resolve_ticket=True),))
    world.hear(triggered(), reset(7))
    assert world.names() == ["RMM_ALERT_TRIGGERED", "TICKET_CREATED", "RMM_ALERT_RESOLVED", "TICKET_CLOSED"]
    assert detail(world.told[2])["status"] == "auto_resolved"
    assert detail(world.told[3])["closed_by"] == "tandem"


def test_from_resolved_to_auto_resolved_is_no_event() -> None:
    world = recording()
    world.hear(triggered(), reset(1))
    resolved = world.alert()
    after = replace(resolved, status=AlertStatus.AUTO_RESOLVED, version=resolved.version + 1)
    assert alert_events(resolved, after, TENANT, START) == []


def test_a_resolved_alert_that_fires_anew_is_told() -> None:
    world = recording()
    world.hear(triggered(), reset(1))
    world.take()
    world.hear(triggered(2))
    assert world.take() == ["RMM_ALERT_TRIGGERED"]


def test_a_trigger_that_met_its_reset_is_never_told() -> None:
    world = recording()
    world.hear(reset(5), triggered(0))
    assert world.alert().status is AlertStatus.RESOLVED
    assert world.take() == []


def test_a_trigger_that_met_its_acknowledge_is_told_with_it() -> None:
    world = recording()
    world.hear(acknowledged(5))
    assert world.take() == []
    world.hear(triggered(0))
    assert world.take() == ["RMM_ALERT_TRIGGERED", "RMM_ALERT_ACKNOWLEDGED"]


def test_a_held_alert_makes_no_event_when_it_is_held_fires_again_is_acknowledged_or_is_reset() -> None:
    world = recording(windows=(HOUR,))
    world.hear(triggered(), triggered(1), acknowledged(2), reset(3))
    assert world.take() == []


def test_a_held_alert_that_its_window_lets_go_is_told_as_triggered_once() -> None:
    world = recording(windows=(HOUR,))
    world.hear(triggered())
    world.now = at(61)
    world.sweep()
    world.sweep()
    (event,) = world.told
    assert event.name == "RMM_ALERT_TRIGGERED"
    assert detail(event)["triggered_at"] == to_text(at(0))
    assert event.occurred_at == at(61)
    world.take()
    world.hear(reset(62))
    assert world.take() == ["RMM_ALERT_RESOLVED"]


def test_a_held_alert_that_was_acknowledged_surfaces_with_its_acknowledge() -> None:
    world = recording(windows=(HOUR,))
    world.hear(triggered(), acknowledged(2))
    world.now = at(61)
    world.sweep()
    assert world.take() == ["RMM_ALERT_TRIGGERED", "RMM_ALERT_ACKNOWLEDGED"]


def test_a_told_alert_that_a_window_begins_to_hold_ends_quietly() -> None:
    """Whoever waits for its end asks the alert: a held one makes no events, its reset neither."""
    world = recording()
    world.hear(triggered())
    world.take()
    world.change_windows(HOUR)
    world.hear(triggered(1), reset(2))
    assert world.take() == []


def test_a_mapping_that_arrives_makes_the_ticket_and_no_second_firing() -> None:
    world = TellingWorld(organizations={})
    world.hear(triggered())
    assert world.take() == ["RMM_ALERT_TRIGGERED"]
    world.default_client_id = "c1"
    world.again(world.alert(), Origin.MAPPING)
    assert world.take() == ["TICKET_CREATED"]


def test_an_alert_written_over_an_expired_one_is_told_as_new() -> None:
    world = recording()
    world.hear(triggered())
    old = replace(world.alert(), version=7)
    new = replace(world.alert(), first_seen_at=START + timedelta(days=500))
    (event,) = alert_events(old, new, TENANT, START)
    assert event.name == "RMM_ALERT_TRIGGERED"
    assert event.event_id != world.told[0].event_id, "another life of the alert is another event"


def test_an_alert_without_the_rmms_id_is_told_by_tandems_own() -> None:
    world = recording()
    world.hear(triggered(alert=None))
    (event,) = world.told
    assert isinstance(event, AlertTriggered)
    assert event.external_alert_id == event.alert_id


# ---- tickets


def ticket_world() -> tuple[TellingWorld, Ticket]:
    world = TellingWorld(rules=(rule("r1", notify_user_ids=("u1", "u2")),))
    world.hear(triggered())
    return world, world.ticket


def changed(world: TellingWorld, **wanted: Any) -> None:
    condition = world.conditions.get(world.ticket.condition_id or "")
    world.apply(work.change(world.ticket, condition, BOARD, work.Change(**wanted), 1, world.act()))


def asdict_of(change: Any) -> dict[str, str]:
    found: dict[str, str] = change.model_dump(exclude_none=True)
    return found


def changes_of(event: Event) -> list[dict[str, str]]:
    assert isinstance(event, TicketUpdated)
    return [asdict_of(change) for change in event.changes]


def test_a_new_ticket_names_whom_to_tell() -> None:
    world, _ = ticket_world()
    assert detail(world.told[-1])["notify_user_ids"] == ["u1", "u2"]


def test_a_ticket_opened_by_hand_is_told_without_what_it_has_not() -> None:
    ticket = Ticket("t1", "T-1", "Help", "", "board-1", "new", False, Priority.LOW, START)
    (event,) = ticket_events(None, replace(ticket, version=1), TENANT, START)
    told = detail(event)
    assert told["source"] == "manual"
    assert not {"notify_user_ids", "condition_id", "client_id", "closed_at"} & set(told)


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        ({"title": "Disk"}, {"field": "title", "before": "PC-d1: Disk C: is full", "after": "Disk"}),
        ({"priority": Priority.LOW}, {"field": "priority", "before": "medium", "after": "low"}),
        ({"assignee_id": "u9"}, {"field": "assignee_id", "after": "u9"}),
        ({"status_id": "doing"}, {"field": "status", "before": "new", "after": "doing"}),
    ],
)
def test_a_change_by_a_person_is_told_with_its_values(wanted: dict[str, Any], change: dict[str, str]) -> None:
    world, _ = ticket_world()
    world.take()
    changed(world, **wanted)
    (event,) = world.told
    assert changes_of(event) == [change]


def test_an_assignee_taken_away_is_told_by_the_value_before() -> None:
    world, _ = ticket_world()
    changed(world, assignee_id="u9")
    changed(world, clear_assignee=True)
    assert changes_of(world.told[-1]) == [{"field": "assignee_id", "before": "u9"}]


def test_a_long_or_personal_field_is_told_by_its_name_only() -> None:
    _, ticket = ticket_world()
    after = replace(ticket, description="Longer", contact=Contact("Bob"), version=2)
    (event,) = ticket_events(ticket, after, TENANT, START)
    assert changes_of(event) == [{"field": "description"}, {"field": "contact"}]


def test_a_comment_and_a_change_to_what_it_is_already_are_no_events() -> None:
    world, ticket = ticket_world()
    world.take()
    world.comment(ticket)
    assert world.ticket.touched_at is not None
    changed(world, title=ticket.title)
    assert world.take() == []


def test_every_field_of_a_ticket_is_told_or_known_to_be_internal() -> None:
    told = {"title", "description", "board_id", "status_id", "priority", "client_id", "asset_id", "assignee_id"}
    by_events_of_their_own = {"is_closed", "closed_at", "closed_by"}
    never_change = {
        "ticket_id", "number", "opened_at", "source", "source_reference", "condition_id", "previous_ticket_number",
    }  # fmt: skip
    internal = {"touched_at", "severity", "occurrence_count", "notify_user_ids", "version"}
    everything = {field.name for field in fields(Ticket)}
    assert everything == told | {"contact"} | by_events_of_their_own | never_change | internal


def test_a_close_and_a_reopening_by_a_person_are_told_with_who() -> None:
    world, ticket = ticket_world()
    world.take()
    world.close(ticket, "u7")
    world.reopen(ticket)
    assert world.names() == ["TICKET_CLOSED", "TICKET_REOPENED"]
    closed, reopened = (detail(event) for event in world.told)
    assert (closed["closed_by"], closed["is_closed"], closed["status"]) == ("u7", True, "done")
    assert "closed_by" not in reopened
    assert (reopened["is_closed"], reopened["status"]) == (False, "new")


def test_a_close_with_another_change_is_told_after_it_and_a_reopening_before() -> None:
    world, _ = ticket_world()
    world.take()
    changed(world, status_id="done", title="Done")
    assert changes_of(world.told[0]) == [{"field": "title", "before": "PC-d1: Disk C: is full", "after": "Done"}], (
        "that its status closed it is said by the close"
    )
    assert world.take() == ["TICKET_UPDATED", "TICKET_CLOSED"]
    changed(world, status_id="new", title="Again")
    assert world.take() == ["TICKET_REOPENED", "TICKET_UPDATED"]


# ---- both


def test_the_same_change_gives_the_same_events_and_another_version_others() -> None:
    world = recording()
    world.hear(triggered())
    alert = world.alert()
    one, two = (alert_events(None, alert, TENANT, START) for _ in range(2))
    assert one == two
    again = replace(alert, last_triggered_at=at(1), version=2)
    (later,) = alert_events(alert, again, TENANT, START)
    assert later.event_id != one[0].event_id


def test_a_payload_has_every_field_of_the_reference_and_no_null() -> None:
    conditions = RuleConditions(severities=(Severity.CRITICAL,))
    world = TellingWorld(rules=(replace(rule("r1", conditions), actions=RuleActions(priority="high")),))
    world.hear(replace(triggered(severity=Severity.CRITICAL), alert_class="disk", source_type="check"), reset(4))
    sent = {
        "tenant_id", "integration_id", "provider", "alert_id", "external_alert_id", "severity", "external_device_id",
        "ticket_id", "priority", "message", "source_type", "alert_class", "triggered_at", "resolved_at",
    }  # fmt: skip
    resolved = world.told[-1]
    assert sent <= set(detail(resolved))
    assert "asset_id" in type(resolved).model_fields
    assert detail(resolved)["priority"] == "high"
    assert "null" not in resolved.detail()


def test_an_alert_of_every_status_has_a_place_in_the_payload_or_makes_no_event() -> None:
    told = AlertTriggered.model_json_schema()["properties"]["status"]["enum"]
    assert {*told, "suppressed", "tombstone"} == {status.value for status in AlertStatus}
