"""What the events say over whole lives is what happened, told once and in order."""

from collections import defaultdict
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, rule

from tandem.alerts.again import by_person
from tandem.alerts.decision import Decision
from tandem.alerts.models import AlertStatus, Kind
from tandem.events.payload import AlertEvent, AlertTriggered, Event, TicketEvent
from tests.unit.alerts.test_whole_life_properties import Lives, Plan, numbers
from tests.unit.events.telling import TellingWorld

FIRING = {AlertStatus.ACTIVE, AlertStatus.ACKNOWLEDGED}
OVER = {AlertStatus.RESOLVED, AlertStatus.AUTO_RESOLVED}


@dataclass
class WatchedWorld(TellingWorld):
    """`hidden`: of each alert, how many events were told of it before each time at which a window held it."""

    hidden: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def apply(self, decision: Decision) -> None:
        super().apply(decision)
        if decision.alert and decision.alert.status is AlertStatus.SUPPRESSED:
            alert_id = decision.alert.alert_id
            self.hidden[alert_id].add(len(self.told_of(alert_id)))

    def told_of(self, subject: str) -> list[Event]:
        return [event for event in self.told if event.subject_id == subject]


class ToldLives(Lives):
    """The lives of the core's own property test, listened to."""

    def __init__(self) -> None:
        super().__init__()
        self.told = WatchedWorld(rules=self.world.rules, organizations=self.world.organizations)
        self.world = self.told

    @rule()
    def everything_is_held_from_now_on(self) -> None:
        """So that lives in which windows matter are common."""
        self.world.change_windows(self.window(0, Plan(0, 20, scope=0, active=True)))

    @rule(number=numbers)
    def a_held_alert_is_reset(self, number: int) -> None:
        held = [alert for alert in self.world.alerts.values() if alert.status is AlertStatus.SUPPRESSED]
        if held:
            alert = held[number % len(held)]
            self.world.hear(by_person(alert, Kind.RESET, "u1", self.act(), self.world.now))

    @invariant()
    def each_event_is_told_once(self) -> None:
        ids = [event.event_id for event in self.told.told]
        assert len(ids) == len(set(ids))

    @invariant()
    def an_alert_is_resolved_or_acknowledged_only_while_it_is_told_as_firing(self) -> None:
        for alert_id in self.told.alerts:
            is_firing = False
            last_firing = None
            for place, event in enumerate(self.told.told_of(alert_id)):
                assert isinstance(event, AlertEvent)
                if isinstance(event, AlertTriggered):
                    was_hidden = place in self.told.hidden[alert_id]
                    assert was_hidden or event.last_occurrence_at != last_firing, "one firing is told once"
                    is_firing, last_firing = True, event.last_occurrence_at
                else:
                    assert is_firing
                    is_firing = event.name != "RMM_ALERT_RESOLVED"

    @invariant()
    def the_last_events_of_an_alert_say_how_it_is(self) -> None:
        for alert_id, alert in self.told.alerts.items():
            events = self.told.told_of(alert_id)
            names = [event.name for event in events if event.name != "RMM_ALERT_ACKNOWLEDGED"]
            if alert.status in FIRING:
                assert names[-1] == "RMM_ALERT_TRIGGERED"
                (*_, firing) = (event for event in events if isinstance(event, AlertTriggered))
                assert firing.last_occurrence_at == alert.last_triggered_at
            elif alert.status in OVER and names and len(events) not in self.told.hidden[alert_id]:
                assert names[-1] == "RMM_ALERT_RESOLVED"
            elif alert.status is AlertStatus.TOMBSTONE:
                assert not events
            if alert.status is AlertStatus.ACKNOWLEDGED:
                behind = [event.name for event in events]
                assert "RMM_ALERT_ACKNOWLEDGED" in behind

    @invariant()
    def a_ticket_is_created_once_and_first_and_closes_and_reopens_in_turn(self) -> None:
        for ticket_id, ticket in self.told.tickets.items():
            first, *rest = self.told.told_of(ticket_id)
            assert isinstance(first, TicketEvent)
            assert first.name == "TICKET_CREATED"
            turns = [event.name for event in rest if event.name != "TICKET_UPDATED"]
            assert turns == ["TICKET_CLOSED", "TICKET_REOPENED"] * (len(turns) // 2) + ["TICKET_CLOSED"] * (
                len(turns) % 2
            )
            assert ticket.is_closed is (len(turns) % 2 == 1)

    @invariant()
    def nothing_is_told_of_what_was_never_seen(self) -> None:
        assert {event.subject_id for event in self.told.told} <= {*self.told.alerts, *self.told.tickets}


TestToldLives = ToldLives.TestCase
TestToldLives.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
