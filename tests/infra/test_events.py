"""The event bus and the function that fills it, in the template."""

import json
from pathlib import Path
from typing import Any, get_args

import aws_cdk as cdk
import cdk_nag

from infra.stream import MOST_KINDS, MOST_READERS
from infra.tenant import Tenant
from infra.tenant_stack import TenantStack
from tandem.events.names import source
from tandem.store import keys
from tandem.store.sync_records import ENDED, RunState
from tests.infra.template import Template
from tests.unit.alerts.world import START


def test_the_bus_is_the_tenants_own_and_takes_its_events_only(template: Template) -> None:
    (bus,) = template.properties("AWS::Events::EventBus")
    (statement,) = bus["Policy"]["Statement"]

    assert bus["Name"] == "tandem-local"
    assert bus["Description"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"StringNotEquals": {"events:source": source("local")}}


def test_the_publisher_is_told_the_bus_and_reads_the_tables_stream_from_its_beginning(template: Template) -> None:
    (mapping,) = template.mappings("event_publisher")
    (table,) = template.resources("AWS::DynamoDB::Table")
    (bus,) = template.resources("AWS::Events::EventBus")

    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [table, "StreamArn"]}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BatchSize"] == 100
    assert mapping["MaximumBatchingWindowInSeconds"] <= 1
    environment = template.function("event_publisher")["Environment"]["Variables"]
    assert environment["EVENT_BUS_NAME"] == {"Ref": bus}


def test_no_record_blocks_the_stream_for_ever_and_none_is_lost(template: Template) -> None:
    (mapping,) = template.mappings("event_publisher")
    (bucket,) = template.resources("AWS::S3::Bucket")

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == -1, "its age alone ends it: an attempt may take a second"
    assert 60 < mapping["MaximumRecordAgeInSeconds"] < 24 * 60 * 60, "before the stream itself forgets"
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": [bucket, "Arn"]}}}


def test_the_stream_has_no_more_readers_than_dynamodb_serves(template: Template) -> None:
    readers = [
        mapping
        for mapping in template.properties("AWS::Lambda::EventSourceMapping")
        if "StreamArn" in json.dumps(mapping["EventSourceArn"])
    ]
    assert 1 <= len(readers) <= MOST_READERS
    assert not any("ParallelizationFactor" in reader for reader in readers), "an alert's changes come in order"


def test_only_what_is_news_is_handed_over(template: Template) -> None:
    (mapping,) = template.mappings("event_publisher")
    patterns = [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]]
    assert len(patterns) <= MOST_KINDS

    def fits(value: str, wanted: list[Any]) -> bool:
        return any(value == each if isinstance(each, str) else value.startswith(each["prefix"]) for each in wanted)

    def is_handed_over(key: keys.Key, name: str = "MODIFY", state: str = "") -> bool:
        return any(
            name in pattern["eventName"]
            and all(fits(key[part], wanted["S"]) for part, wanted in pattern["dynamodb"]["Keys"].items())
            and all(fits(state, wanted["S"]) for wanted in pattern["dynamodb"].get("NewImage", {}).values())
            for pattern in patterns
        )

    assert is_handed_over(keys.alert_key("a"))
    assert is_handed_over(keys.ticket_key("t"), "INSERT")
    assert not is_handed_over(keys.alert_key("a"), "REMOVE")
    assert is_handed_over(keys.integration_key("i"), "REMOVE")
    assert is_handed_over(keys.integration_key("i"))
    assert is_handed_over(keys.outbound_key("a"))
    assert is_handed_over(keys.asset_key("s"))
    run = keys.sync_run_key("i", "r")
    told = {state for state in get_args(RunState) if is_handed_over(run, state=state)}
    assert told == {"queued", *ENDED}
    others = (
        keys.trace_key("a"), keys.raw_key("a"), keys.link_key("t", "a"), keys.ticket_counter_key(),
        keys.asset_history_key("s", START, "1"), keys.word_key("pc1", "s"), keys.match_key("serial", "1"),
        keys.fleet_page_key("i", ""), keys.fleet_directory_key("i"), keys.sync_state_key("i"),
        keys.device_key("i", "d"),
    )  # fmt: skip
    assert not any(is_handed_over(key, name, "queued") for key in others for name in ("INSERT", "MODIFY", "REMOVE"))


def test_ingest_knows_no_bus_unless_the_tenant_wants_webhooks_told(template: Template, tmp_path: Path) -> None:
    assert "EVENT_BUS_NAME" not in template.function("webhook_ingest")["Environment"]["Variables"]
    assert "events:PutEvents" not in _actions(template)

    app = cdk.App(outdir=str(tmp_path / "assembly"))
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    tenant = Tenant.model_validate({"name": "telling", "events": {"webhook_received": True}})
    stack = TenantStack(app, tenant)
    telling = Template(app.synth().get_stack_by_name(stack.stack_name).template)
    assert "EVENT_BUS_NAME" in telling.function("webhook_ingest")["Environment"]["Variables"]
    assert "events:PutEvents" in _actions(telling)


def _actions(template: Template) -> set[Any]:
    actions = [statement["Action"] for statement in template.statements("webhook_ingest")]
    return {action for each in actions for action in (each if isinstance(each, list) else [each])}
