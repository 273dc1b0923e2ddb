"""From a closed ticket, or an alert that a person resolved, to the RMM and back: on a real table, by a test's clock."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alerts.models import AlertStatus, Origin
from tandem.alerts.outbound import ResetState
from tandem.connections.errors import (
    NotConnected,
    Paced,
    Refused,
    Rejected,
    ServerFailed,
    Throttled,
    TimeIsUp,
    Unreachable,
)
from tandem.outbound.dispatcher import Dispatched
from tandem.outbound.failing import ATTEMPTS_OF_ONE
from tests.integration.deployment import of_kind
from tests.integration.resetting import Tenant, again_on
from tests.unit.alerts.world import START, acknowledged, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DOWN = Unreachable("Tactical RMM cannot be connected to. See whether the server runs.")


@pytest.fixture
def tenant(dynamodb: "DynamoDBClient", table_name: str) -> Tenant:
    """Connected, and every alert makes a ticket."""
    return Tenant(dynamodb, table_name)


@pytest.fixture
def new_tenant(dynamodb: "DynamoDBClient", table_name: str) -> Callable[..., Tenant]:
    """A tenant with another status or rule."""
    return lambda **words: Tenant(dynamodb, table_name, **words)


def fired(tenant: Tenant, *external_ids: str) -> list[str]:
    """Alerts of as many devices, and the closes of their tickets as the bus tells them."""
    names = external_ids or ("a1",)
    tenant.hear(*(triggered(0, each, device=f"d-{each}") for each in names))
    tickets = {ticket.source_reference: ticket for ticket in tenant.tickets()}
    tenant.now += MINUTE
    return [tenant.close(tickets[each]) for each in names]


# ---- the way there


def test_closing_a_ticket_resets_its_alert_in_the_rmm_and_then_in_tandem(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    assert tenant.dispatch(closed) == [Dispatched("b0", asked=1)]
    assert tenant.wish().state is ResetState.PENDING
    assert tenant.alert().status is AlertStatus.ACTIVE, "the close waits for nothing, and nothing is said too early"
    tenant.now += MINUTE
    (handled,) = tenant.work()
    assert (handled.outcome, tenant.rmm.effects) == (ResetState.DONE, ["a1"])
    wish = tenant.wish()
    assert (wish.state, wish.attempts, wish.last_error, wish.done_at) == (ResetState.DONE, 1, None, tenant.now)
    assert (tenant.alert().status, tenant.alert().resolved_at) == (AlertStatus.RESOLVED, tenant.now)


def test_every_firing_alert_of_the_ticket_is_reset_however_many(tenant: Tenant) -> None:
    names = [f"a{number}" for number in range(130)]
    for start in range(0, len(names), 10):
        tenant.hear(*(triggered(index / 60, each) for index, each in enumerate(names[start : start + 10], start)))
    tenant.hear(acknowledged(5, "a1"), reset(5, "a2"))
    tenant.now += MINUTE
    assert tenant.dispatch(tenant.close(tenant.ticket)) == [Dispatched("b0", asked=129)]
    tenant.work_until_done(START + DAY)
    assert tenant.rmm.firing == set()
    assert "a2" not in tenant.rmm.resets


def test_a_rule_may_leave_its_alerts_as_they_are(new_tenant: Callable[..., Tenant]) -> None:
    tenant = new_tenant(reset_alert_on_ticket_close=False)
    (closed,) = fired(tenant)
    assert tenant.dispatch(closed) == [Dispatched("b0")]
    assert not tenant.has_wish()
    assert tenant.queue.queued == []


def test_an_alert_that_a_person_resolves_is_reset_in_the_rmm_too(tenant: Tenant) -> None:
    tenant.hear(triggered())
    tenant.now += MINUTE
    asked = tenant.resolve()
    assert tenant.wish().state is ResetState.PENDING, "from the moment in which the person is answered"
    assert tenant.dispatch(asked) == [Dispatched("b0", asked=1)]
    tenant.work()
    assert (tenant.wish().state, tenant.rmm.effects) == (ResetState.DONE, ["a1"])
    assert tenant.heard == [], "it is resolved already"


def test_the_echo_of_a_reset_changes_nothing_that_anybody_sees(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    tenant.now += MINUTE
    tenant.work()
    alert, comments = tenant.alert(), of_kind(tenant.client, tenant.table, "C#")
    traces, tickets = of_kind(tenant.client, tenant.table, "TRACE"), tenant.tickets()
    for minutes in (1, 2, 3):  # by a clock that is behind, the same, ahead
        tenant.hear(reset(minutes, device="d-a1"))
    echoed = tenant.alert()
    assert (echoed.status, echoed.resolved_at, echoed.ticket_id) == (alert.status, alert.resolved_at, alert.ticket_id)
    assert of_kind(tenant.client, tenant.table, "C#") == comments
    assert (of_kind(tenant.client, tenant.table, "TRACE"), tenant.tickets()) == (traces, tickets)


def test_an_echo_that_is_faster_than_tandem_leaves_one_comment(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)

    def echoing(call: Callable[[], Any]) -> Any:
        call()
        tenant.hear(reset(1.5, device="d-a1"))

    tenant.around = echoing
    tenant.now += MINUTE
    tenant.work()
    tenant.around = lambda call: call()
    assert tenant.alert().status is AlertStatus.RESOLVED
    comments = [item["body"] for item in of_kind(tenant.client, tenant.table, "C#")]
    assert len(comments) == 2, comments


# ---- what is not needed any more


def test_an_alert_that_fired_again_before_its_turn_is_not_reset(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    tenant.hear(triggered(2, device="d-a1"))
    (handled,) = tenant.work()
    assert (handled.outcome, tenant.rmm.resets) == (ResetState.NOT_NEEDED, [])
    assert tenant.alert().is_live


def test_one_that_fired_again_before_the_close_was_told_neither(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.hear(triggered(2, device="d-a1"))
    assert tenant.dispatch(closed) == [Dispatched("b0")]


def test_an_alert_that_is_over_by_then_is_not_asked_about(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    tenant.hear(reset(2, device="d-a1"))
    (handled,) = tenant.work()
    assert (handled.outcome, tenant.rmm.resets) == (ResetState.DONE, [])


def test_a_ticket_that_was_reopened_asks_for_nothing(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    tenant.reopen(tenant.ticket)
    (handled,) = tenant.work()
    assert (handled.outcome, tenant.rmm.resets) == (ResetState.NOT_NEEDED, [])
    assert tenant.dispatch(closed) == [Dispatched("b0")]
    tenant.now += MINUTE
    tenant.dispatch(tenant.close(tenant.ticket))
    tenant.work()
    assert tenant.rmm.effects == ["a1"], "the next close asks anew"


def test_a_person_who_resolves_what_waits_for_a_close_replaces_that_wish(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    tenant.now += MINUTE
    asked = tenant.resolve()
    tenant.dispatch(closed, asked)
    assert [one.outcome for one in tenant.work()] == [None, ResetState.DONE]
    assert tenant.rmm.resets == ["a1"]


# ---- without a connection


@pytest.mark.parametrize("status", ["webhook_only", "disconnected"])
def test_without_a_connection_the_alert_is_resolved_in_tandem_alone(
    new_tenant: Callable[..., Tenant], status: str
) -> None:
    tenant = new_tenant(status=status)
    (closed,) = fired(tenant)
    assert tenant.dispatch(closed, closed) == [Dispatched("b0", local=1), Dispatched("b1", local=1)]
    assert (tenant.wish().state, tenant.queue.queued) == (ResetState.NOT_CONNECTED, [])
    assert tenant.alert().status is AlertStatus.RESOLVED
    (trace,) = of_kind(tenant.client, tenant.table, "TRACE")
    assert "resolved in Tandem alone" in trace["lines"]
    tenant.hear(triggered(0.5, device="d-a1"))
    assert not tenant.alert().is_live, "told late"
    tenant.hear(triggered(2, device="d-a1"))
    assert tenant.alert().is_live, "a later firing revives it"


def test_an_alert_that_the_rmm_gave_no_id_is_resolved_in_tandem_alone_when_its_ticket_closes(tenant: Tenant) -> None:
    tenant.hear(triggered(0, None))
    tenant.now += MINUTE
    closed = tenant.close(tenant.ticket)
    assert tenant.dispatch(closed, closed) == [Dispatched("b0", local=1), Dispatched("b1", local=1)]
    (alert,) = of_kind(tenant.client, tenant.table, "ALERT")
    (wish,) = of_kind(tenant.client, tenant.table, "OUTBOUND")
    assert (alert["status"], wish["state"]) == ("resolved", "no_id")
    assert "gave the alert no id" in wish["last_error"]
    assert tenant.queue.queued == []
    (trace,) = of_kind(tenant.client, tenant.table, "TRACE")
    assert "resolved in Tandem alone" in trace["lines"]
    assert [each for each in of_kind(tenant.client, tenant.table, "C#") if "could not be told" in each["body"]]


def test_without_a_connection_a_person_resolves_it_in_tandem_alone(new_tenant: Callable[..., Tenant]) -> None:
    tenant = new_tenant(status="webhook_only")
    tenant.hear(triggered())
    tenant.dispatch(tenant.resolve())
    assert (tenant.wish().state, tenant.queue.queued) == (ResetState.NOT_CONNECTED, [])


def test_an_integration_that_is_disconnected_meanwhile_resolves_in_tandem_alone(tenant: Tenant) -> None:
    first, second = fired(tenant, "a1", "a2")
    tenant.dispatch(first, second)
    tenant.rmm.faults["a2"] = NotConnected()
    assert [one.outcome for one in tenant.work()] == [ResetState.DONE, ResetState.NOT_CONNECTED]
    assert tenant.alert("a2").status is AlertStatus.RESOLVED
    tenant.hear(triggered(5, device="d-a1"))
    tenant.now += 9 * MINUTE
    (open_again,) = [ticket for ticket in tenant.tickets() if not ticket.is_closed]
    tenant.dispatch(tenant.close(open_again))
    tenant.connect("disconnected")
    assert [one.outcome for one in tenant.work()] == [ResetState.NOT_CONNECTED]
    assert tenant.alert().status is AlertStatus.RESOLVED


def test_what_was_asked_for_before_a_disconnect_is_not_asked_of_the_rmm_that_is_connected_then(tenant: Tenant) -> None:
    (first,) = fired(tenant)
    tenant.dispatch(first)
    tenant.hear(triggered(1, "a2", device="d2"))
    (open_one,) = [ticket for ticket in tenant.tickets() if not ticket.is_closed]
    second = tenant.close(open_one)
    tenant.now += MINUTE
    tenant.connect("connected", since=tenant.now)
    assert tenant.dispatch(second) == [Dispatched("b0", local=1)]
    assert [one.outcome for one in tenant.work()] == [ResetState.NOT_CONNECTED]
    assert tenant.rmm.resets == []
    assert [tenant.alert(each).status for each in ("a1", "a2")] == [AlertStatus.RESOLVED] * 2
    tenant.now += MINUTE
    tenant.hear(triggered(2.5))
    (again,) = [ticket for ticket in tenant.tickets() if not ticket.is_closed]
    tenant.dispatch(tenant.close(again))
    tenant.work()
    assert tenant.rmm.effects == ["a1"], "what is asked for since is"


def test_once_it_is_connected_a_person_may_ask_again(new_tenant: Callable[..., Tenant]) -> None:
    tenant = new_tenant(status="webhook_only")
    tenant.hear(triggered())
    tenant.dispatch(tenant.resolve())
    tenant.connect("connected")
    tenant.now += MINUTE
    assert tenant.dispatch(tenant.ask_again()) == [Dispatched("b0", asked=1)]
    tenant.work()
    assert (tenant.wish().state, tenant.rmm.effects) == (ResetState.DONE, ["a1"])


# ---- an RMM in trouble


def test_closing_200_tickets_while_the_rmm_is_down_for_ten_minutes_resets_all_of_them_once(tenant: Tenant) -> None:
    names = [f"a{number}" for number in range(200)]
    for start in range(0, len(names), 10):
        tenant.hear(*(triggered(0, each, device=f"d-{each}") for each in names[start : start + 10]))
    tenant.now += MINUTE
    closed = [tenant.close(ticket) for ticket in tenant.tickets()]
    tenant.rmm.fault = DOWN
    began = tenant.now
    for start in range(0, len(closed), 10):
        tenant.dispatch(*closed[start : start + 10])
    tenant.work_until_done(began + 10 * MINUTE)
    assert tenant.rmm.resets == []
    assert len(tenant.queue.queued) == len(names)
    assert sum(tenant.wish(each).attempts for each in names) <= 6, "it is not hammered on"

    tenant.rmm.fault = None
    tenant.dispatch(*closed[:10])  # the bus delivers at least once
    tenant.work_until_done(began + DAY)
    assert sorted(tenant.rmm.effects) == sorted(names), "each once in effect"
    assert sorted(tenant.rmm.resets) == sorted(names), "and each asked for once"
    assert {tenant.wish(each).state for each in names} == {ResetState.DONE}
    assert {tenant.alert(each).status for each in names} == {AlertStatus.RESOLVED}
    assert tenant.now - began <= 16 * MINUTE
    assert tenant.dead_letters() == []


def test_what_the_rmm_says_is_shown_while_it_is_tried_again(tenant: Tenant) -> None:
    first, second = fired(tenant, "a1", "a2")
    tenant.dispatch(first, second)
    tenant.rmm.fault = Refused("Tactical RMM does not accept the credentials. Make a new key.")
    waits = []
    for _ in range(8):
        handled = tenant.work()
        assert all(one.failed is not None for one in handled)
        waits.append({one.wait for one in handled})
        tenant.now += timedelta(seconds=handled[0].wait)
    assert waits == [{30}, {60}, {120}, {240}, {480}, {900}, {900}, {900}]
    wish = tenant.wish()
    assert (wish.state, wish.attempts) == (ResetState.PENDING, 8)
    assert wish.last_error == "Tactical RMM does not accept the credentials. Make a new key."
    assert tenant.wish("a2").attempts == 0, "it waits behind the first"


def test_after_a_day_it_is_given_up_and_a_replay_has_a_day_of_its_own(tenant: Tenant) -> None:
    first, second = fired(tenant, "a1", "a2")
    tenant.dispatch(first, second)
    tenant.rmm.fault = DOWN
    began = tenant.now
    tenant.work_until_done(began + 2 * DAY)
    assert tenant.queue.queued == []
    assert DAY <= tenant.now - began <= DAY + 16 * MINUTE
    letters = tenant.dead_letters()
    assert [(each["source"], each["reason"], each["group_id"]) for each in letters] == [
        ("alert-resets", str(DOWN), "i1")
    ] * 2
    for name in ("a1", "a2"):
        assert (tenant.wish(name).state, tenant.wish(name).last_error) == (ResetState.FAILED, str(DOWN))
        assert tenant.alert(name).is_live, "the RMM still shows it, and so does Tandem"
    for letter in letters:
        again_on(tenant.queue, letter)
    assert all(one.failed for one in tenant.work()), "still down, and tried again"
    tenant.rmm.fault = None
    tenant.work_until_done(tenant.now + DAY)
    assert sorted(tenant.rmm.effects) == ["a1", "a2"]
    assert tenant.wish().state is ResetState.DONE


def test_a_failed_one_is_tried_again_when_a_person_asks(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    tenant.rmm.faults["a1"] = Rejected("Tactical RMM did not do what it was asked to (HTTP 400).")
    assert tenant.work()[0].outcome is ResetState.FAILED
    tenant.rmm.faults.clear()
    tenant.now += MINUTE
    assert tenant.dispatch(tenant.ask_again()) == [Dispatched("b0", asked=1)]
    tenant.work()
    assert (tenant.wish().state, tenant.wish().attempts, tenant.rmm.effects) == (ResetState.DONE, 1, ["a1"])


def test_waiting_for_the_rate_postpones_and_uses_up_no_attempt(tenant: Tenant) -> None:
    tenant.dispatch(*fired(tenant, "a1", "a2", "a3", "a4"))
    tenant.rmm.allowance, tenant.rmm.when_used_up = 1, Paced("Later.", retry_after=42.0)
    for _ in range(ATTEMPTS_OF_ONE + 2):
        handled = tenant.work()
        assert {one.wait for one in handled if one.failed is not None} == {43}
        tenant.now += timedelta(seconds=43)
    waiting = [tenant.wish(each) for each in ("a2", "a3", "a4")]
    assert {(wish.state, wish.attempts, wish.last_error) for wish in waiting} == {(ResetState.PENDING, 0, None)}

    # A single failure of the server on one of them is its first, then.
    tenant.rmm.allowance = None
    tenant.rmm.faults["a2"] = ServerFailed("Tactical RMM's server failed on the request (HTTP 500).", status=500)
    tenant.work()
    assert (tenant.wish("a2").state, tenant.wish("a2").attempts) == (ResetState.PENDING, 1)
    assert tenant.wish("a3").state is ResetState.DONE


def test_one_that_the_rmm_rejects_holds_up_no_other(tenant: Tenant) -> None:
    tenant.dispatch(*fired(tenant, "a1", "a2", "a3"))
    tenant.rmm.faults["a1"] = Rejected("Tactical RMM did not do what it was asked to (HTTP 400).")
    assert [one.outcome for one in tenant.work()] == [ResetState.FAILED, ResetState.DONE, ResetState.DONE]
    assert [each["reason"] for each in tenant.dead_letters()] == [str(tenant.rmm.faults["a1"])]


def test_one_on_which_alone_the_server_fails_is_given_up_soon_and_the_others_go_on(tenant: Tenant) -> None:
    names = [f"a{number}" for number in range(8)]
    closed = fired(tenant, *names)
    tenant.rmm.faults["a0"] = ServerFailed("Tactical RMM's server failed on the request (HTTP 500).", status=500)
    for number in range(ATTEMPTS_OF_ONE):
        tenant.dispatch(*(closed[:2] if number == 0 else closed[number + 1 : number + 2]))
        handled = tenant.work()
        assert [one.outcome for one in handled[1:]] == [ResetState.DONE]
        tenant.now += timedelta(seconds=handled[0].wait)
    assert handled[0].outcome is ResetState.FAILED
    assert tenant.wish("a0").attempts == ATTEMPTS_OF_ONE
    assert tenant.queue.queued == []


def test_a_server_that_fails_on_everything_is_not_asked_for_all(tenant: Tenant) -> None:
    tenant.dispatch(*fired(tenant, *(f"a{number}" for number in range(8))))
    tenant.rmm.fault = ServerFailed("Tactical RMM's server failed on the request (HTTP 500).", status=500)
    for _ in range(ATTEMPTS_OF_ONE + 2):
        handled = tenant.work()
        assert all(one.failed for one in handled)
        tenant.now += timedelta(seconds=handled[0].wait)
    assert [tenant.wish(f"a{number}").attempts for number in range(4)] == [7, 7, 0, 0]
    tenant.rmm.fault = None
    tenant.work_until_done(tenant.now + DAY)
    assert len(tenant.rmm.effects) == 8


def test_an_rmm_that_asks_for_patience_gets_it_and_the_order_stays(tenant: Tenant) -> None:
    names = [f"a{number}" for number in range(8)]
    tenant.dispatch(*fired(tenant, *names))
    tenant.rmm.allowance, tenant.rmm.when_used_up = 3, Throttled("Asked too often.", retry_after=42.0)
    handled = tenant.work()
    assert [one.outcome is ResetState.DONE for one in handled] == [True] * 3 + [False] * 5
    assert {one.wait for one in handled if one.failed} == {43}
    tenant.rmm.allowance, tenant.rmm.when_used_up = 3, TimeIsUp("Took too long.")
    tenant.now += timedelta(seconds=43)
    assert {one.wait for one in tenant.work() if one.failed} == {5}, "it did some: it is not down"
    tenant.rmm.allowance = None
    tenant.work_until_done(tenant.now + DAY)
    assert tenant.rmm.effects == names


# ---- what comes twice, or is nothing


def test_a_close_that_is_told_twice_asks_once(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed, closed)
    tenant.now += 6 * MINUTE
    tenant.dispatch(closed)
    assert tenant.queue.sent == 2, "behind the five minutes of the queue"
    tenant.work_until_done(tenant.now + DAY)
    assert tenant.rmm.resets == ["a1"]
    assert tenant.dispatch(closed) == [Dispatched("b0")]


def test_what_is_no_message_of_these_queues_is_parked(tenant: Tenant) -> None:
    bodies: list[Any] = ["nonsense", "[]", '{"detail-type": "TICKET_CREATED", "detail": {}}', '{"detail": 1}']
    assert all(each.parked for each in tenant.dispatch(*bodies))
    for number, body in enumerate(["nonsense", '{"v": 2}', '{"v": 1, "alert_id": ""}']):
        tenant.queue.put(body, "i1", str(number))
    assert all(one.parked and one.failed is None for one in tenant.work())
    assert {each["source"] for each in tenant.dead_letters()} == {"ticket-closes", "alert-resets"}


def test_a_wish_about_an_alert_that_is_gone_is_let_go(tenant: Tenant) -> None:
    tenant.queue.put('{"v":1,"alert_id":"x","integration_id":"i1","request_id":"r"}', "i1", "d")
    (handled,) = tenant.work()
    assert (handled.failed, handled.outcome) == (None, None)


def test_the_reset_in_tandem_says_that_tandem_did_it(tenant: Tenant) -> None:
    (closed,) = fired(tenant)
    tenant.dispatch(closed)
    handled = tenant.resetter().reset(tenant.queue.receive())
    assert handled[0].outcome is ResetState.DONE
    (event,) = tenant.heard
    assert event.origin is Origin.OUTBOUND
    tenant.process()
    (trace,) = of_kind(tenant.client, tenant.table, "TRACE")
    assert "reset in the RMM by Tandem" in trace["lines"]
