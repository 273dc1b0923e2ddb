"""From the bus to the notifier: nothing is lost on the way, and mail leaves from one address only."""

from typing import Any

from infra.notifications import ATTEMPTS, TIMEOUT
from tests.infra.template import Template

SENDER = "tandem@example.com"


def queue(template: Template, name: str) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of a queue of the local tenant."""
    (found,) = [
        (identifier, resource["Properties"])
        for identifier, resource in template.resources("AWS::SQS::Queue").items()
        if resource["Properties"].get("QueueName") == f"tandem-local-{name}"
    ]
    return found


def rule(template: Template) -> dict[str, Any]:
    (found,) = [each for each in template.properties("AWS::Events::Rule") if "notify_user_ids" in str(each)]
    return found


def mail_statements(template: Template) -> list[dict[str, Any]]:
    return [each for each in template.statements("notifier") if "ses:SendEmail" in str(each["Action"])]


def test_new_tickets_of_which_somebody_is_to_be_told_go_to_the_queue(template: Template) -> None:
    pattern = rule(template)["EventPattern"]
    assert pattern == {
        "source": ["tandem.local"],
        "detail-type": ["TICKET_CREATED"],
        "detail": {"notify_user_ids": [{"exists": True}]},
    }
    (target,) = rule(template)["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": [queue(template, "notifications")[0], "Arn"]}
    assert "Input" not in str(target), "the event is handed over as it is"


def test_what_the_bus_cannot_hand_over_is_a_dead_letter_after_a_day(template: Template) -> None:
    (target,) = rule(template)["Targets"]
    dead_letters, _ = queue(template, "notifications-dead")
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead_letters, "Arn"]}}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


def test_both_queues_take_from_the_rule_and_from_nobody_who_speaks_no_tls(template: Template) -> None:
    for name in ("notifications", "notifications-dead"):
        identifier, _ = queue(template, name)
        statements = [
            statement
            for policy in template.properties("AWS::SQS::QueuePolicy")
            if {"Ref": identifier} in policy["Queues"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        denied = [each for each in statements if each["Effect"] == "Deny"]
        allowed = [each for each in statements if each["Effect"] == "Allow"]
        assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
        assert [each["Principal"] for each in allowed] == [{"Service": "events.amazonaws.com"}]
        assert all("aws:SourceArn" in str(each["Condition"]) for each in allowed)


def test_a_message_is_tried_often_enough_to_outlast_half_an_hour_without_ses(template: Template) -> None:
    dead_letters, _ = queue(template, "notifications-dead")
    _, properties = queue(template, "notifications")
    assert properties["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": ATTEMPTS,
    }
    assert properties["VisibilityTimeout"] == TIMEOUT.to_seconds() * 6


def test_the_notifier_answers_for_each_message(template: Template) -> None:
    identifier, _ = queue(template, "notifications")
    (mapping,) = [
        each
        for each in template.properties("AWS::Lambda::EventSourceMapping")
        if each["EventSourceArn"] == {"Fn::GetAtt": [identifier, "Arn"]}
    ]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_mail_leaves_from_the_tenants_sender_only(template: Template) -> None:
    (statement,) = mail_statements(template)
    assert statement["Action"] == "ses:SendEmail"
    assert [str(each).rpartition("identity/")[2].rstrip("]}'") for each in statement["Resource"]] == [
        SENDER,
        "example.com",
    ]
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": SENDER}}
    assert template.function("notifier")["Environment"]["Variables"]["MAIL_SENDER"] == SENDER


def test_without_a_sender_no_mail_can_be_sent(acme_template: Template) -> None:
    assert mail_statements(acme_template) == []
    assert acme_template.function("notifier")["Environment"]["Variables"]["MAIL_SENDER"] == ""


def test_the_sweep_hands_digests_to_this_queue(template: Template) -> None:
    identifier, _ = queue(template, "notifications")
    assert template.function("due_sweep")["Environment"]["Variables"]["NOTIFICATIONS_QUEUE_URL"] == {"Ref": identifier}
    assert any(
        statement["Action"] == "sqs:SendMessage"
        and {"Fn::GetAtt": [identifier, "Arn"]} in [statement["Resource"], *statement["Resource"]]
        for statement in template.statements("due_sweep")
    )
