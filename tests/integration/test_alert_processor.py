"""The processor on a real table: batches, races, crashes, poison."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tandem import telemetry
from tandem.admin.desk import DeskStore
from tandem.alerts.models import Origin, Outcome, Severity
from tandem.desk.builtin import BuiltinDesk
from tandem.processing.processor import Message, Processed
from tandem.processing.report import report
from tandem.store import batches, keys, reads
from tandem.store.apply import DecisionWriter
from tandem.store.codec import encode_item
from tandem.store.lookups import Lookups
from tandem.store.numbers import TicketNumbers
from tests.emulator import EmulatedAws
from tests.integration.deployment import (
    EVERYTHING_RULE,
    Calls,
    close_ticket,
    configuration_changed,
    configure,
    contents,
    message,
    messages,
    of_kind,
    processor,
)
from tests.unit.alerts.world import START, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator


def outcomes(results: list[Processed]) -> list[Outcome | None]:
    return [result.decision.outcome if result.decision else None for result in results]


def test_later_events_of_a_batch_see_earlier_ones(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name)
    results = processor(dynamodb, table_name).process(
        messages([triggered(0), triggered(0), triggered(1, "a2"), reset(2), triggered(3, "a3", device="d2")])
    )
    assert outcomes(results) == [
        Outcome.TICKET_CREATED,
        Outcome.IGNORED,
        Outcome.OCCURRENCE_APPENDED,
        Outcome.RESOLVED,
        Outcome.TICKET_CREATED,
    ]
    tickets = of_kind(dynamodb, table_name, "TICKET")
    assert sorted(ticket["number"] for ticket in tickets if "number" in ticket) == ["T-1001", "T-1002"]
    assert len(of_kind(dynamodb, table_name, "L#")) == 3


def test_a_message_delivered_again_after_a_crash_doubles_nothing(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name)
    batch = messages([triggered(0), triggered(1, "a2"), reset(2), triggered(3, severity=Severity.CRITICAL)])
    processor(dynamodb, table_name).process(batch)
    before = contents(dynamodb, table_name)
    results = processor(dynamodb, table_name).process(batch)
    assert outcomes(results) == [Outcome.IGNORED] * 4
    assert contents(dynamodb, table_name) == before


@pytest.mark.parametrize("moment", ["before-send", "after-call"])
def test_a_call_that_dies_before_or_after_the_table_heard_it_loses_and_doubles_nothing(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, moment: str
) -> None:
    """`before-send`: the transaction never arrives. `after-call`: it is applied, and its answer is lost."""
    configure(dynamodb, table_name)
    failing = emulated_aws.client("dynamodb")
    broken = True

    def fail(**_: Any) -> None:
        if broken:
            raise EndpointConnectionError(endpoint_url="the table")

    failing.meta.events.register(f"{moment}.dynamodb.TransactWriteItems", fail)
    worker = processor(failing, table_name)
    results = worker.process([message(triggered())])
    assert results[0].failed is not None

    broken = False
    worker.process([message(triggered()), message(triggered(1, "b1", device="d2"))])
    first, second = [item for item in of_kind(dynamodb, table_name, "TICKET") if "number" in item]
    assert first["title"] != second["title"]
    assert first["number"] != second["number"], "a number whose ticket's fate is unknown is not given out again"
    assert len(of_kind(dynamodb, table_name, "C#")) == 2
    assert [item["occurrence_count"] for item in of_kind(dynamodb, table_name, "CONDITION")] == [1, 1]


def test_one_poison_and_nine_good_events_of_a_device_end_as_one_dead_letter_and_nine_applied_in_order(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    batch = messages(triggered(minute, f"a{minute}") for minute in range(9))
    batch.insert(4, Message("poison", '{"v": 1, "event_id": "x"', batch[0].group_id, START))
    worker = processor(dynamodb, table_name)
    results = worker.process(batch)
    assert [result.failed for result in results] == [None] * 10, "all are acknowledged"
    assert results[4].parked is not None
    (letter,) = of_kind(dynamodb, table_name, "2026")
    assert letter["payload"] == batch[4].body
    assert "not an alert event" in letter["reason"]
    comments = [item["body"] for item in of_kind(dynamodb, table_name, "C#") if item["body"].startswith("Fired again")]
    for occurrence in range(2, 10):
        (comment,) = [body for body in comments if f"occurrence {occurrence}," in body]
        assert f"Alert: a{occurrence - 1}\n" in comment, "in the order in which they came"
    worker.process([batch[4]])
    assert len(of_kind(dynamodb, table_name, "2026")) == 1, "parked again, kept once"


def test_an_event_of_an_integration_that_is_gone_is_ignored_with_a_reason_and_raises_no_alarm(
    dynamodb: "DynamoDBClient", table_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(dynamodb, table_name)
    telemetry.configure("alert_processor")
    before = contents(dynamodb, table_name)
    late = replace(triggered(), integration_id="gone")
    results = processor(dynamodb, table_name).process(
        messages([late, replace(reset(1, None), integration_id="gone"), triggered(2)])
    )
    report(results)
    assert [(result.parked, result.failed) for result in results] == [(None, None)] * 3
    assert outcomes(results) == [Outcome.IGNORED, Outcome.IGNORED, Outcome.TICKET_CREATED]
    assert not [key for key in contents(dynamodb, table_name).keys() - before.keys() if "gone" in str(key)]
    assert not of_kind(dynamodb, table_name, "2026"), "no dead letter"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    reasons = [line["reason"] for line in lines if line.get("event_id") == late.event_id and "reason" in line]
    assert reasons == ["integration 'gone' does not exist (any more)"]
    (counted,) = [line for line in lines if "_aws" in line]
    assert (counted["ignored"], counted.get("parked")) == (2, None)


def test_an_integration_that_is_deleted_while_the_function_is_warm_is_gone(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    worker = processor(dynamodb, table_name)
    assert outcomes(worker.process([message(triggered())])) == [Outcome.TICKET_CREATED]
    dynamodb.delete_item(TableName=table_name, Key=encode_item(keys.integration_key("i1")))
    configuration_changed(dynamodb, table_name)
    assert outcomes(worker.process([message(triggered(1, "a2"))])) == [Outcome.IGNORED]


def test_an_event_that_names_what_no_table_can_hold_is_parked_and_the_rest_goes_on(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    """Ingest cuts what is too long; whatever comes past it must not hold up a batch for ever."""
    configure(dynamodb, table_name)
    endless = triggered(device="x" * 3_000)
    results = processor(dynamodb, table_name).process([message(endless), message(triggered(1, "a2"), 1)])
    assert results[0].parked is not None
    assert outcomes(results)[1] is Outcome.TICKET_CREATED
    assert len(of_kind(dynamodb, table_name, "2026")) == 1


def test_a_change_that_the_table_refuses_for_good_is_parked_and_the_rest_goes_on(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    refusing = emulated_aws.client("dynamodb")

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if "unwritable" in str(params["body"]):
            answer: Any = {"Error": {"Code": "ValidationException", "Message": "Item size has exceeded the maximum"}}
            raise ClientError(answer, "TransactWriteItems")

    refusing.meta.events.register("before-call.dynamodb.TransactWriteItems", refuse)
    batch = messages([triggered(0, "unwritable"), triggered(1, "a2")])
    results = processor(refusing, table_name).process(batch)
    assert results[0].parked == "the table refused the change: Item size has exceeded the maximum"
    assert outcomes(results)[1] is Outcome.TICKET_CREATED


def test_a_failure_gives_back_the_message_and_the_rest_of_its_group_and_others_go_on(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    failing = emulated_aws.client("dynamodb")

    def fail(params: dict[str, Any], **_: Any) -> None:
        if "second-alert" in str(params["body"]):
            raise EndpointConnectionError(endpoint_url="the table")

    failing.meta.events.register("before-call.dynamodb.TransactWriteItems", fail)
    batch = messages(
        [
            triggered(0, "a1"),
            triggered(1, "second-alert"),
            triggered(2, "b1", device="d2"),
            triggered(3, "a3"),
            triggered(4, "b2", device="d2"),
        ]
    )
    results = processor(failing, table_name).process(batch)
    assert [result.failed is not None for result in results] == [False, True, False, True, False]


def test_a_table_that_cannot_be_read_gives_the_whole_batch_back(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    failing = emulated_aws.client("dynamodb")

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="the table")

    failing.meta.events.register("before-call.dynamodb.BatchGetItem", fail)
    results = processor(failing, table_name).process(messages([triggered(), triggered(1, "a2")]))
    assert all(result.failed for result in results)


def test_text_that_no_store_can_carry_is_parked_and_the_rest_goes_on(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    good = message(triggered())
    broken = replace(good, message_id="broken", body=good.body.replace("PC-d1", "\\ud800"))
    results = processor(dynamodb, table_name).process([broken, good])
    assert results[0].parked is not None
    assert outcomes(results)[1] is Outcome.TICKET_CREATED


def test_a_configuration_that_cannot_be_read_gives_the_batch_back_and_is_read_again(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    failing = emulated_aws.client("dynamodb")
    broken = True

    def fail(**_: Any) -> None:
        if broken:
            raise EndpointConnectionError(endpoint_url="the table")

    failing.meta.events.register("before-call.dynamodb.Query", fail)
    worker = processor(failing, table_name)
    assert worker.process([message(triggered())])[0].failed is not None
    broken = False
    assert outcomes(worker.process([message(triggered())])) == [Outcome.TICKET_CREATED]


def test_an_integration_is_found_as_soon_as_it_is_made(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name)
    worker = processor(dynamodb, table_name)
    newcomer = replace(triggered(), integration_id="i2")
    assert outcomes(worker.process([message(newcomer)])) == [Outcome.IGNORED]
    item = {**keys.integration_key("i2"), "integration_id": "i2", "provider": "levelio", "name": "Level"}
    dynamodb.put_item(TableName=table_name, Item=encode_item(item))
    assert outcomes(worker.process([message(newcomer)])) != [Outcome.IGNORED]


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
def test_a_mapping_that_arrives_while_an_alert_is_decided_is_not_missed(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, moment: str
) -> None:
    """Before or after the write: whoever maps looks for waiting alerts at that moment, and may see none yet."""
    configure(dynamodb, table_name, client_of_o1=None)
    racing = emulated_aws.client("dynamodb")
    worker = processor(racing, table_name)
    raced = False

    def map_now(**_: Any) -> None:
        nonlocal raced
        if not raced:
            raced = True
            item = {**keys.organization_key("i1", "o1"), "external_id": "o1", "client_id": "c1"}
            dynamodb.put_item(TableName=table_name, Item=encode_item(item))
            configuration_changed(dynamodb, table_name)

    racing.meta.events.register(f"{moment}.dynamodb.TransactWriteItems", map_now)
    assert outcomes(worker.process([message(triggered())])) == [Outcome.TICKET_CREATED]
    assert not [key for key in contents(dynamodb, table_name) if key[0].startswith("WAITING")]


def test_a_mapping_is_not_missed_when_a_later_event_of_the_batch_reads_the_configuration_anew(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    """The second event loses a race, so its decision is made by the new configuration; the first one's was not."""
    configure(dynamodb, table_name, client_of_o1=None)
    racing = emulated_aws.client("dynamodb")
    worker = processor(racing, table_name)
    first, second = triggered(0, "a1"), triggered(0, "a2", device="d2")
    writes = 0

    def interfere(**_: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == 1:
            item = {**keys.organization_key("i1", "o1"), "external_id": "o1", "client_id": "c1"}
            dynamodb.put_item(TableName=table_name, Item=encode_item(item))
            configuration_changed(dynamodb, table_name)
        elif writes == 2:
            processor(dynamodb, table_name).process([message(second)])

    racing.meta.events.register("before-call.dynamodb.TransactWriteItems", interfere)
    assert outcomes(worker.process(messages([first, second]))) == [Outcome.TICKET_CREATED, Outcome.IGNORED]
    assert not [key for key in contents(dynamodb, table_name) if key[0].startswith("WAITING")]


def test_a_reset_without_an_alert_id_clears_every_live_alert_of_its_conditions_ticket(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    worker = processor(dynamodb, table_name)
    worker.process(
        messages([triggered(0, "a1"), triggered(1, "a2"), triggered(2, None), triggered(3, "b", identity="x")])
    )
    assert outcomes(worker.process([message(reset(9, None))])) == [Outcome.RESOLVED]
    statuses = {item.get("external_alert_id"): item["status"] for item in of_kind(dynamodb, table_name, "ALERT")}
    assert statuses == {"a1": "resolved", "a2": "resolved", None: "resolved", "b": "active"}
    counts = {item["identity"]: item["live_count"] for item in of_kind(dynamodb, table_name, "CONDITION")}
    assert counts == {"check:1": 0, "x": 1}


def test_a_person_who_closes_between_two_events_of_a_batch_is_seen_by_the_second(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    processor(dynamodb, table_name).process([message(triggered(0, "a1"))])
    racing = emulated_aws.client("dynamodb")
    worker = processor(racing, table_name)
    raced = False

    def close_and_open_another(**_: Any) -> None:
        nonlocal raced
        if not raced:
            raced = True
            close_ticket(dynamodb, table_name)
            processor(dynamodb, table_name).process([message(triggered(5, "a5"))])

    racing.meta.events.register("before-call.dynamodb.TransactWriteItems", close_and_open_another)
    batch = messages([reset(1, "a1"), triggered(6, "a2", severity=Severity.CRITICAL)])
    assert outcomes(worker.process(batch)) == [Outcome.RESOLVED, Outcome.OCCURRENCE_APPENDED]
    (open_ticket,) = [
        item for item in of_kind(dynamodb, table_name, "TICKET") if "number" in item and not item["is_closed"]
    ]
    assert open_ticket["priority"] == "urgent", "the second event saw the new ticket and raised it"


CLOSING_RULE = {**EVERYTHING_RULE, "actions": {"create_ticket": True, "auto_resolve_ticket": True}}


def test_the_reset_of_the_last_live_alert_closes_the_untouched_ticket(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name, rules=[CLOSING_RULE])
    worker = processor(dynamodb, table_name)
    worker.process(messages([triggered(0, "a1"), triggered(1, "a2")]))
    worker.process([message(reset(2, "a1"))])
    worker.process([message(reset(3, "a2"))])
    (ticket,) = [item for item in of_kind(dynamodb, table_name, "TICKET") if "number" in item]
    assert (ticket["is_closed"], ticket["closed_by"], ticket["status_id"]) == (True, "tandem", "done")
    (condition,) = of_kind(dynamodb, table_name, "CONDITION")
    assert "open_ticket_id" not in condition
    assert outcomes(worker.process([message(triggered(4, "a1"))])) == [Outcome.TICKET_CREATED]


class TestStaleReads:
    """Reads that are not consistent may miss what was written a moment ago."""

    @pytest.fixture
    def stale(self, monkeypatch: pytest.MonkeyPatch) -> set[str]:
        """Sort keys whose items are invisible to reads that are not consistent."""
        hidden: set[str] = set()

        def get_items(client: Any, table: str, wanted: Any, *, consistent: bool = False) -> Any:
            found = batches.get_items(client, table, wanted, consistent=consistent)
            return found if consistent else {key: item for key, item in found.items() if key[1] not in hidden}

        monkeypatch.setattr(reads, "get_items", get_items)
        return hidden

    @pytest.mark.parametrize("hidden", [{"ALERT"}, {"CONDITION"}, {"TICKET"}, {"TRACE"}, {"ALERT", "CONDITION"}])
    def test_what_a_read_misses_is_never_lost_doubled_or_overwritten(
        self, dynamodb: "DynamoDBClient", table_name: str, stale: set[str], hidden: set[str]
    ) -> None:
        configure(dynamodb, table_name)
        processor(dynamodb, table_name).process(messages([triggered(0, "a1"), triggered(1, "a2")]))
        stale |= hidden
        story = [triggered(0, "a1"), triggered(2, "a3"), reset(3, "a1"), triggered(4, "a1"), reset(5, None)]
        for event in story:
            (result,) = processor(dynamodb, table_name).process([message(event)])
            assert result.failed is None
            assert result.parked is None
        statuses = {
            item["external_alert_id"]: item["status"]
            for item in of_kind(dynamodb, table_name, "ALERT")
            if "external_alert_id" in item
        }
        assert statuses == {"a1": "resolved", "a2": "resolved", "a3": "resolved"}
        (condition,) = of_kind(dynamodb, table_name, "CONDITION")
        assert (condition["live_count"], condition["occurrence_count"]) == (0, 4)
        assert len([item for item in of_kind(dynamodb, table_name, "TICKET") if "number" in item]) == 1
        lines = {item["pk"]: item["lines"].count('"outcome"') for item in of_kind(dynamodb, table_name, "TRACE")}
        assert sorted(lines.values()) == [2, 2, 4]

    def test_an_event_that_asks_to_be_decided_again_is_not_lost(
        self, dynamodb: "DynamoDBClient", table_name: str, stale: set[str]
    ) -> None:
        configure(dynamodb, table_name, client_of_o1=None)
        processor(dynamodb, table_name).process([message(triggered())])
        configure(dynamodb, table_name)
        stale |= {"ALERT"}
        again = replace(triggered(), event_id="mapping", origin=Origin.MAPPING, decide_again=True, raw=None)
        assert outcomes(processor(dynamodb, table_name).process([message(again)])) == [Outcome.TICKET_CREATED]


def test_an_alert_waits_for_its_mapping_and_is_decided_again(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name, client_of_o1=None)
    worker = processor(dynamodb, table_name)
    assert outcomes(worker.process([message(triggered())])) == [Outcome.NEEDS_MAPPING]
    item = {**keys.organization_key("i1", "o1"), "external_id": "o1", "client_id": "c1"}
    dynamodb.put_item(TableName=table_name, Item=encode_item(item))
    configuration_changed(dynamodb, table_name)
    again = replace(triggered(), event_id="mapping", origin=Origin.MAPPING, decide_again=True, raw=None)
    assert outcomes(worker.process([message(again)])) == [Outcome.TICKET_CREATED]
    (raw,) = of_kind(dynamodb, table_name, "RAW")
    assert raw["raw"] == b"raw", "the sender's text is kept from the first sight"


def test_an_expired_tombstone_that_still_lingers_is_not_there(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name)
    processor(dynamodb, table_name, lambda: START).process([message(reset(5))])
    later = processor(dynamodb, table_name, lambda: START + timedelta(days=8))
    assert outcomes(later.process([message(triggered(1))])) == [Outcome.TICKET_CREATED]


def test_an_old_reset_is_still_in_force_while_its_tombstone_lives(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name)
    processor(dynamodb, table_name, lambda: START).process([message(reset(5))])
    later = processor(dynamodb, table_name, lambda: START + timedelta(days=6))
    assert outcomes(later.process([message(triggered(1))])) == [Outcome.RESOLVED]


def test_a_changed_rule_is_in_force_for_the_next_batch(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name, rules=())
    worker = processor(dynamodb, table_name)
    assert outcomes(worker.process([message(triggered())])) == [Outcome.RECORDED_ONLY]
    configure(dynamodb, table_name)
    assert outcomes(worker.process([message(triggered(1))])) == [Outcome.TICKET_CREATED]


class TestCalls:
    """Calls of the table for each event, warm (the issue's numbers; units and time are in `make bench`)."""

    def warm(self, client: "DynamoDBClient", table: str) -> Any:
        worker = processor(client, table)
        worker.process([message(triggered(0, "warm", device="warm"))])
        return worker

    def test_ten_events_of_a_batch_cost_at_most_twelve_calls(
        self, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
    ) -> None:
        configure(dynamodb, table_name)
        counted = emulated_aws.client("dynamodb")
        worker = self.warm(counted, table_name)
        calls = Calls(counted)
        for minute in (0, 10):  # first ten tickets, then ten occurrences of them
            worker.process(messages(triggered(minute, f"a{n}", device=f"d{n}") for n in range(10)))
            assert calls.take().total() <= 12

    @pytest.mark.parametrize(
        ("story", "most"),
        [
            ([triggered(0)], 3),
            ([triggered(0), triggered(1)], 3),
            ([triggered(0), triggered(1, "a2")], 3),
            ([triggered(0), reset(1)], 3),
            ([reset(1)], 3),
        ],
    )
    def test_one_event_alone_costs_at_most_three_calls(
        self, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str, story: list[Any], most: int
    ) -> None:
        configure(dynamodb, table_name)
        counted = emulated_aws.client("dynamodb")
        worker = self.warm(counted, table_name)
        worker.process([message(event) for event in story[:-1]])
        calls = Calls(counted)
        worker.process([message(story[-1])])
        assert calls.take().total() <= most

    def test_a_reset_that_closes_its_ticket_reads_the_ticket_along_with_its_condition(
        self, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
    ) -> None:
        configure(dynamodb, table_name, rules=[{**EVERYTHING_RULE, "actions": {"auto_resolve_ticket": True}}])
        counted = emulated_aws.client("dynamodb")
        worker = self.warm(counted, table_name)
        worker.process(messages(triggered(0, f"a{n}", device=f"d{n}") for n in range(10)))
        calls = Calls(counted)
        worker.process(messages(reset(1, f"a{n}", device=f"d{n}") for n in range(9)))
        assert calls.take() == {"BatchGetItem": 2, "TransactWriteItems": 9}
        worker.process([message(reset(1, "a9", device="d9"))])
        assert calls.take() == {"BatchGetItem": 2, "TransactWriteItems": 1}
        tickets = [each for each in of_kind(dynamodb, table_name, "TICKET") if each["pk"].startswith("T#")]
        assert len(tickets) == 11
        assert sum(ticket["is_closed"] for ticket in tickets) == 10

    def test_an_alert_that_is_decided_again_is_read_in_one_round(
        self, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
    ) -> None:
        configure(dynamodb, table_name, client_of_o1=None)
        counted = emulated_aws.client("dynamodb")
        worker = self.warm(counted, table_name)
        worker.process([message(triggered())])
        configure(dynamodb, table_name)
        worker.process([message(triggered(0, "b1", device="d2"))])  # learns of the change
        calls = Calls(counted)
        again = replace(triggered(), event_id="mapping", origin=Origin.MAPPING, decide_again=True, raw=None)
        assert outcomes(worker.process([message(again)])) == [Outcome.TICKET_CREATED]
        assert calls.take() == {"BatchGetItem": 1, "TransactWriteItems": 1}

    def test_a_redelivery_writes_nothing(
        self, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
    ) -> None:
        configure(dynamodb, table_name)
        counted = emulated_aws.client("dynamodb")
        processor(counted, table_name).process(messages([triggered(0), reset(1)]))
        calls = Calls(counted)
        cold = processor(counted, table_name)
        cold.process(messages([triggered(0), reset(1)]))
        assert set(calls.take()) <= {"BatchGetItem", "GetItem", "Query"}


_FIRST_SIGHT = """
import json, sys
import boto3
from tests.integration.deployment import message, processor
from tests.unit.alerts.world import triggered
table, number = sys.argv[1], int(sys.argv[2])
worker = processor(boto3.client("dynamodb"), table)
print("ready", flush=True)
sys.stdin.readline()
(result,) = worker.process([message(triggered(0, f"alert-{number}"), number)])
print(json.dumps([result.decision.outcome if result.decision else None, result.failed]), flush=True)
"""


def test_eight_simultaneous_first_sights_in_different_processes_make_one_ticket(
    emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    root = Path(__file__).parents[2]
    environment = {**emulated_aws.environment, "PYTHONPATH": f"{root}:{root / 'layers/tandem/python'}", "PATH": ""}
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _FIRST_SIGHT, table_name, str(number)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        answers = [json.loads(racer.communicate(timeout=60)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    assert [failed for _, failed in answers] == [None] * 8
    assert sorted(outcome for outcome, _ in answers) == ["occurrence_appended"] * 7 + ["ticket_created"]
    (ticket,) = [item for item in of_kind(dynamodb, table_name, "TICKET") if "number" in item]
    (condition,) = of_kind(dynamodb, table_name, "CONDITION")
    assert (condition["open_ticket_id"], condition["occurrence_count"]) == (ticket["ticket_id"], 8)
    assert condition["live_count"] == 8
    assert len(of_kind(dynamodb, table_name, "L#")) == 8
    assert {alert["ticket_id"] for alert in of_kind(dynamodb, table_name, "ALERT")} == {ticket["ticket_id"]}
    occurrences = [item for item in of_kind(dynamodb, table_name, "C#") if item["body"].startswith("Fired again")]
    assert len(occurrences) == 7


def test_the_live_alerts_of_a_ticket_are_counted_however_many_it_has(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name)
    alerts = [triggered(number, f"a{number}") for number in range(5)]
    results = processor(dynamodb, table_name).process(messages([*alerts, reset(9, "a3")]))
    assert results[0].decision is not None
    ticket = results[0].decision.ticket
    assert ticket is not None
    desk = DeskStore(
        Lookups(dynamodb, table_name),
        DecisionWriter(dynamodb, table_name, BuiltinDesk()),
        TicketNumbers(dynamodb, table_name),
    )
    for at_once in (1, 2, 5, 1000):
        assert desk.live_count(ticket, at_once) == 4
