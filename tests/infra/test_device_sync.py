"""Device syncs: their queues, their function, and who hands it what."""

import json
from typing import Any

import pytest

from infra.device_sync import ATTEMPTS, DISK_MB, LEAST_MEMORY_MB, NOT_LATER_THAN, TIMEOUT, VISIBILITY
from infra.tenant import DeviceSync
from tandem.syncing import attempts, document_format, refresh, settings, staging, steps
from tandem.syncing.bootstrap import REFRESH_SECONDS
from tandem.syncing.leases import LEASE, STALE_AFTER
from tandem.syncing.refresh_message import COALESCED_SECONDS
from tests.infra.template import Template
from tests.infra.test_polling import statements_about
from tests.infra.test_readback import queue


def mapping(template: Template, name: str) -> dict[str, Any]:
    """What feeds the function from this queue."""
    identifier, _ = queue(template, name)
    (found,) = [
        each
        for each in template.mappings("device_sync")
        if each["EventSourceArn"] == {"Fn::GetAtt": [identifier, "Arn"]}
    ]
    return found


def test_steps_come_alone_and_a_few_at_once_and_devices_by_the_batch(template: Template) -> None:
    steps_of, refreshes = mapping(template, "device-sync"), mapping(template, "device-refresh.fifo")
    assert (steps_of["BatchSize"], steps_of["ScalingConfig"]) == (1, {"MaximumConcurrency": 4})
    assert (refreshes["BatchSize"], refreshes["ScalingConfig"]) == (10, {"MaximumConcurrency": 2})
    for each in (steps_of, refreshes):
        assert each["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_devices_wait_until_all_that_is_one_question_was_heard(acme_template: Template, template: Template) -> None:
    queues = {each.get("QueueName"): each for each in acme_template.properties("AWS::SQS::Queue")}
    refreshes = queues["tandem-acme-device-refresh.fifo"]
    assert refreshes["DelaySeconds"] == DeviceSync().refresh_delay_seconds == COALESCED_SECONDS
    assert (refreshes["FifoQueue"], refreshes["ContentBasedDeduplication"]) == (True, False)
    assert (refreshes["DeduplicationScope"], refreshes["FifoThroughputLimit"]) == (
        "messageGroup",
        "perMessageGroupId",
    )
    assert queue(template, "device-refresh.fifo")[1]["DelaySeconds"] == 0


@pytest.mark.parametrize("name", ["device-sync", "device-refresh.fifo"])
def test_messages_are_dead_letters_only_after_everybody_gave_up(template: Template, name: str) -> None:
    _, properties = queue(template, name)
    assert properties["RedrivePolicy"]["maxReceiveCount"] == ATTEMPTS > attempts.ATTEMPTS + 5
    assert properties["VisibilityTimeout"] == VISIBILITY.to_seconds() > TIMEOUT.to_seconds()


def test_a_dead_step_is_taken_up_again_before_its_run_counts_as_dead(template: Template) -> None:
    assert TIMEOUT.to_seconds() < VISIBILITY.to_seconds() < STALE_AFTER.total_seconds() < LEASE.total_seconds()
    assert LEASE.total_seconds() > attempts.LONGEST_WAIT
    assert template.function("device_sync")["Timeout"] == TIMEOUT.to_seconds()


def test_the_function_has_room_for_a_large_fleet(template: Template) -> None:
    function = template.function("device_sync")
    assert function["MemorySize"] == LEAST_MEMORY_MB
    assert function["EphemeralStorage"] == {"Size": DISK_MB}
    assert TIMEOUT.to_seconds() / 2 > REFRESH_SECONDS


def test_a_turn_that_failed_is_not_repeated_and_one_that_waited_too_long_is_dropped(template: Template) -> None:
    (invocation,) = [
        each
        for each in template.properties("AWS::Lambda::EventInvokeConfig")
        if each["FunctionName"] == {"Ref": template.function_id("device_sync")}
    ]
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["MaximumEventAgeInSeconds"] == NOT_LATER_THAN.to_seconds() == settings.SHORTEST_MINUTES * 60


def test_objects_are_of_syncs_and_software_alone(template: Template) -> None:
    allowed = {
        (action, json.dumps(resource).rpartition("/")[0].rpartition("/")[2])
        for statement in statements_about(template, "device_sync", "s3:")
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
        if action != "s3:ListBucket"
    }
    sync, software = staging.PREFIX.strip("/"), document_format.PREFIX.strip("/")
    assert allowed == {
        *((f"s3:{each}Object", sync) for each in ("Get", "Put", "Delete")),
        *((f"s3:{each}Object", software) for each in ("Get", "Put")),
    }


@pytest.mark.parametrize("name", ["webhook_ingest", "scheduled_poll", "admin_api"])
def test_who_hears_of_devices_may_hand_them_over(template: Template, name: str) -> None:
    identifier, _ = queue(template, "device-refresh.fifo")
    assert template.function(name)["Environment"]["Variables"]["DEVICE_REFRESH_QUEUE_URL"] == {"Ref": identifier}
    sent = [
        resource
        for statement in template.statements(name)
        if "sqs:SendMessage" in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    ]
    assert {"Fn::GetAtt": [identifier, "Arn"]} in sent


def test_schedules_of_syncs_are_checked_daily(template: Template) -> None:
    (check,) = [
        each
        for each in template.properties("AWS::Scheduler::Schedule")
        if each["Name"] == "tandem-local-check-sync-schedules"
    ]
    assert check["ScheduleExpression"] == "rate(1 day)"
    assert json.loads(check["Target"]["Input"]) == {"check_schedules": True}
    assert check["Target"]["Arn"] == {"Fn::GetAtt": [template.function_id("device_sync"), "Arn"]}


def test_dead_letters_are_known_by_the_names_that_the_function_parks_under(template: Template) -> None:
    told = json.dumps(template.function("dead_letter_keeper")["Environment"]["Variables"]["DEAD_LETTER_QUEUES"])
    for source in (steps.SOURCE, refresh.SOURCE):
        assert f'\\"{source}\\":' in told


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
