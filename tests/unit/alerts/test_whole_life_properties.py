"""What holds over whole lives: RMMs, people, maintenance windows and the clock, in any order."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tandem.alerts import order
from tandem.alerts.again import by_person, decide_again
from tandem.alerts.by_hand import ConditionHasTicketError, Wishes, ticket_by_hand
from tandem.alerts.models import Alert, AlertStatus, Kind, Organization, Origin, Outcome, Severity
from tandem.alerts.tickets import SYSTEM, Ticket
from tandem.alerts.windows import MaintenanceWindow, Span, suppressing
from tests.unit.alerts.test_lifecycle_properties import check
from tests.unit.alerts.world import World, at, event
from tests.unit.alerts.world import rule as made_rule

SAYS_WHY: dict[AlertStatus, set[Outcome]] = {
    AlertStatus.SUPPRESSED: {Outcome.SUPPRESSED, Outcome.PLACED},
    AlertStatus.RESOLVED: {Outcome.RESOLVED},
    AlertStatus.AUTO_RESOLVED: {Outcome.RESOLVED},
    AlertStatus.ACTIVE: {
        Outcome.TICKET_CREATED,
        Outcome.OCCURRENCE_APPENDED,
        Outcome.SEVERITY_RAISED,
        Outcome.RECORDED_ONLY,
        Outcome.NEEDS_MAPPING,
        Outcome.PLACED,
    },
}
"""What the newest line of an alert's trace may say, by the alert's status."""

SCOPES: list[dict[str, str]] = [
    {},
    {"client_id": "c1"},
    {"client_id": "c2"},
    {"integration_id": "i1"},
    {"asset_id": "asset-1"},
]

numbers = st.integers(0, 5)


@dataclass(frozen=True)
class Plan:
    """A one-off window, in minutes from now."""

    starts_in: int
    lasts: int
    scope: int
    active: bool


plans = st.builds(Plan, st.integers(-10, 10), st.integers(1, 20), st.integers(0, len(SCOPES) - 1), st.booleans())


class Lives(RuleBasedStateMachine):
    """Two devices of two clients, two alerts each of one condition; one rule, which closes what nobody touched."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(rules=(made_rule("r", auto_resolve_ticket=True),))
        self.world.organizations = {
            each: Organization(each, each, client) for each, client in (("o1", "c1"), ("o2", "c2"))
        }
        self.minutes = 0.0
        self.acts = 0
        self.closed: dict[str, bool] = {}

    @rule(kind=st.sampled_from(Kind), device=st.sampled_from(["1", "2"]), which=st.sampled_from("ab"), late=numbers)
    def the_rmm_says(self, kind: Kind, device: str, which: str, late: int) -> None:
        severity = Severity.CRITICAL if late == 0 else Severity.MINOR
        words = {"device": f"d{device}", "organization": f"o{device}", "severity": severity}
        heard = event(kind, self.minutes - late, f"{which}{device}", **words)  # type: ignore[arg-type]  # passed through
        self.world.hear(heard)

    @rule(passed=st.integers(1, 15))
    def time_passes(self, passed: int) -> None:
        self.minutes += passed
        self.world.now = at(self.minutes)

    @rule()
    def the_sweep_runs(self) -> None:
        self.world.sweep()
        for alert in self.world.alerts.values():
            assert alert.status is not AlertStatus.SUPPRESSED or self.held(alert), "no window holds it any more"

    @rule(chosen=st.lists(plans, max_size=2))
    def windows_change(self, chosen: list[Plan]) -> None:
        self.world.change_windows(*(self.window(number, plan) for number, plan in enumerate(chosen)))

    @rule()
    def all_windows_are_deleted(self) -> None:
        self.world.change_windows()
        assert not any(alert.status is AlertStatus.SUPPRESSED for alert in self.world.alerts.values())

    @rule(number=numbers)
    def a_person_closes(self, number: int) -> None:
        ticket = self.ticket(number)
        if ticket is not None and not ticket.is_closed:
            self.world.close(ticket)

    @rule(number=numbers)
    def a_person_reopens(self, number: int) -> None:
        ticket = self.ticket(number)
        if ticket is None or not ticket.is_closed:
            return
        if not any(other.condition_id == ticket.condition_id for other in self.world.open_tickets):
            self.world.reopen(ticket)

    @rule(number=numbers)
    def a_person_comments(self, number: int) -> None:
        ticket = self.ticket(number)
        if ticket is not None:
            self.world.comment(ticket)

    @rule(number=numbers, kind=st.sampled_from([Kind.ACKNOWLEDGED, Kind.RESET]))
    def a_person_acts_on_an_alert(self, number: int, kind: Kind) -> None:
        alert = self.alert(number)
        if alert is not None:
            self.world.hear(by_person(alert, kind, "u1", self.act(), self.world.now))

    @rule(number=numbers)
    def a_person_makes_a_ticket(self, number: int) -> None:
        alert = self.alert(number)
        if alert is None:
            return
        asked = replace(decide_again(alert, None, Origin.PERSON, self.act(), self.world.now), acted_by="u1")
        state, context = self.world.state(asked), self.world.context()
        if any(ticket.condition_id == alert.condition_id for ticket in self.world.open_tickets):
            with pytest.raises(ConditionHasTicketError):
                ticket_by_hand(asked, alert, state, context, Wishes(), self.world.now)
        else:
            self.world.apply(ticket_by_hand(asked, alert, state, context, Wishes(), self.world.now))

    @rule(number=numbers)
    def a_person_applies_the_rules(self, number: int) -> None:
        alert = self.alert(number)
        if alert is not None:
            self.world.again(alert, Origin.PERSON)

    @rule(
        device=st.sampled_from(["1", "2"]),
        asset=st.sampled_from(["asset-1", "asset-2"]),
        client=st.sampled_from([None, "c1", "c2"]),
    )
    def a_sync_makes_the_device_an_asset(self, device: str, asset: str, client: str | None) -> None:
        before = dict(self.world.alerts)
        standing = {ticket.ticket_id: ticket for ticket in self.world.tickets.values()}
        counts = {each.condition_id: each.occurrence_count for each in self.world.conditions.values()}
        self.world.asset_arrives(f"d{device}", asset, asset_client_id=client)
        for alert in self.world.alerts.values():
            was = before[alert.alert_id]
            assert (alert.occurrence_count, alert.last_event_id, alert.is_live, alert.ticket_id or was.ticket_id) == (
                was.occurrence_count,
                was.last_event_id,
                was.is_live,
                alert.ticket_id,
            )
            assert order.moments_of(alert) == order.moments_of(was)
            assert not alert.is_live or alert.external_device_id != f"d{device}" or alert.asset_id == asset
            if was.ticket_id is None and was.status is not AlertStatus.SUPPRESSED and not was.needs_mapping:
                assert alert.ticket_id is None, "what was only recorded is not decided anew"
        for ticket_id, ticket in standing.items():
            now = self.world.tickets[ticket_id]
            assert replace(now, asset_id=ticket.asset_id, version=ticket.version) == ticket
            assert now.asset_id == ticket.asset_id or (ticket.asset_id is None and now.asset_id == asset)
            if ticket.condition_id is not None and counts[ticket.condition_id] > 0 and not ticket.is_closed:
                assert self.world.conditions[ticket.condition_id].open_ticket_id == ticket_id
        self.world.asset_arrives(f"d{device}", asset, asset_client_id=client)

    @rule(quiet=st.booleans())
    def the_rule_changes(self, quiet: bool) -> None:
        self.world.rules = (made_rule("r", create_ticket=not quiet, auto_resolve_ticket=not quiet),)

    @invariant()
    def a_condition_has_at_most_one_open_ticket_and_its_counts_are_true(self) -> None:
        check(self.world)

    @invariant()
    def what_closed_by_itself_was_untouched_and_nothing_of_it_fires(self) -> None:
        for ticket in self.world.tickets.values():
            was_closed = self.closed.get(ticket.ticket_id, False)
            if ticket.is_closed and not was_closed and ticket.closed_by == SYSTEM:
                linked = [alert for alert in self.world.alerts.values() if alert.ticket_id == ticket.ticket_id]
                assert not any(alert.is_live for alert in linked)
                assert ticket.touched_at is None
                assert ticket.closed_at is not None
            self.closed[ticket.ticket_id] = ticket.is_closed

    @invariant()
    def what_is_held_is_due_and_nothing_else_is(self) -> None:
        held = {
            (alert.suppressed_until, alert.alert_id, alert.suppressed_by_window_id)
            for alert in self.world.alerts.values()
            if alert.status is AlertStatus.SUPPRESSED
        }
        assert held == {(wake.at, wake.alert_id, wake.window_id) for wake in self.world.due.values()}

    @invariant()
    def every_alerts_trace_explains_its_state(self) -> None:
        for alert in self.world.alerts.values():
            if alert.status is AlertStatus.TOMBSTONE:
                continue
            lines = self.world.traces[alert.alert_id].entries
            if alert.status in SAYS_WHY:
                by_hand = lines[-1].reason.startswith("a person made ticket")
                assert by_hand or lines[-1].outcome in SAYS_WHY[alert.status]
            if alert.status is AlertStatus.SUPPRESSED:
                assert lines[-1].window_id == alert.suppressed_by_window_id
            if alert.ticket_id is not None:
                assert alert.ticket_id in {line.ticket_id for line in lines}
            assert (alert.suppressed_by_window_id is not None) is (alert.status is AlertStatus.SUPPRESSED)
            assert (alert.resolved_at is not None) is (not alert.is_live)

    def held(self, alert: Alert) -> bool:
        found = suppressing(
            self.world.windows, self.world.now, integration_id="i1", client_id=alert.client_id, asset_id=alert.asset_id
        )
        return found is not None

    def window(self, number: int, plan: Plan) -> MaintenanceWindow:
        start = self.minutes + plan.starts_in
        span = Span(at(start), at(start + plan.lasts))
        scope = SCOPES[plan.scope]
        return MaintenanceWindow(f"w{number}", f"Window {number}", active=plan.active, span=span, **scope)  # type: ignore[arg-type]  # passed through

    def act(self) -> str:
        self.acts += 1
        return f"act-{self.acts}"

    def ticket(self, number: int) -> Ticket | None:
        tickets = list(self.world.tickets.values())
        return tickets[number % len(tickets)] if tickets else None

    def alert(self, number: int) -> Alert | None:
        fired = [alert for alert in self.world.alerts.values() if alert.triggered_at is not None]
        return fired[number % len(fired)] if fired else None


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
