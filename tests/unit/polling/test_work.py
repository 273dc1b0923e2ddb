"""Polls from beginning to end, on fakes of everything outside."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tandem.alert_queue import QueueError
from tandem.alerts.models import AlertEvent, AlertStatus, Kind
from tandem.assets.news import News
from tandem.connections.errors import BadReply, Forbidden, Refused, TimeIsUp, Unreachable, VendorError, WrongAddress
from tandem.connections.rmm import DeviceSeen, OrganizationSeen, UnreadableAlert
from tandem.polling.listings import ListingsUnavailableError
from tandem.store.polls import Run
from tests.unit.alerts.world import at, reset, triggered
from tests.unit.polling.world import INTEGRATION, FakeRmm, PolledWorld

FAILURES = [
    Unreachable("The server does not answer."),
    BadReply("The answer ends in the middle."),
    WrongAddress("A web page came."),
    Refused("The key is not accepted."),
    TimeIsUp("It took too long."),
]

each_failure = pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)


def a_run(**given: object) -> Run:
    return replace(Run("r1", "i1", "poll", "queued", at(0), "u1"), **given)  # type: ignore[arg-type]  # passed through


def statuses(polled: PolledWorld) -> list[AlertStatus]:
    return sorted(alert.status for alert in polled.world.alerts.values())


def test_with_webhooks_off_what_fires_gets_a_ticket_and_what_cleared_is_closed_after_two_listings() -> None:
    polled = PolledWorld()
    done = polled.poll(15, triggered(1, "a1"), triggered(2, "a2", device="d2"))
    assert done.polled is not None
    assert (done.outcome, done.polled.listed, done.polled.fired, done.polled.cleared) == ("succeeded", 2, 2, 0)
    assert len(polled.world.open_tickets) == 2
    polled.poll(30, triggered(2, "a2", device="d2"))
    assert statuses(polled) == ["active", "active"]
    polled.poll(45, triggered(2, "a2", device="d2"))
    assert statuses(polled) == ["active", "resolved"]


def test_with_webhooks_on_a_poll_hands_nothing_over() -> None:
    polled = PolledWorld()
    polled.world.hear(triggered(1))
    done = polled.poll(15, triggered(1))
    assert polled.queue.sent == []
    assert polled.beliefs.looked_up == [], "what is live and listed needs no record"
    assert done.polled is not None
    assert done.polled.listed == 1


@each_failure
def test_a_listing_that_fails_resolves_nothing_and_does_not_count(failure: VendorError) -> None:
    polled = PolledWorld()
    polled.poll(15, triggered(1))
    for minute in (30, 45, 60):
        assert polled.failed_poll(minute, failure).outcome == "failed"
    assert statuses(polled) == ["active"]
    polled.poll(75)
    assert statuses(polled) == ["active"], "only the first complete listing without it"
    polled.poll(90)
    assert statuses(polled) == ["resolved"]


@each_failure
def test_half_a_listing_hands_over_nothing(failure: VendorError) -> None:
    polled = PolledWorld()
    polled.failed_poll(15, failure, triggered(1, "a1"))
    assert polled.queue.sent == []
    assert polled.listings.objects == {}


def test_a_listing_that_is_empty_by_error_once_resolves_nothing() -> None:
    polled = PolledWorld()
    polled.poll(15, triggered(1))
    polled.poll(30)
    polled.poll(45, triggered(1))
    polled.poll(60)
    assert statuses(polled) == ["active"]


def test_a_mass_of_resets_waits_for_a_third_listing_and_says_so() -> None:
    polled = PolledWorld()
    alerts = [triggered(1, f"a{number}", device=f"d{number}") for number in range(30)]
    polled.poll(15, *alerts)
    polled.poll(30)
    done = polled.poll(45)
    assert done.polled is not None
    assert (done.polled.cleared, done.polled.held_back, polled.state.held_back) == (0, 30, 30)
    polled.poll(60)
    assert set(statuses(polled)) == {"resolved"}


def test_an_alert_that_cannot_be_read_stops_no_other_and_is_not_missing() -> None:
    polled = PolledWorld()
    polled.world.hear(triggered(1, "a1"))
    unreadable = UnreadableAlert("a1", "no device")
    for minute in (15, 30, 45):
        done = polled.poll(minute, unreadable, triggered(2, "a2", device="d2"))
    assert done.polled is not None
    assert done.polled.unreadable == polled.state.unreadable == 1
    assert polled.state.unreadable_alerts == ("alert a1: no device",)
    assert statuses(polled) == ["active", "active"]


def test_while_a_listing_has_a_row_that_could_be_any_alert_nothing_counts_as_missing() -> None:
    polled = PolledWorld()
    polled.world.hear(triggered(1, "a1"))
    nameless = UnreadableAlert(None, "a row is no object")
    for minute in (15, 30, 45):
        polled.poll(minute, nameless, triggered(2, "a2", device="d2"))
    assert statuses(polled) == ["active", "active"]
    polled.poll(60, triggered(2, "a2", device="d2"))
    assert statuses(polled) == ["active", "active"], "the listing before was not whole"
    polled.poll(75, triggered(2, "a2", device="d2"))
    assert statuses(polled) == ["active", "resolved"]


def test_a_report_says_how_old_the_last_good_poll_is() -> None:
    polled = PolledWorld()
    assert polled.failed_poll(5, FAILURES[0]).seconds_since_good is None, "there was none yet"
    assert polled.poll(15).seconds_since_good == 0
    assert polled.failed_poll(30, FAILURES[0]).seconds_since_good == 900
    assert polled.failed_poll(45, FAILURES[0]).seconds_since_good == 1800


def test_a_failed_poll_is_recorded_with_its_sentence_and_a_good_one_forgets_it() -> None:
    polled = PolledWorld()
    polled.poll(15, triggered(1))
    for minute in (30, 45, 60):
        done = polled.failed_poll(minute, Unreachable("The server does not answer. See whether it runs."))
    assert done.failures_in_a_row == polled.state.consecutive_failures == 3
    assert polled.state.last_error == "The server does not answer. See whether it runs."
    assert (polled.state.last_polled_at, polled.state.last_success_at) == (at(60), at(15))
    polled.poll(75, triggered(1))
    after = polled.polls.states["i1"]
    assert (after.consecutive_failures, after.last_error) == (0, None)
    assert (after.last_polled_at, after.last_success_at) == (at(75), at(75))


def test_failures_are_counted_anew_with_other_credentials() -> None:
    polled = PolledWorld()
    for minute in (15, 30, 45):
        polled.failed_poll(minute, FAILURES[0])
    polled.integrations.kept["i1"] = replace(INTEGRATION, connected_at=at(50))
    assert polled.failed_poll(60, FAILURES[0]).failures_in_a_row == 1
    assert polled.failed_poll(75, FAILURES[0]).failures_in_a_row == 2


def test_an_integration_that_cannot_be_opened_is_a_failed_poll() -> None:
    def refuse() -> FakeRmm:
        raise Refused("Sign in again.")

    polled = PolledWorld(opens=refuse)
    assert polled.poll(15).outcome == "failed"
    assert polled.state.last_error == "Sign in again."


def test_what_fails_on_our_side_is_recorded_and_raised_and_the_next_poll_finds_the_same() -> None:
    polled = PolledWorld()
    polled.queue.is_down = True
    with pytest.raises(QueueError):
        polled.poll(15, triggered(1))
    assert polled.state.last_error is not None
    assert polled.state.last_error.startswith("Tandem itself could not finish the poll (the queue could not be reached")
    polled.queue.is_down, polled.listings.is_down = False, True
    with pytest.raises(ListingsUnavailableError):
        polled.poll(30, triggered(1))
    polled.listings.is_down = False
    polled.poll(45, triggered(1))
    assert len(polled.world.open_tickets) == 1


def test_two_polls_of_one_integration_never_run_at_once() -> None:
    polled = PolledWorld()
    polled.polls.leases["i1"] = ("another", at(20))
    assert polled.poll(15, triggered(1)).outcome == "busy"
    assert polled.rmm.asked == []
    assert polled.poll(21, triggered(1)).outcome == "succeeded", "who died gives nothing back: the lease ends by itself"


def test_a_poll_that_outlived_its_lease_leaves_the_word_to_the_next() -> None:
    polled = PolledWorld()

    def taken_over() -> FakeRmm:
        polled.polls.leases["i1"] = ("another", at(60))
        return polled.rmm

    polled.opens = taken_over
    polled.poll(15, triggered(1))
    assert "i1" not in polled.polls.states
    assert polled.polls.leases["i1"][0] == "another"


@pytest.mark.parametrize("status", ["webhook_only", "disconnected"])
def test_an_integration_that_is_not_connected_is_not_polled_and_loses_its_schedule(status: str) -> None:
    polled = PolledWorld()
    polled.schedules.put("i1", 15)
    polled.integrations.kept["i1"] = replace(INTEGRATION, status=status)
    assert polled.poll(15, triggered(1)).outcome == "not connected"
    assert polled.rmm.asked == []
    assert polled.schedules.intervals() == {}


def test_an_integration_that_waits_to_be_reconnected_is_polled_by_hand_only_and_connected_if_it_goes_well() -> None:
    polled = PolledWorld()
    polled.schedules.put("i1", 15)
    polled.integrations.kept["i1"] = replace(INTEGRATION, status="reconnect_required")
    assert polled.poll(15, triggered(1)).outcome == "not connected"
    assert polled.schedules.intervals() == {"i1": 15}
    polled.polls.runs["r1"] = a_run()
    assert polled.poll(16, triggered(1), run_id="r1").outcome == "succeeded"
    assert polled.integrations.kept["i1"].status == "connected"


def test_a_poll_that_is_under_way_when_its_integration_is_disconnected_hands_nothing_over() -> None:
    polled = PolledWorld()

    def disconnected() -> FakeRmm:
        polled.integrations.kept["i1"] = replace(INTEGRATION, status="disconnected")
        return polled.rmm

    polled.opens = disconnected
    assert polled.poll(15, triggered(1)).outcome == "not connected"
    assert polled.queue.sent == []


def test_listings_from_before_a_disconnect_do_not_count() -> None:
    polled = PolledWorld()
    polled.poll(15, triggered(1))
    polled.poll(30)
    polled.integrations.kept["i1"] = replace(INTEGRATION, connection_since=at(40))
    polled.poll(45)
    assert statuses(polled) == ["active"], "of the server that it is connected to now, only one listing lacks it"
    polled.poll(60)
    assert statuses(polled) == ["resolved"]


def test_a_poll_that_is_under_way_when_its_integration_is_connected_anew_hands_nothing_over() -> None:
    polled = PolledWorld()

    def connected_anew() -> FakeRmm:
        polled.integrations.kept["i1"] = replace(INTEGRATION, connection_since=at(15))
        return polled.rmm

    polled.opens = connected_anew
    assert polled.poll(15, triggered(1)).outcome == "not connected"
    assert polled.queue.sent == []


def test_a_switched_off_integration_is_polled_by_hand_only() -> None:
    polled = PolledWorld()
    polled.integrations.kept["i1"] = replace(INTEGRATION, polling_enabled=False)
    assert polled.poll(15, triggered(1)).outcome == "not connected"
    polled.polls.runs["r1"] = a_run()
    assert polled.poll(16, triggered(1), run_id="r1").outcome == "succeeded"
    run = polled.polls.runs["r1"]
    assert (run.state, run.listed, run.fired, run.started_at, run.finished_at) == ("succeeded", 1, 1, at(16), at(16))


def test_a_run_says_why_it_failed() -> None:
    polled = PolledWorld()
    polled.polls.runs["r1"] = a_run()
    polled.rmm.failure = Unreachable("The server does not answer.")
    polled.poll(15, run_id="r1")
    assert (polled.polls.runs["r1"].state, polled.polls.runs["r1"].error) == ("failed", "The server does not answer.")
    polled.rmm.failure = None
    polled.polls.leases["i1"] = ("another", at(60))
    polled.polls.runs["r1"] = a_run()
    polled.poll(16, run_id="r1")
    assert polled.polls.runs["r1"].error is not None
    assert polled.polls.runs["r1"].error.startswith("Another poll of this integration was running")


@pytest.mark.parametrize("state", ["running", "succeeded", "failed"])
def test_a_run_whose_invocation_is_delivered_twice_is_carried_out_once(state: str) -> None:
    polled = PolledWorld()
    polled.polls.runs["r1"] = run = a_run(state=state)
    assert polled.poll(15, triggered(1), run_id="r1").outcome == "busy"
    assert (polled.polls.runs["r1"], polled.rmm.asked) == (run, [])


# ---- where devices belong


def test_a_polled_alert_of_an_unknown_device_finds_its_client_by_the_rmms_devices() -> None:
    polled = PolledWorld()
    polled.rmm.listed_devices = [
        DeviceSeen("d1", "SRV-1", "o1", None, {"Site": "Main"}),
        DeviceSeen("d2", "PC-2", "o2"),
    ]
    polled.rmm.listed_organizations = [OrganizationSeen("o1", "Acme Corp")]
    polled.poll(15, triggered(1, organization=None))
    (event,) = polled.queue.sent
    assert (event.organization_id, event.organization_name) == ("o1", "Acme Corp")
    assert event.facts == {"Site": "Main"}
    assert polled.world.ticket.client_id == "c1"
    assert polled.world.devices["d1"].organization_id == "o1", "learnt with the alert"
    assert polled.rmm.asked == ["active alerts", "devices", "organizations"]


def test_devices_and_organizations_are_listed_only_when_something_new_is_not_known() -> None:
    polled = PolledWorld()
    polled.rmm.listed_devices = [DeviceSeen("d1", "SRV-1", "o1")]
    polled.beliefs.names["o1"] = "Acme Corp"
    polled.poll(15, triggered(1, organization=None))
    assert polled.rmm.asked == ["active alerts", "devices"]
    polled.poll(30, triggered(1, organization=None))
    assert polled.rmm.asked == ["active alerts"]
    polled.poll(45, triggered(1, organization=None), triggered(31, "a2", organization=None, identity="check:2"))
    assert polled.rmm.asked == ["active alerts"], "the device is known by now"
    assert polled.queue.sent[0].organization_name == "Acme Corp"


def test_a_poll_waits_when_devices_cannot_be_listed_now_and_goes_on_when_they_never_will() -> None:
    polled = PolledWorld()
    polled.rmm.devices_failure = Unreachable("The server does not answer.")
    assert polled.poll(15, triggered(1, organization=None)).outcome == "failed"
    assert polled.queue.sent == []
    polled.rmm.devices_failure = Forbidden("The key may not list devices.")
    assert polled.poll(30, triggered(1, organization=None)).outcome == "succeeded"
    assert polled.state.warning == "The key may not list devices."
    assert polled.world.alert().needs_mapping


def test_an_alert_whose_webhook_named_no_organization_finds_its_client_by_the_next_poll() -> None:
    polled = PolledWorld()
    polled.world.hear(triggered(1, organization=None))
    assert polled.world.alert().needs_mapping
    polled.rmm.listed_devices = [DeviceSeen("d1", "SRV-1", "o1")]
    done = polled.poll(15, triggered(1, organization=None))
    assert done.polled is not None
    assert (done.polled.fired, done.polled.placed) == (0, 1)
    assert polled.world.ticket.client_id == "c1"
    assert [each.external_device_id for each in polled.beliefs.taught] == ["d1"]


def test_a_device_that_the_rmm_does_not_list_is_asked_for_no_more_than_hourly() -> None:
    polled = PolledWorld()
    polled.world.hear(triggered(1, organization=None))
    listings = 0
    for minute in (15, 30, 45, 60, 75, 90):
        polled.poll(minute, triggered(1, organization=None))
        listings += polled.rmm.asked.count("devices")
    assert listings == 2


# ---- what is over already


def history(name: str, fired: float, ended: float, device: str = "d1") -> list[AlertEvent]:
    return [replace(triggered(fired, name, device=device), makes_no_ticket=True), reset(ended, name, device=device)]


def test_an_import_takes_over_what_is_over_as_history_without_tickets() -> None:
    polled = PolledWorld()
    polled.world.hear(triggered(5, "open", device="d9"))
    open_ticket = polled.world.ticket
    comments = len(polled.world.comments)
    polled.rmm.resolved = [
        *history("old", -600, -500),
        *history("beside", -300, -200, device="d9"),  # of the condition that has an open ticket
        *history("clocks", -100, -110, device="d3"),
        *history("open", -50, -40, device="d9"),
    ]
    polled.polls.runs["r1"] = a_run(kind="alerts", days=7)
    polled.poll(15, triggered(5, "open", device="d9"), triggered(6, "new", device="d2"), run_id="r1")
    run = polled.polls.runs["r1"]
    assert (run.state, run.fired, run.history) == ("succeeded", 1, 3)
    by_name = {alert.external_alert_id: alert for alert in polled.world.alerts.values()}
    for name in ("old", "beside", "clocks"):
        assert by_name[name].status is AlertStatus.RESOLVED
        assert (by_name[name].ticket_id, by_name[name].triggered_at is None) == (None, False)
    assert by_name["open"].is_live
    assert [event.kind for event in polled.queue.sent[1:3]] == [Kind.RESET, Kind.TRIGGERED], "the reset goes first"
    assert len(polled.world.open_tickets) == 2, "the one that was open, and the new alert's"
    assert polled.world.tickets[open_ticket.ticket_id] == open_ticket
    assert len(polled.world.comments) == comments + 1


def test_an_import_that_is_repeated_takes_nothing_over_again() -> None:
    polled = PolledWorld()
    polled.rmm.resolved = history("old", -600, -500)
    for number in (1, 2):
        polled.polls.runs["r1"] = a_run(kind="alerts", days=7)
        polled.poll(15 * number, run_id="r1")
        assert polled.polls.runs["r1"].history == 2 - number


def test_a_row_of_the_history_that_cannot_be_read_stops_no_other_and_is_named() -> None:
    polled = PolledWorld()
    many = [UnreadableAlert(f"x{number}", "no device") for number in range(12)]
    polled.rmm.resolved = [*history("old", -600, -500), *many, *history("older", -800, -700, device="d2")]
    polled.polls.runs["r1"] = a_run(kind="alerts", days=7)
    assert polled.poll(15, UnreadableAlert(None, "a row is no object"), run_id="r1").outcome == "succeeded"
    run = polled.polls.runs["r1"]
    assert (run.state, run.history, run.unreadable) == ("succeeded", 2, 13)
    assert run.unreadable_alerts[:2] == ("an alert without id: a row is no object", "alert x0: no device")
    assert len(run.unreadable_alerts) == 10


def test_an_import_that_breaks_off_fails_no_poll_and_keeps_what_it_took_over() -> None:
    polled = PolledWorld()
    polled.rmm.resolved = history("old", -600, -500)
    polled.rmm.resolved_failure = Unreachable("The server does not answer.")
    polled.polls.runs["r1"] = a_run(kind="alerts", days=7)
    assert polled.poll(15, triggered(1), run_id="r1").outcome == "succeeded"
    assert (polled.state.last_error, polled.state.consecutive_failures, polled.state.listed) == (None, 0, 1)
    run = polled.polls.runs["r1"]
    assert (run.state, run.listed, run.fired, run.history) == ("failed", 1, 1, 1)
    assert run.error is not None
    assert "and 1 that had ended; then it broke off: The server does not answer." in run.error
    assert set(statuses(polled)) == {"active", "resolved"}


def test_an_import_that_fails_for_our_own_sake_fails_no_poll_either() -> None:
    polled = PolledWorld()
    polled.polls.runs["r1"] = a_run(kind="alerts", days=7)

    def resolved(since: object) -> Iterator[AlertEvent]:
        polled.queue.is_down = True
        yield from history("old", -600, -500)

    polled.rmm.resolved_alerts = resolved  # type: ignore[method-assign]  # the queue is lost in the middle
    with pytest.raises(QueueError):
        polled.poll(15, triggered(1), run_id="r1")
    assert (polled.state.last_error, polled.state.consecutive_failures) == (None, 0)
    run = polled.polls.runs["r1"]
    assert (run.state, run.fired) == ("failed", 1)
    assert run.error is not None
    assert "Tandem itself could not finish" in run.error


def test_a_poll_that_nobody_asked_for_imports_no_history() -> None:
    polled = PolledWorld()
    polled.rmm.resolved = history("old", -600, -500)
    polled.poll(15)
    assert polled.rmm.asked == ["active alerts"]


def test_the_devices_of_what_fires_are_looked_at_once_it_fires() -> None:
    polled = PolledWorld()
    polled.poll(15, triggered(1, "a1"), triggered(2, "a2", device="d2"), triggered(3, "a3", device="d2"))
    assert [each.external_id for each in polled.refreshes.sent] == ["d1", "d2"]
    assert {each.news for each in polled.refreshes.sent} == {News.ALERTED}
    polled.poll(30, triggered(1, "a1"))
    assert len(polled.refreshes.sent) == 2


def test_no_device_is_looked_at_where_devices_are_not_synced_and_a_poll_goes_well_without_that_queue() -> None:
    polled = PolledWorld()
    polled.integrations.kept["i1"] = replace(INTEGRATION, device_sync_enabled=False)
    polled.poll(15, triggered(1, "a1"))
    assert polled.refreshes.sent == []
    polled = PolledWorld()
    polled.refreshes.is_broken = True
    assert polled.poll(15, triggered(1, "a1")).outcome == "succeeded"
