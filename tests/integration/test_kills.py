"""A worker that is killed between any two calls, its messages delivered again to another one: nothing is lost, nothing
is doubled. For every sort of alert event, at every call, before it is sent and after its answer is lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alerts.again import decide_again
from tandem.alerts.models import AlertEvent, Origin, Severity
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.processing.processor import Message
from tandem.store import keys
from tandem.store.codec import encode_item
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.configuration.windows import Windows
from tandem.store.records import alert_from
from tests.emulator import EmulatedAws
from tests.integration.deployment import EVERYTHING_RULE, configuration_changed, configure, messages, processor
from tests.integration.kills import Contents, Sandbox, items_of, moments, outline, restore, stored
from tests.unit.alerts.world import START, acknowledged, at, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

CLOSING = ({**EVERYTHING_RULE, "actions": {"create_ticket": True, "auto_resolve_ticket": True}},)
RECORDING = ({**EVERYTHING_RULE, "actions": {"create_ticket": False}},)
WINDOW = MaintenanceWindow("w1", "Patch night", span=Span(at(-60), at(60)))
POISON = Message("poison", '{"v": 1, "event_id": "x"', triggered().group_id, START)

Change = Callable[["DynamoDBClient", str], None]


def nothing(_client: "DynamoDBClient", _table: str) -> None:
    """The configuration stays as it is."""


def mapped(client: "DynamoDBClient", table: str) -> None:
    """A person maps the organization."""
    item = {**keys.organization_key("i1", "o1"), "external_id": "o1", "client_id": "c1"}
    client.put_item(TableName=table, Item=encode_item(item))
    configuration_changed(client, table)


def window_opened(client: "DynamoDBClient", table: str) -> None:
    """A person makes a maintenance window that holds everything."""
    Windows(ConfigurationTable(client, table)).add(WINDOW)


def window_deleted(client: "DynamoDBClient", table: str) -> None:
    """A person deletes it."""
    windows = Windows(ConfigurationTable(client, table))
    record = windows.get(WINDOW.window_id)
    assert record is not None
    windows.remove(record, START)


@dataclass(frozen=True)
class Story:
    """`before`: what was heard already. `then`: how the configuration changed since. `heard`: the batch that is
    disturbed; `again`: the alerts that it asks to decide again. `meanwhile`: what a person does just before the first
    write of the batch; then a worker that comes later gets there in fewer steps, and only where it gets is compared."""

    heard: Sequence[AlertEvent] = ()
    before: Sequence[AlertEvent] = ()
    rules: Sequence[dict[str, Any]] = (EVERYTHING_RULE,)
    client_of_o1: str | None = "c1"
    first: Change = nothing
    then: Change = nothing
    meanwhile: Change | None = None
    again: Sequence[AlertEvent] = ()
    origin: Origin = Origin.SWEEP
    now: datetime = START
    poison: bool = False


HELD = Story(first=window_opened, before=[triggered()])

STORIES = {
    "new ticket": Story([triggered()]),
    "new ticket, with a message too long for the alert": Story([triggered(message="long " * 200)]),
    "new ticket without a device": Story([triggered(device=None)]),
    "occurrence by the same alert": Story([triggered(1)], [triggered()]),
    "occurrence by another alert": Story([triggered(1, "a2")], [triggered()]),
    "the tenth occurrence, which is folded": Story([triggered(11)], [triggered(minute) for minute in range(11)]),
    "severity raised in place": Story([triggered(severity=Severity.CRITICAL)], [triggered()]),
    "severity raised by a later firing": Story([triggered(1, severity=Severity.CRITICAL)], [triggered()]),
    "recorded only": Story([triggered()], rules=RECORDING),
    "recorded only, again": Story([triggered(1)], [triggered()], rules=RECORDING),
    "needs mapping": Story([triggered()], client_of_o1=None),
    "needs mapping, and the mapping arrives meanwhile": Story([triggered()], client_of_o1=None, meanwhile=mapped),
    "a mapping arrives": Story(
        before=[triggered()], client_of_o1=None, then=mapped, again=[triggered()], origin=Origin.MAPPING
    ),
    "suppressed": Story([triggered()], first=window_opened),
    "suppressed, and the window is deleted meanwhile": Story(
        [triggered()], first=window_opened, meanwhile=window_deleted
    ),
    "suppressed, fires again": replace(HELD, heard=[triggered(1)]),
    "suppressed, resets": replace(HELD, heard=[reset(1)]),
    "suppressed, acknowledged": replace(HELD, heard=[acknowledged(1)]),
    "a window ends": replace(HELD, again=[triggered()], now=at(61)),
    "a window ends, then it fires again": replace(HELD, heard=[triggered(62)], now=at(62)),
    "a window ends, and nothing makes a ticket": replace(HELD, rules=RECORDING, again=[triggered()], now=at(61)),
    "reset": Story([reset(1)], [triggered()]),
    "reset with close": Story([reset(1)], [triggered()], rules=CLOSING),
    "reset of one of two alerts": Story([reset(2)], [triggered(), triggered(1, "a2")], rules=CLOSING),
    "reset without an alert id, of two alerts": Story(
        [reset(2, None)], [triggered(), triggered(1, "a2")], rules=CLOSING
    ),
    "reset of a recorded alert": Story([reset(1)], [triggered()], rules=RECORDING),
    "reset of an alert that waits for a mapping": Story([reset(1)], [triggered()], client_of_o1=None),
    "fires after the close": Story([triggered(2)], [triggered(), reset(1)], rules=CLOSING),
    "acknowledge": Story([acknowledged(1)], [triggered()]),
    "reset before its trigger": Story([reset(1)]),
    "acknowledge before its trigger": Story([acknowledged(1)]),
    "a trigger meets the tombstone of its reset": Story([triggered()], [reset(1)]),
    "a trigger meets the tombstone of its acknowledge": Story([triggered()], [acknowledged(1)]),
    "poison": Story(poison=True),
    "a batch of all sorts": Story(
        [
            triggered(0, "b1"),
            triggered(1, "b1"),
            triggered(2, "b2", severity=Severity.CRITICAL),
            reset(3, "a1"),
            acknowledged(3, "b2"),
            triggered(4, "c1", device="d2"),
            reset(5, "c1", device="d2"),
            triggered(6, "c1", device="d2"),
        ],
        [triggered()],
        rules=CLOSING,
        poison=True,
    ),
}


class Stage:
    """One story, told as often as there are calls at which it may break off."""

    def __init__(self, aws: EmulatedAws, client: "DynamoDBClient", table: str, story: Story) -> None:
        self.client, self.story = client, story
        self.sandbox, self.watched = Sandbox(), aws.client("dynamodb")
        self.watched.meta.events.register("before-call.dynamodb.TransactWriteItems", self._meanwhile)
        self.sandbox.attach(self.watched.meta.events)
        self._table = table
        self._prepare()
        self._beginning = items_of(client, table)
        self._batch = self._messages()
        self._did_meanwhile = False

    def rewind(self) -> None:
        """All before the disturbed batch has happened, and nothing since."""
        restore(self.client, self._table, self._beginning)
        self._did_meanwhile = False

    def deliver(self) -> None:
        """A new worker gets the batch."""
        worker = processor(self.watched, self._table, lambda: self.story.now)
        results = worker.process(self._batch)
        assert not [result.failed for result in results if result.failed]
        assert [result.message_id for result in results if result.parked] == ["poison"] * self.story.poison

    def state(self) -> tuple[Contents, bool]:
        """All that a new worker can come upon."""
        return stored(self.client, self._table), self._did_meanwhile

    def agrees(self, end: tuple[Contents, bool]) -> bool:
        """What is there now is what an undisturbed worker leaves."""
        if self.story.meanwhile is None:
            return self.state() == end
        return outline(self.state()[0]) == outline(end[0])

    def _prepare(self) -> None:
        story, table = self.story, self._table
        configure(self.client, table, rules=story.rules, client_of_o1=story.client_of_o1)
        story.first(self.client, table)
        if story.before:
            results = processor(self.client, table, lambda: START).process(messages(story.before))
            assert not [result for result in results if result.failed or result.parked]
        story.then(self.client, table)

    def _messages(self) -> list[Message]:
        batch = messages([*self.story.heard, *map(self._asked_again, self.story.again)])
        return [POISON, *batch] if self.story.poison else batch

    def _asked_again(self, event: AlertEvent) -> AlertEvent:
        key = encode_item(keys.alert_key(event.alert_id))
        alert = alert_from(self.client.get_item(TableName=self._table, Key=key)["Item"])
        return decide_again(alert, None, self.story.origin, "asked again", self.story.now)

    def _meanwhile(self, **_: Any) -> None:
        if self.story.meanwhile is not None and not self._did_meanwhile:
            self._did_meanwhile = True
            self.story.meanwhile(self.client, self._table)


@pytest.mark.parametrize("name", STORIES)
def test_killed_at_any_call_and_delivered_again_loses_and_doubles_nothing(
    name: str, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    stage = Stage(emulated_aws, dynamodb, table_name, STORIES[name])
    beginning = stage.state()
    calls = stage.sandbox.count(stage.deliver)
    end = stage.state()
    assert end != beginning, "the story changes something"
    states = [beginning]
    stage.rewind()
    for call, moment in moments(calls):
        stage.sandbox.kill(stage.deliver, call, moment)
        left = stage.state()
        if left not in states:  # a new worker knows nothing but the table: it meets each state once
            states.append(left)
            stage.deliver()
            assert stage.agrees(end), f"killed {moment} call {call}"
        if left != beginning:
            stage.rewind()
    assert end in states, "also when all was done and nobody was told"
