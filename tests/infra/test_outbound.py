"""From the bus to the RMMs: what is closed by a person is told, in order for each integration, and tried for a day."""

from typing import Any

from infra.outbound import ATTEMPTS_AT_CLOSES, ATTEMPTS_AT_RESETS, TIMEOUT
from tandem.outbound.failing import GIVES_UP_AFTER, LONGEST_WAIT_SECONDS
from tandem.outbound.reset_bootstrap import BATCH_SECONDS
from tests.infra.template import Template


def queue(template: Template, name: str) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of a queue of the local tenant."""
    (found,) = [
        (identifier, resource["Properties"])
        for identifier, resource in template.resources("AWS::SQS::Queue").items()
        if resource["Properties"].get("QueueName") == f"tandem-local-{name}"
    ]
    return found


def rules(template: Template) -> dict[str, dict[str, Any]]:
    """The rules to the queue, by the event that they are for."""
    identifier, _ = queue(template, "ticket-closes")
    return {
        rule["EventPattern"]["detail-type"][0]: rule
        for rule in template.properties("AWS::Events::Rule")
        if [target["Arn"] for target in rule["Targets"]] == [{"Fn::GetAtt": [identifier, "Arn"]}]
    }


def mapping(template: Template, name: str) -> dict[str, Any]:
    """What feeds the queue's function."""
    identifier, _ = queue(template, name)
    (found,) = [
        each
        for each in template.properties("AWS::Lambda::EventSourceMapping")
        if each["EventSourceArn"] == {"Fn::GetAtt": [identifier, "Arn"]}
    ]
    return found


def test_tickets_that_people_close_and_alerts_that_people_resolve_go_to_the_queue(template: Template) -> None:
    found = rules(template)
    assert {name: rule["EventPattern"].get("detail") for name, rule in found.items()} == {
        "TICKET_CLOSED": {"condition_id": [{"exists": True}], "closed_by": [{"anything-but": ["tandem"]}]},
        "RMM_ALERT_RESET_REQUESTED": None,
    }
    assert all(rule["EventPattern"]["source"] == ["tandem.local"] for rule in found.values())


def test_what_the_bus_cannot_hand_over_is_a_dead_letter_after_a_day(template: Template) -> None:
    dead_letters, _ = queue(template, "ticket-closes-dead")
    for rule in rules(template).values():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead_letters, "Arn"]}}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


def test_resets_keep_their_order_and_nothing_is_dropped_for_being_alike(template: Template) -> None:
    _, resets = queue(template, "alert-resets.fifo")
    assert resets["FifoQueue"] is True
    assert resets["ContentBasedDeduplication"] is False
    assert queue(template, "alert-resets-dead.fifo")[1]["FifoQueue"] is True


def test_messages_end_among_the_dead_letters_only_after_the_functions_gave_up_long_ago(template: Template) -> None:
    for name, dead, attempts in (
        ("ticket-closes", "ticket-closes-dead", ATTEMPTS_AT_CLOSES),
        ("alert-resets.fifo", "alert-resets-dead.fifo", ATTEMPTS_AT_RESETS),
    ):
        _, properties = queue(template, name)
        assert properties["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [queue(template, dead)[0], "Arn"]},
            "maxReceiveCount": attempts,
        }
        assert properties["VisibilityTimeout"] == TIMEOUT.to_seconds() * 6
        assert properties["MessageRetentionPeriod"] > GIVES_UP_AFTER.total_seconds() * 3
    assert GIVES_UP_AFTER.total_seconds() / LONGEST_WAIT_SECONDS + 10 < ATTEMPTS_AT_RESETS


def test_a_batch_ends_before_its_function_does(template: Template) -> None:
    assert template.function("alert_reset")["Timeout"] == TIMEOUT.to_seconds()
    assert TIMEOUT.to_seconds() - 15 >= BATCH_SECONDS


def test_both_functions_answer_for_each_message_and_leave_the_account_to_others(template: Template) -> None:
    for name, at_once in (("ticket-closes", 2), ("alert-resets.fifo", 2)):
        found = mapping(template, name)
        assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert found["ScalingConfig"] == {"MaximumConcurrency": at_once}
        assert found["BatchSize"] == 10


def test_only_the_function_that_asks_rmms_may_read_their_credentials(template: Template) -> None:
    assert "secretsmanager" not in str(template.statements("ticket_close_reset"))
    assert "secretsmanager:GetSecretValue" in str(template.statements("alert_reset"))
    assert "SECRET_PREFIX" in template.function("alert_reset")["Environment"]["Variables"]
