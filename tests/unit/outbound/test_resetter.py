"""Integrations that share a batch: each has its own turn and its own part of the time."""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from tandem.alerts.models import Alert
from tandem.alerts.outbound import OutboundReset, ResetState
from tandem.connections.errors import Unreachable, VendorError
from tandem.connections.limits import Deadline
from tandem.outbound.message import encode
from tandem.outbound.queue import Message
from tandem.outbound.resetter import Resetter
from tandem.outbound.turn import Outside
from tandem.store.configuration.records import Integration, Status
from tandem.store.outbound import Known
from tests.unit.alerts.world import START, World, reset, triggered


def resolved() -> Alert:
    world = World()
    world.hear(triggered(), reset(1))
    return world.alert()


ALERT = resolved()


class Everything:
    """Two integrations, `down` and `up`, one alert each."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.shares: list[float] = []
        self.noted: dict[str, OutboundReset] = {}

    def wish(self, integration_id: str) -> OutboundReset:
        return OutboundReset(f"alert of {integration_id}", integration_id, "r", START, ALERT.last_triggered_at)

    def known(self, alert_id: str, _ticket_id: str | None, _now: datetime) -> Known:
        wish = self.wish(alert_id.removeprefix("alert of "))
        return Known(replace(ALERT, alert_id=alert_id), wish, None)

    def note(self, wish: OutboundReset) -> bool:
        self.noted[wish.integration_id] = wish
        return True

    def get(self, integration_id: str) -> Integration:
        return Integration(integration_id, ALERT.provider, integration_id, Status.CONNECTED, START)

    def open(self, integration: Integration, deadline: Deadline) -> Any:
        outside = self

        class OneRmm:
            def reset(self, _external_alert_id: str) -> None:
                outside.shares.append(deadline.remaining())
                if integration.integration_id == "down":
                    outside.seconds += deadline.remaining()
                    error: VendorError = Unreachable("It did not answer in time.")
                    raise error

        return OneRmm()

    def deadline(self, turns: int) -> Deadline:
        return Deadline(40 / turns, lambda: self.seconds)


def test_an_rmm_that_hangs_uses_up_its_own_part_of_the_time_only() -> None:
    outside = Everything()
    parts = Outside(cast("Any", outside), outside, outside, cast("Any", outside), cast("Any", outside), lambda: START)
    messages = [Message(each, encode(outside.wish(each)), START, group_id=each) for each in ("down", "up")]
    down, up = Resetter(parts, outside.deadline).reset(messages)
    assert outside.shares == [20.0, 20.0]
    assert (down.failed, down.wait) == ("It did not answer in time.", 30)
    assert (up.failed, up.outcome) == (None, ResetState.DONE)
    assert outside.noted["down"].last_error == "It did not answer in time."


def test_the_answer_is_in_the_order_of_the_messages() -> None:
    outside = Everything()
    parts = Outside(cast("Any", outside), outside, outside, cast("Any", outside), cast("Any", outside), lambda: START)
    messages = [
        Message(f"{number} {each}", encode(outside.wish(each)), START, group_id=each)
        for number, each in enumerate(("up", "down", "up"))
    ]
    handled = Resetter(parts, outside.deadline).reset(messages)
    assert [one.message.message_id for one in handled] == ["0 up", "1 down", "2 up"]
