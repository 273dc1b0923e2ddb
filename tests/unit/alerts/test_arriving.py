"""A device becomes an asset after its alerts were there."""

from dataclasses import replace

import pytest

from tandem.alerts.arriving import asset_arrived, lacks_asset
from tandem.alerts.decision import Decision
from tandem.alerts.models import AlertStatus, DeviceRecord, Organization, Outcome
from tandem.alerts.tickets import PlaceTicket
from tandem.alerts.windows import MaintenanceWindow, Span
from tests.unit.alerts.world import World, at, event, reset, rule, triggered

FACTS = {"Operating system": "Windows 11", "Serial number": "5CG1234ABC"}
UNMAPPED = {"o1": Organization("o1", "Organization o1")}


def window(**scope: str) -> MaintenanceWindow:
    return MaintenanceWindow("w1", "Repair", span=Span(at(-60), at(60)), **scope)  # type: ignore[arg-type]  # passed through


def only(decisions: list[Decision]) -> Decision:
    (decision,) = decisions
    return decision


class TestOfAnAlertOnATicket:
    def test_it_and_its_ticket_get_the_asset_and_nothing_is_doubled(self) -> None:
        world = World()
        world.hear(triggered(), triggered(1))
        before, condition = world.alert(), world.condition
        decision = only(world.asset_arrives(asset_client_id="c1", asset_facts=FACTS))
        assert (decision.outcome, decision.reason) == (Outcome.PLACED, "its asset arrived; its ticket has it too")
        assert (world.ticket.asset_id, world.ticket.client_id) == ("asset-d1", "c1")
        assert (world.alert().asset_id, world.alert().occurrence_count) == ("asset-d1", before.occurrence_count)
        assert replace(world.alert(), asset_id=None, version=before.version) == before
        assert world.condition == condition
        assert world.trace().entries[-1].ticket_id == world.ticket.ticket_id
        assert isinstance(decision.commands[0], PlaceTicket)

    def test_its_ticket_tells_the_assets_facts_in_an_internal_comment_that_touches_nothing(self) -> None:
        world = World()
        world.hear(triggered())
        world.asset_arrives(asset_facts=FACTS)
        comment = world.comments_of(world.ticket)[-1]
        assert comment.internal
        assert comment.author == "tandem"
        assert comment.body.splitlines() == [
            "The device is known as an asset now.",
            "Device: PC-d1 (d1)",
            "Operating system: Windows 11",
            "Serial number: 5CG1234ABC",
        ]
        assert world.ticket.touched_at is None

    def test_a_second_alert_of_the_ticket_gets_the_asset_without_a_second_comment(self) -> None:
        world = World()
        world.hear(triggered(0, "a1"), triggered(1, "a2"))
        first, second = world.asset_arrives()
        assert (first.reason, second.reason) == ("its asset arrived; its ticket has it too", "its asset arrived")
        assert sum("asset now" in comment.body for comment in world.comments_of(world.ticket)) == 1
        assert {alert.asset_id for alert in world.alerts.values()} == {"asset-d1"}

    def test_an_asset_that_a_person_gave_the_ticket_stays(self) -> None:
        world = World()
        world.hear(triggered())
        world.tickets = {each: replace(ticket, asset_id="mine") for each, ticket in world.tickets.items()}
        assert only(world.asset_arrives()).ticket is None
        assert (world.ticket.asset_id, world.alert().asset_id) == ("mine", "asset-d1")

    def test_a_ticket_that_a_person_closed_stays_as_it_is_and_closed(self) -> None:
        world = World()
        world.hear(triggered())
        world.close(world.ticket)
        closed = world.ticket
        assert only(world.asset_arrives()).outcome is Outcome.PLACED
        assert world.ticket == closed
        assert world.alert().asset_id == "asset-d1"

    def test_a_firing_that_comes_before_the_arrival_is_decided_gives_its_ticket_the_asset(self) -> None:
        world = World()
        world.hear(triggered())
        world.devices["d1"] = replace(world.devices["d1"], asset_id="asset-d1", version=2)
        world.hear(triggered(1))
        assert (world.ticket.asset_id, world.condition.occurrence_count) == ("asset-d1", 2)
        assert world.asset_arrives() == []

    def test_a_redelivery_after_it_is_one_still(self) -> None:
        world = World()
        fired = triggered()
        world.hear(fired)
        world.asset_arrives()
        assert world.hear(replace(fired, occurred_at=at(3))).writes_nothing, "its sender gives no time of its own"


class TestOfAnAlertThatWaitsForAClient:
    def test_the_assets_client_makes_its_ticket(self) -> None:
        world = World(organizations=UNMAPPED)
        world.hear(triggered())
        decision = only(world.asset_arrives(asset_client_id="c1"))
        assert decision.outcome is Outcome.TICKET_CREATED
        assert "client by asset" in decision.reason
        assert "its asset arrived" in decision.reason
        assert (world.ticket.client_id, world.ticket.asset_id) == ("c1", "asset-d1")
        assert not world.waiting

    def test_without_a_client_it_goes_on_waiting_with_its_asset(self) -> None:
        world = World(organizations=UNMAPPED)
        world.hear(triggered())
        decision = only(world.asset_arrives())
        assert decision.reason == "its asset arrived; still waits for a mapping"
        assert (world.alert().asset_id, world.alert().needs_mapping) == ("asset-d1", True)
        assert world.waiting == {world.alert().alert_id}
        assert world.asset_arrives() == [], "nothing has come since"
        assert only(world.asset_arrives(asset_client_id="c2")).outcome is Outcome.TICKET_CREATED

    def test_it_is_where_the_rmm_lists_its_device_by_now(self) -> None:
        world = World(organizations={**UNMAPPED, "o2": Organization("o2", "Two", "c2")})
        world.hear(triggered())
        world.asset_arrives(organization_id="o2")
        assert (world.ticket.client_id, world.alert().organization_name) == ("c2", "Two")

    def test_a_window_of_its_asset_holds_it(self) -> None:
        world = World(organizations=UNMAPPED, windows=(window(asset_id="asset-d1"),))
        world.hear(triggered())
        decision = only(world.asset_arrives(asset_client_id="c1"))
        assert decision.outcome is Outcome.SUPPRESSED
        assert decision.reason.endswith("; its asset arrived")
        assert not world.waiting
        assert not world.tickets


class TestOfAnAlertThatAWindowHolds:
    def test_it_stays_held_and_knows_its_asset(self) -> None:
        world = World(windows=(window(),))
        world.hear(triggered())
        decision = only(world.asset_arrives())
        assert decision.reason == "its asset arrived; its maintenance window still holds it"
        assert (world.alert().status, world.alert().asset_id) == (AlertStatus.SUPPRESSED, "asset-d1")
        world.now = at(61)
        world.sweep()
        assert world.ticket.asset_id == "asset-d1"

    def test_a_longer_window_of_its_asset_holds_it_from_then_on(self) -> None:
        longer = MaintenanceWindow("w2", "Rebuild", asset_id="asset-d1", span=Span(at(-60), at(120)))
        world = World(windows=(window(), longer))
        world.hear(triggered())
        assert only(world.asset_arrives()).outcome is Outcome.SUPPRESSED
        assert (world.alert().suppressed_by_window_id, world.alert().suppressed_until) == ("w2", at(120))

    def test_a_window_of_another_client_lets_it_go_once_its_client_is_known(self) -> None:
        world = World(organizations=UNMAPPED, default_client_id="c1", windows=(window(client_id="c1"),))
        world.hear(triggered())
        decision = only(world.asset_arrives(asset_client_id="c2"))
        assert decision.outcome is Outcome.TICKET_CREATED
        assert world.ticket.client_id == "c2"


class TestOfAnyOtherAlert:
    def test_one_that_is_only_recorded_knows_its_asset_and_no_rule_is_tried_again(self) -> None:
        world = World(rules=())
        world.hear(triggered())
        world.rules = (rule("later"),)
        assert only(world.asset_arrives()).outcome is Outcome.PLACED
        assert (world.alert().asset_id, world.alert().ticket_id) == ("asset-d1", None)
        assert not world.tickets

    def test_one_that_was_told_is_not_held_by_a_window_of_its_asset(self) -> None:
        world = World(windows=(window(asset_id="asset-d1"),))
        world.hear(triggered())
        world.asset_arrives()
        assert world.alert().status is AlertStatus.ACTIVE

    def test_one_that_is_over_is_left_alone(self) -> None:
        world = World()
        world.hear(triggered())
        alert = world.alert()
        world.hear(reset(1))
        assert world.asset_arrives() == []
        late = asset_arrived(alert, None, world.devices["d1"], world.now)
        assert world.hear(late).writes_nothing, "it was handed over before it was over"

    def test_what_is_delivered_twice_changes_nothing_the_second_time(self) -> None:
        world = World()
        world.hear(triggered())
        alert = world.alert()
        world.asset_arrives()
        again = asset_arrived(alert, None, world.devices["d1"], world.now)
        assert world.hear(again, again).writes_nothing

    def test_alerts_of_other_devices_are_left_alone(self) -> None:
        world = World()
        world.hear(triggered(0, "a1"), triggered(0, "a2", device="d2"))
        assert len(world.asset_arrives()) == 1
        assert world.alert("a2").asset_id is None

    def test_a_device_without_an_asset_lacks_nothing(self) -> None:
        world = World()
        world.hear(triggered())
        assert not lacks_asset(world.alert(), DeviceRecord("i1", "d1"))


BARE = DeviceRecord("i1", "d1")
BY_PERSON = replace(BARE, asset_client_id="c2", asset_client_by_person=True)
BY_SYNC = replace(BARE, asset_client_id="c2")


@pytest.mark.parametrize(
    ("device", "mapped", "client", "by"),
    [
        (replace(BY_PERSON, client_id="c1"), "c2", "c1", "device"),
        (BY_PERSON, "c1", "c2", "asset"),
        (BY_SYNC, "c1", "c1", "organization"),
        (BY_SYNC, None, "c2", "asset"),
        (BARE, None, "c9", "integration default"),
    ],
)
def test_the_client_is_a_persons_choice_then_the_organizations_then_the_assets(
    device: DeviceRecord, mapped: str | None, client: str, by: str
) -> None:
    world = World(organizations={"o1": Organization("o1", "O", mapped)}, default_client_id="c9", devices={"d1": device})
    decision = world.hear(event())
    assert world.ticket.client_id == client
    assert f"client by {by}" in decision.reason


def test_a_new_ticket_tells_the_facts_of_its_asset_and_what_its_alert_says_stands_over_them() -> None:
    device = DeviceRecord("i1", "d1", facts={"Site": "Old", "Operating system": "?"}, asset_facts=FACTS, version=1)
    world = World(devices={"d1": replace(device, organization_id="o1")})
    world.hear(replace(triggered(organization=None), facts={"Serial number": "of the alert"}))
    (comment,) = world.comments.values()
    for line in ("Operating system: Windows 11", "Serial number: of the alert", "Site: Old"):
        assert line in comment.body.splitlines()
