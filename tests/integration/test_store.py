"""The store on a real table."""

from typing import TYPE_CHECKING

import pytest

from tandem.alerts.decide import decide
from tandem.alerts.decision import Decision, State
from tandem.alerts.models import Severity
from tandem.desk.builtin import BuiltinDesk
from tandem.store import keys
from tandem.store.apply import DecisionWriter
from tandem.store.batches import KEYS_A_CALL, get_items
from tandem.store.codec import encode_item
from tandem.store.context import ContextCache
from tandem.store.errors import ConflictError
from tandem.store.numbers import TicketNumbers
from tests.emulator import EmulatedAws
from tests.integration.deployment import EVERYTHING_RULE, Calls, configuration_changed, configure, contents
from tests.unit.alerts.world import START, World, acknowledged, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


def decisions() -> list[Decision]:
    """One decision of every kind, each made on the state after the one before."""
    world = World()
    story = [
        triggered(0, "a1"),
        triggered(1, "a2", message="long " * 200),
        triggered(1, "a2", message="long " * 200, severity=Severity.CRITICAL),
        acknowledged(2, "a1"),
        reset(3, "a1"),
        reset(9, "unknown"),
    ]
    made = []
    for event in story:
        decision = decide(event, world.state(event), world.context(), world.now)
        made.append(decision)
        world.apply(decision)
    unmapped = triggered(4, "w", organization="o9", device=None)
    made.append(decide(unmapped, State(), world.context(), world.now))
    return made


@pytest.mark.parametrize("number", range(7))
def test_the_same_decision_applied_twice_is_harmless(dynamodb: "DynamoDBClient", table_name: str, number: int) -> None:
    writer = DecisionWriter(dynamodb, table_name, BuiltinDesk())
    for earlier in decisions()[:number]:
        writer.apply(earlier, START)
    decision = decisions()[number]
    writer.apply(decision, START)
    after = contents(dynamodb, table_name)
    with pytest.raises(ConflictError):
        writer.apply(decision, START)
    assert contents(dynamodb, table_name) == after


def test_a_decision_on_an_older_version_writes_nothing_at_all(dynamodb: "DynamoDBClient", table_name: str) -> None:
    writer = DecisionWriter(dynamodb, table_name, BuiltinDesk())
    first, *_ = decisions()
    writer.apply(first, START)
    before = contents(dynamodb, table_name)
    rival = decide(triggered(1, "rival"), State(), World().context(), START)
    with pytest.raises(ConflictError):
        writer.apply(rival, START)
    assert contents(dynamodb, table_name) == before, "not the alert, the ticket or the comment either"


def test_ticket_numbers_are_unique_over_instances_and_cost_a_call_a_block(
    emulated_aws: EmulatedAws, table_name: str
) -> None:
    client = emulated_aws.client("dynamodb")
    calls = Calls(client)
    instances = [TicketNumbers(client, table_name, block=5) for _ in range(3)]
    given = []
    for turn in range(30):
        numbers = instances[turn % 3]
        given.append(numbers.peek())
        assert numbers.at_hand == given[-1]
        numbers.use()
    assert len(set(given)) == 30
    assert given[0] == "T-1001"
    assert calls.take().total() == 6


def test_more_keys_than_a_call_takes_are_read_in_several(dynamodb: "DynamoDBClient", table_name: str) -> None:
    wanted = [keys.client_key(f"c{number}") for number in range(KEYS_A_CALL + 20)]
    for key in wanted[::2]:
        dynamodb.put_item(TableName=table_name, Item=encode_item({**key, "name": "x"}))
    found = get_items(dynamodb, table_name, [*wanted, *wanted])
    assert set(found) == {(key["pk"], key["sk"]) for key in wanted[::2]}


def test_the_context_is_read_again_only_when_the_configuration_changed(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    client = emulated_aws.client("dynamodb")
    cache = ContextCache(client, table_name)
    cache.refresh(1)
    context = cache.context("i1")
    assert context is not None
    assert [rule.name for rule in context.rules] == ["Everything"]
    assert context.organizations["o1"].client_id == "c1"
    calls = Calls(client)
    cache.refresh(1)
    assert cache.context("i1") is context
    assert calls.take().total() == 0
    later = {**EVERYTHING_RULE, "rule_id": "rule-0", "order": 0, "name": "First"}
    dynamodb.put_item(TableName=table_name, Item=encode_item({**keys.rule_key("i1", "rule-0"), **later}))
    configuration_changed(dynamodb, table_name)
    cache.refresh(2)
    again = cache.context("i1")
    assert again is not None
    assert [rule.name for rule in again.rules] == ["First", "Everything"]
