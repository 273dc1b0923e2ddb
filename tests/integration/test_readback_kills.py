"""A read_back that is killed between any two calls, and its messages delivered again to another one: no event is lost,
and none makes a second alert, ticket or comment. The RMM and the queue of alert events are calls, too."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from tandem.alerts.event_message import encode
from tandem.alerts.models import AlertEvent, Origin, Severity
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.dead_letters.letters import DeadLetters
from tandem.readback.reader import Message, Read, ReadBack
from tandem.store import keys
from tandem.store.codec import encode_item
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.times import to_text
from tests.emulator import EmulatedAws, create_table
from tests.integration.deployment import configure, messages, of_kind, processor
from tests.integration.kills import Sandbox, moments
from tests.integration.test_outbound_kills import Doors
from tests.unit.alerts.world import START, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

HEARD = [replace(triggered(0, name, device=name), is_partial=True) for name in ("a1", "a2")]
BODIES = [encode(HEARD[0]), "nonsense", encode(HEARD[1])]


class Doomed:
    """A tenant of its own whose RMM is connected, and a worker on it that may be killed."""

    def __init__(self, dynamodb: "DynamoDBClient", aws: EmulatedAws, sandbox: Sandbox, name: str) -> None:
        self.client, self.table, self.now = dynamodb, create_table(dynamodb, name), START
        configure(dynamodb, self.table)
        connected = {"provider": "tacticalrmm", "name": "Tactical", "status": "connected", "version": 1}
        item = {**keys.integration_key("i1"), "integration_id": "i1", **connected, "created_at": to_text(START)}
        dynamodb.put_item(TableName=self.table, Item=encode_item(item))
        self.queued = {f"m{number}": body for number, body in enumerate(BODIES)}
        self.sent: list[AlertEvent] = []
        self.is_away = False
        watched, self.doors = aws.client("dynamodb"), Doors()
        sandbox.attach(watched.meta.events)
        sandbox.attach(self.doors)
        self.worker = self._worker(watched)

    def _worker(self, client: "DynamoDBClient") -> ReadBack:
        integrations = Integrations(ConfigurationTable(client, self.table))
        letters = DeadLetters(client, self.table)
        return ReadBack(integrations, self, self, letters, lambda: self.now, 20, lambda: 0.0)

    # ---- the outside of the worker

    def open(self, _integration: Integration, _deadline: Deadline) -> Rmm:
        return cast("Rmm", self)

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        (heard,) = [each for each in HEARD if each.external_alert_id == external_alert_id]
        seen = replace(heard, severity=Severity.CRITICAL, message="As the RMM has it", origin=Origin.POLL)
        return cast("AlertEvent | None", self.doors.around(lambda: None if self.is_away else seen))

    def send(self, events: Iterable[AlertEvent]) -> None:
        self.doors.around(lambda: self.sent.extend(events))

    # ---- what happens

    def read(self, worker: ReadBack | None = None) -> list[Read]:
        """One batch of all that is queued; what is done is acknowledged."""
        taken = [Message(name, body, START) for name, body in self.queued.items()]
        results = (worker or self.worker).read(taken)
        for result in results:
            if result.failed is None:
                del self.queued[result.message_id]
        return results

    def delivered_again(self) -> None:
        """To another worker, after a while."""
        self.now += timedelta(minutes=1)
        self.doors = Doors()
        self.doors.register("before-call", lambda: None)
        self.doors.register("after-call", lambda: None)
        self.read(self._worker(self.client))

    def assert_nothing_is_lost_or_doubled(self) -> None:
        assert self.queued == {}
        for result in processor(self.client, self.table, self._clock).process(messages(self.sent)):
            assert (result.failed, result.parked) == (None, None)
        alerts = of_kind(self.client, self.table, "ALERT")
        assert sorted((each["external_alert_id"], each["occurrence_count"]) for each in alerts) == [
            ("a1", 1),
            ("a2", 1),
        ]
        assert len([each for each in of_kind(self.client, self.table, "TICKET") if "number" in each]) == 2
        assert len(of_kind(self.client, self.table, "C#")) == 2
        (letter,) = {
            each["message_id"] for each in of_kind(self.client, self.table, "") if each["pk"] == keys.DEAD_LETTERS
        }
        assert letter == "m1"

    def _clock(self) -> datetime:
        return self.now


@pytest.fixture
def deaths(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws) -> "Callable[[str], list[Doomed]]":
    """The tenant after each death of its worker."""
    sandbox = Sandbox()

    def every(name: str) -> list[Doomed]:
        undisturbed = Doomed(dynamodb, emulated_aws, sandbox, name)
        calls = sandbox.count(undisturbed.read)  # type: ignore[arg-type]  # what it gives is of no matter
        undisturbed.assert_nothing_is_lost_or_doubled()
        assert calls == 7, "a letter; and for each alert: its integration, the RMM, the queue"
        left = []
        for number, (call, moment) in enumerate(moments(calls)):
            doomed = Doomed(dynamodb, emulated_aws, sandbox, f"{name}-{number}")
            sandbox.kill(doomed.read, call, moment)  # type: ignore[arg-type]  # the same
            assert len(doomed.queued) == 3, "nothing was acknowledged"
            left.append(doomed)
        return left

    return every


def test_a_killed_read_back_loses_and_doubles_nothing(deaths: "Callable[[str], list[Doomed]]") -> None:
    for doomed in deaths("readback-kills"):
        doomed.delivered_again()
        doomed.assert_nothing_is_lost_or_doubled()
        assert {each["severity"] for each in of_kind(doomed.client, doomed.table, "ALERT")} == {"critical"}


def test_neither_does_one_whose_rmm_knows_nothing_any_more_when_its_messages_come_again(
    deaths: "Callable[[str], list[Doomed]]",
) -> None:
    for doomed in deaths("readback-kills-away"):
        doomed.is_away = True
        doomed.delivered_again()
        doomed.assert_nothing_is_lost_or_doubled()
