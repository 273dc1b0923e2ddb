"""A rule on the deployed bus hears what becomes of alerts and tickets."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tandem.events.catalogue import EVENTS
from tests.e2e.bodies import tactical, unique
from tests.e2e.conftest import Stack, eventually

pytestmark = pytest.mark.emulator

MODELS = {event.name: event for event in EVENTS}


@dataclass
class Listener:
    """Whoever made a rule of their own on the tenant's bus."""

    stack: Stack
    name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex}")
    heard: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        events, sqs = self.stack.aws.client("events"), self.stack.aws.client("sqs")
        self._queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["tandem.local"]})
        events.put_rule(Name=self.name, EventBusName="tandem-local", EventPattern=pattern)
        events.put_targets(Rule=self.name, EventBusName="tandem-local", Targets=[{"Id": "queue", "Arn": arn}])

    def names(self, field_name: str, value: str) -> list[str]:
        """The events heard so far whose `field_name` is this."""
        sqs = self.stack.aws.client("sqs")
        while found := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                self.heard.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [event["detail-type"] for event in self.heard if event["detail"].get(field_name) == value]

    def leave(self) -> None:
        events = self.stack.aws.client("events")
        events.remove_targets(Rule=self.name, EventBusName="tandem-local", Ids=["queue"])
        events.delete_rule(Name=self.name, EventBusName="tandem-local")
        self.stack.aws.client("sqs").delete_queue(QueueUrl=self._queue)


@pytest.fixture
def listener(stack: Stack) -> Iterator[Listener]:
    made = Listener(stack)
    yield made
    made.leave()


def test_a_listener_hears_the_life_of_an_alert_and_of_its_ticket(stack: Stack, listener: Listener) -> None:
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client())
    number = unique("told")
    alert = stack.settled(rmm, number, stack.accepted(rmm, tactical(number, "trigger", 0)))
    stack.ok("PATCH", f"/tickets/{alert['ticket_id']}", {"title": "Disk"})
    stack.ok("POST", f"/tickets/{alert['ticket_id']}/close", {})
    # The close resolves the alert too. Whichever of the two comes second is ignored, and stands in no trace.
    stack.accepted(rmm, tactical(number, "resolve", 60))

    told = ["RMM_ALERT_TRIGGERED", "RMM_ALERT_RESOLVED"]
    eventually(lambda: listener.names("alert_id", alert["id"]) == told, "the alert's life is heard")
    worked = ["TICKET_CREATED", "TICKET_UPDATED", "TICKET_CLOSED"]
    eventually(lambda: ticket_of(listener, alert) == worked, "the ticket's life is heard")
    for event in listener.heard:
        MODELS[event["detail-type"]].model_validate(event["detail"])
        assert event["source"] == "tandem.local"


def ticket_of(listener: Listener, alert: dict[str, Any]) -> list[str]:
    return [name for name in listener.names("ticket_id", alert["ticket_id"]) if name.startswith("TICKET")]


def test_an_alert_in_a_maintenance_window_is_not_heard_of(stack: Stack, listener: Listener) -> None:
    client = stack.new_client()
    quiet, loud = (stack.connect("tacticalrmm", default_client_id=client) for _ in range(2))
    span = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2090-01-01T00:00:00Z"}
    stack.ok("POST", "/maintenance-windows", {"name": "Long", "integration_id": quiet.id, **span})
    name = unique("quiet")
    held = stack.settled(quiet, name, stack.accepted(quiet, tactical(name)))
    assert held["status"] == "suppressed"

    other = stack.settled(loud, name, stack.accepted(loud, tactical(name)))
    eventually(lambda: listener.names("alert_id", other["id"]) == ["RMM_ALERT_TRIGGERED"], "the loud alert is heard")
    assert listener.names("alert_id", held["id"]) == [], "it was written before the other"
