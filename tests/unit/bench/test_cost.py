"""The arithmetic of docs/costs.md."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.bench import cost, prices
from local.bench.cost import EventUse, IngestUse
from local.bench.following import Following
from local.bench.lambdas import INVOCATION_MS, VCPU_MB, billed_seconds
from local.bench.monthly import Fixed

NOTHING = EventUse({}, 0, 0, 0, 0, 0, 0)
NOBODY = Following(0, 0, 0, 0, 0, 0, 0)
WEBHOOK = IngestUse(cpu_seconds=0, log_bytes=0, message_bytes=1200, access_log_bytes=0)
PRICES = prices.load()


def usd(
    event: EventUse = NOTHING,
    webhook: IngestUse = WEBHOOK,
    following: Following = NOBODY,
    batch: int = 10,
    memory_mb: int = 1024,
    by_webhook: bool = True,
) -> Any:
    bill = cost.bill(event, webhook, following, batch, memory_mb, PRICES, by_webhook=by_webhook)
    return {line.component: line.usd for line in bill.lines}


def test_a_million_events_of_one_write_unit_cost_the_price_of_a_million() -> None:
    assert usd(replace(NOTHING, table_writes=1))["DynamoDB: table writes"] == pytest.approx(0.625)
    assert usd(replace(NOTHING, index_writes=2))["DynamoDB: index writes"] == pytest.approx(1.25)
    assert usd(replace(NOTHING, reads=2))["DynamoDB: reads"] == pytest.approx(0.25)


def test_lambda_reading_the_stream_costs_nothing() -> None:
    assert usd(replace(NOTHING, table_writes=9))["DynamoDB: stream, read by Lambda"] == 0


@pytest.mark.parametrize(("batch", "requests"), [(1, 3.0), (10, 1.2)])
def test_a_message_is_sent_alone_and_received_and_deleted_with_its_batch(batch: int, requests: float) -> None:
    assert cost.sqs_requests(1200, batch) == pytest.approx(requests)


def test_messages_count_for_each_started_64_kilobytes() -> None:
    assert cost.sqs_requests(64 * 1024, 1) == 3
    assert cost.sqs_requests(64 * 1024 + 1, 1) == 2 + 2 + 1
    assert cost.sqs_requests(10_000, 10) == pytest.approx(1 + (2 + 1) / 10)


def test_a_function_computes_slower_with_less_than_a_whole_processor() -> None:
    webhook = replace(WEBHOOK, cpu_seconds=0.002)
    whole = INVOCATION_MS + 2 + cost.SEND_MS
    assert cost.ingest_ms(webhook, VCPU_MB) == pytest.approx(whole)
    assert cost.ingest_ms(webhook, 10 * VCPU_MB) == pytest.approx(whole)
    assert cost.ingest_ms(webhook, VCPU_MB // 2) == pytest.approx(whole + 2, abs=0.01)


def test_a_batch_takes_the_answers_of_all_its_calls_one_after_another() -> None:
    event = replace(NOTHING, calls={"BatchGetItem": 0.2, "TransactWriteItems": 1.0})
    each = 0.2 * cost.SERVICE_MS["BatchGetItem"] + cost.SERVICE_MS["TransactWriteItems"]
    assert cost.processor_ms(event, 10, 1769) == pytest.approx(INVOCATION_MS + 10 * each)


def test_durations_are_billed_by_started_millisecond_and_gigabytes_of_memory() -> None:
    assert billed_seconds(11.2) == 0.012
    assert billed_seconds(12.0) == 0.012
    whole = usd(memory_mb=1024)["webhook_ingest: duration"]
    assert whole == pytest.approx(1_000_000 * 0.012 * 0.0000133334)
    assert usd(memory_mb=512)["webhook_ingest: duration"] == pytest.approx(whole / 2)


def test_logs_count_what_functions_print_and_what_lambda_adds_for_each_invocation() -> None:
    logged = usd(replace(NOTHING, log_bytes=500), replace(WEBHOOK, log_bytes=250, access_log_bytes=400))
    assert logged["Logs: alert_processor's own"] == pytest.approx(0.25)
    assert logged["Logs: webhook_ingest's own"] == pytest.approx(0.125)
    assert logged["Logs: API access"] == pytest.approx(0.2)
    platform = "Logs: Lambda's START, END, REPORT"
    assert usd(batch=1)[platform] == pytest.approx(usd(batch=10)[platform] * 2 / 1.1)


def test_the_mix_weighs_its_cases_and_takes_half_of_the_occurrences_each() -> None:
    by_case = {
        "redelivery": replace(NOTHING, reads=2, calls={"BatchGetItem": 1.0}),
        "occurrence_other_alert": replace(NOTHING, table_writes=12, calls={"TransactWriteItems": 1.0}),
        "occurrence_same_alert": replace(NOTHING, table_writes=8, calls={"TransactWriteItems": 1.0}),
        "recorded_only": replace(NOTHING, table_writes=6, stored_bytes=1000),
        "new_ticket": replace(NOTHING, table_writes=14, index_writes=5, log_bytes=100, cpu_seconds=0.01),
    }
    average = cost.mixed(by_case)
    assert average.reads == pytest.approx(1)
    assert average.table_writes == pytest.approx(0.1 * 12 + 0.1 * 8 + 0.2 * 6 + 0.1 * 14)
    assert average.index_writes == pytest.approx(0.5)
    assert average.stored_bytes == pytest.approx(200)
    assert average.log_bytes == pytest.approx(10)
    assert average.cpu_seconds == pytest.approx(0.001)
    assert average.calls == pytest.approx({"BatchGetItem": 0.5, "TransactWriteItems": 0.2})


def test_a_mix_that_is_not_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="add up to"):
        cost.mixed({"redelivery": NOTHING}, {"redelivery": 0.9})


def test_what_follows_on_an_event_is_weighed_likewise() -> None:
    sorts = ("redelivery", "occurrence_other_alert", "occurrence_same_alert", "recorded_only", "new_ticket")
    by_case = {sort: NOBODY if sort == "redelivery" else Following(1, 1, 0, 0, 1, 0, 400) for sort in sorts}
    by_case["new_ticket"] = Following(2, 2, 0, 0, 1, 0, 400)
    average = cost.mixed_following(by_case)
    assert average.published_records == pytest.approx(0.6)
    assert average.archived_records == pytest.approx(0.5)
    assert average.bus_events == pytest.approx(0.6)


def test_readers_of_the_stream_their_events_and_their_objects_are_paid_for() -> None:
    slow = usd(following=Following(1, 1, 0, 0, 1, 0, 0), batch=1)
    fast = usd(following=Following(1, 1, 0, 0, 1, 0, 0), batch=10)
    assert slow["EventBridge: events put"] == fast["EventBridge: events put"] == pytest.approx(1.0)
    assert slow["event_publisher: requests"] == pytest.approx(0.2 / 1.1)
    assert fast["event_publisher: requests"] == pytest.approx(0.2 / 13.5)
    assert slow["S3: objects put"] == pytest.approx(1_000_000 / 31 * 3 * 0.005 / 1000)
    assert fast["S3: objects put"] == pytest.approx(1_000_000 / 2000 * 3 * 0.005 / 1000)


def test_what_comes_from_inside_pays_for_no_webhook() -> None:
    inside = usd(by_webhook=False)
    assert inside["HTTP API requests"] == inside["webhook_ingest: requests"] == inside["Logs: API access"] == 0
    assert inside["SQS: send, receive, delete"] == usd()["SQS: send, receive, delete"]


def test_the_bill_adds_up_and_names_its_dearest_components() -> None:
    bill = cost.bill(replace(NOTHING, table_writes=10, index_writes=3), WEBHOOK, NOBODY, 10, 512, PRICES)
    assert bill.usd == pytest.approx(sum(line.usd for line in bill.lines))
    assert [line.component for line in bill.drivers()] == [
        "DynamoDB: table writes",
        "DynamoDB: index writes",
        "HTTP API requests",
    ]


def test_a_stack_that_does_nothing_pays_for_metrics_alarms_secrets_and_polls() -> None:
    monthly = {line.component: line.usd for line in Fixed(metrics=10, alarms=5, secrets=3, pollers=5).lines(PRICES)}
    assert monthly["Dashboard"] == pytest.approx(3.0)
    assert monthly["Custom metrics"] == pytest.approx(3.0)
    assert monthly["Alarms"] == pytest.approx(0.5)
    assert monthly["Secrets"] == pytest.approx(1.2)
    assert monthly["SQS: Lambda asking an idle queue"] == pytest.approx(0.33, abs=0.01)
    assert monthly["EventBridge Scheduler: due_sweep every minute"] == pytest.approx(0.0438, abs=0.0001)


def test_every_price_says_where_it_stands() -> None:
    assert all(price.source and price.usd >= 0 and price.per > 0 for price in PRICES.values())
    assert not prices.load('[x]\nusd = 1\nper = 1\nunit = "u"\nsource = "remembered, unconfirmed"')["x"].confirmed


def test_the_access_log_line_has_the_fields_of_the_deployed_one() -> None:
    source = ast.parse((Path(__file__).parents[3] / "infra" / "api.py").read_text())
    (fields,) = (
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ACCESS_LOG_FIELDS"
    )
    assert list(cost.ACCESS_LOG_LINE) == list(fields)
