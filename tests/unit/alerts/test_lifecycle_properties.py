"""What holds whatever happens: the main job's promise, for random stories."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.alerts.models import AlertEvent, AlertStatus, Kind, Organization, Severity
from tandem.alerts.tickets import Ticket
from tests.unit.alerts.world import START, World, event

times = st.integers(0, 8)
alerts = st.sampled_from(["a1", "a2", None])


@st.composite
def events(draw: st.DrawFn, devices: tuple[str, ...] = ("d1",)) -> AlertEvent:
    device = draw(st.sampled_from(devices))
    alert = draw(alerts)
    return event(
        draw(st.sampled_from(Kind)),
        draw(times),
        f"{alert}-{device}" if alert else None,
        device=device,
        severity=draw(st.sampled_from(Severity)),
        name=str(draw(st.integers(0, 1))),
    )


def statuses(world: World) -> dict[str, AlertStatus]:
    return {alert_id: alert.status for alert_id, alert in world.alerts.items()}


def in_order_of_time(heard: list[AlertEvent]) -> list[AlertEvent]:
    rank = list(Kind)
    return sorted(heard, key=lambda each: (each.occurred_at, rank.index(each.kind)))


@settings(max_examples=400)
@given(st.lists(events(), max_size=12), st.randoms())
def test_any_order_and_repetition_of_a_conditions_events_ends_in_the_states_of_the_order_of_times(
    heard: list[AlertEvent], random: object
) -> None:
    shuffled = heard + heard[::2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    told, ordered = Story(), Story()
    for each in shuffled:
        told.step(each)
        told.check()
    for each in in_order_of_time(heard):
        ordered.step(each)
        ordered.check()
    assert statuses(told.world) == statuses(ordered.world)


@dataclass(frozen=True)
class Close:
    number: int


@dataclass(frozen=True)
class Reopen:
    number: int


@dataclass(frozen=True)
class Map:
    mapped: bool


steps = st.one_of(
    events(devices=("d1", "d2")),
    st.builds(Close, st.integers(0, 3)),
    st.builds(Reopen, st.integers(0, 3)),
    st.builds(Map, st.booleans()),
)


@dataclass
class Story:
    """A world in which people close and reopen tickets and mappings come and go.

    `closed_since`: the firing of each alert after which a person closed its condition's ticket.
    """

    world: World = field(default_factory=World)
    closed_since: dict[str, datetime | None] = field(default_factory=dict)
    mappings: int = 0

    def step(self, step: AlertEvent | Close | Reopen | Map) -> None:
        if isinstance(step, AlertEvent):
            self.world.hear(step)
        elif isinstance(step, Map):
            self._map(step.mapped)
        elif (ticket := self._ticket(step.number)) is not None:
            if isinstance(step, Close) and not ticket.is_closed:
                self.world.close(ticket)
                for alert in self.world.alerts.values():
                    if alert.condition_id == ticket.condition_id:
                        self.closed_since[alert.alert_id] = alert.last_triggered_at
            elif isinstance(step, Reopen) and ticket.is_closed and not self._other_is_open(ticket):
                self.world.reopen(ticket)

    def check(self) -> None:
        """A live alert with a client stands on an open ticket, unless a person closed it since it last fired."""
        check(self.world)
        mapped = self.world.organizations["o1"].client_id is not None
        assert self.world.waiting == {alert.alert_id for alert in self.world.alerts.values() if alert.needs_mapping}
        for alert in self.world.alerts.values():
            excused = self.closed_since.get(alert.alert_id, START - timedelta(1)) == alert.last_triggered_at
            if alert.is_live and mapped and not excused:
                condition = self.world.conditions[alert.condition_id]
                assert alert.ticket_id is not None
                assert alert.ticket_id == condition.open_ticket_id

    def _map(self, mapped: bool) -> None:
        self.mappings += 1
        self.world.organizations = {"o1": Organization("o1", "O", "c1" if mapped else None)}
        for alert_id in sorted(self.world.waiting):
            alert = self.world.alerts[alert_id]
            again = event(
                Kind.TRIGGERED, 0, alert.external_alert_id, device=alert.external_device_id, name=f"map {self.mappings}"
            )
            self.world.hear(replace(again, decide_again=True, identity=alert.identity, severity=alert.severity))

    def _ticket(self, number: int) -> Ticket | None:
        tickets = list(self.world.tickets.values())
        return tickets[number % len(tickets)] if tickets else None

    def _other_is_open(self, ticket: Ticket) -> bool:
        return any(other.condition_id == ticket.condition_id for other in self.world.open_tickets)


@settings(max_examples=400)
@given(st.lists(steps, max_size=25))
def test_whatever_people_do_a_condition_has_at_most_one_open_ticket_and_its_counts_are_true(
    story: list[AlertEvent | Close | Reopen | Map],
) -> None:
    told = Story()
    for step in story:
        told.step(step)
        told.check()


def check(world: World) -> None:
    """What holds after every step, whatever people do."""
    for condition in world.conditions.values():
        mine = [ticket for ticket in world.open_tickets if ticket.condition_id == condition.condition_id]
        assert len(mine) <= 1
        assert condition.open_ticket_id == (mine[0].ticket_id if mine else None)
        if mine:
            linked = [alert for alert in world.alerts.values() if alert.ticket_id == mine[0].ticket_id]
            assert condition.live_count == sum(1 for alert in linked if alert.is_live)
            assert all((mine[0].ticket_id, alert.alert_id) in world.links for alert in linked)
    for alert in world.alerts.values():
        if alert.status is AlertStatus.TOMBSTONE:
            assert alert.alert_id not in world.traces
            continue
        lines = world.traces[alert.alert_id].entries
        assert lines, "every alert explains itself"
        assert len(lines) <= 20
