"""Which webhooks go to the queue of what is read back, and what happens when that queue fails."""

from dataclasses import replace

from tandem.alerts.models import AlertEvent
from tandem.ingest.answers import NotStored
from tandem.ingest.integration import Integration
from tests.unit.ingest.outside import ALERT, Outside, an_integration

WHOLE = {**ALERT, "severity": "error", "message": "It is down"}


class OtherQueue:
    """The queue of what is read back."""

    def __init__(self) -> None:
        self.sent: list[AlertEvent] = []
        self.is_broken = False

    def send(self, event: AlertEvent) -> None:
        if self.is_broken:
            raise NotStored("scripted")
        self.sent.append(event)


CONNECTED = replace(an_integration(), is_connected=True)


def test_what_may_lack_something_is_read_back_where_the_rmm_can_be_asked() -> None:
    other = OtherQueue()
    outside = Outside(CONNECTED, read_back=other)
    answer = outside.post(ALERT)
    assert (answer.status, outside.sent) == (200, [])
    (event,) = other.sent
    assert answer.body == {"status": "accepted", "event_id": event.event_id}
    assert event.is_partial


def test_what_is_whole_takes_the_usual_way() -> None:
    other = OtherQueue()
    outside = Outside(CONNECTED, read_back=other)
    outside.post(WHOLE)
    assert (len(outside.sent), other.sent) == (1, [])


def test_without_a_connection_or_such_a_queue_everything_takes_the_usual_way() -> None:
    other = OtherQueue()
    for outside in (Outside(an_integration(), read_back=other), Outside(CONNECTED)):
        outside.post(ALERT)
        (event,) = outside.sent
        assert not event.is_partial
    assert other.sent == []


def test_a_webhook_is_not_lost_because_that_queue_fails() -> None:
    other = OtherQueue()
    other.is_broken = True
    outside = Outside(CONNECTED, read_back=other)
    assert outside.post(ALERT).status == 200
    (event,) = outside.sent
    assert not event.is_partial


def test_an_integration_is_connected_only_while_its_credentials_work() -> None:
    values = {"integration_id": "i1", "provider": "tacticalrmm"}
    for status in ("webhook_only", "error", "reconnect_required", "disconnected", None):
        assert not Integration.from_values({**values, "status": status}).is_connected
    assert Integration.from_values({**values, "status": "connected"}).is_connected
