"""Polls by the clock: what the function, the schedules' role and the admin API may do, and no more."""

import json
from typing import Any

import pytest

from infra.device_sync import SYNC_NAMES
from infra.polling import NOT_LATER_THAN, POLL_NAMES, TIMEOUT
from tandem.admin.polls import BROKEN_OFF_AFTER
from tandem.polling import listings
from tandem.polling.settings import FAILING_FROM, SHORTEST_MINUTES
from tandem.scheduling.schedules import POLLS, SYNCS
from tests.infra.template import Template

GROUP = "tandem-local"
CHECK = "-check-schedules"


def schedules_role(template: Template) -> str:
    """The logical id of the role that schedules run in."""
    (check,) = [each for each in template.properties("AWS::Scheduler::Schedule") if each["Name"].endswith(CHECK)]
    name: str = check["Target"]["RoleArn"]["Fn::GetAtt"][0]
    return name


def statements_about(template: Template, function: str, prefix: str) -> list[dict[str, Any]]:
    """What the function may do, of a service's actions."""
    return [
        statement
        for statement in template.statements(function)
        if any(action.startswith(prefix) for action in _list(statement["Action"]))
    ]


@pytest.mark.parametrize(
    ("function", "names"),
    [("scheduled_poll", [POLL_NAMES]), ("device_sync", [SYNC_NAMES]), ("admin_api", [POLL_NAMES, SYNC_NAMES])],
)
def test_schedules_are_written_in_the_stacks_own_group_and_of_ones_own_kind(
    template: Template, function: str, names: list[str]
) -> None:
    written = [
        json.dumps(resource)
        for statement in statements_about(template, function, "scheduler:")
        if statement["Action"] != "scheduler:ListSchedules"
        for resource in _list(statement["Resource"])
    ]
    endings = [f':schedule/{GROUP}/{name}*"]]}}' for name in names]
    assert written
    assert all(any(each.endswith(ending) for ending in endings) for each in written)
    assert all(any(each.endswith(ending) for each in written) for ending in endings)
    assert (POLL_NAMES, SYNC_NAMES) == (POLLS, SYNCS)


@pytest.mark.parametrize("function", ["scheduled_poll", "device_sync", "admin_api"])
def test_the_schedules_role_is_handed_over_to_scheduler_and_to_nothing_else(template: Template, function: str) -> None:
    (statement,) = statements_about(template, function, "iam:")

    assert statement["Action"] == "iam:PassRole"
    assert statement["Resource"] == {"Fn::GetAtt": [schedules_role(template), "Arn"]}
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}


def test_the_schedules_role_may_run_the_poll_and_admin_api_may_start_one(template: Template) -> None:
    poll = template.function_id("scheduled_poll")
    by_schedule = [
        statement["Resource"]
        for policy in template.properties("AWS::IAM::Policy")
        if {"Ref": schedules_role(template)} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]

    assert any({"Fn::GetAtt": [poll, "Arn"]} in _list(each) for each in by_schedule)
    invoked = [each["Resource"] for each in statements_about(template, "admin_api", "lambda:")]
    assert any({"Fn::GetAtt": [poll, "Arn"]} in _list(each) for each in invoked)
    environment = template.function("admin_api")["Environment"]["Variables"]
    assert environment["POLL_FUNCTION_ARN"] == {"Fn::GetAtt": [poll, "Arn"]}


def test_listings_are_the_functions_own_part_of_the_bucket(template: Template) -> None:
    objects = [
        each for each in statements_about(template, "scheduled_poll", "s3:") if each["Action"] != "s3:ListBucket"
    ]

    assert all(json.dumps(each["Resource"]).endswith(f'/{listings.PREFIX}*"]]}}') for each in objects)


def test_a_failed_poll_is_not_repeated_and_one_that_waited_too_long_is_dropped(template: Template) -> None:
    (invocation,) = [
        each
        for each in template.properties("AWS::Lambda::EventInvokeConfig")
        if each["FunctionName"] == {"Ref": template.function_id("scheduled_poll")}
    ]

    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["MaximumEventAgeInSeconds"] == NOT_LATER_THAN.to_seconds() == SHORTEST_MINUTES * 60


def test_a_run_is_called_broken_off_only_when_no_function_can_be_at_it_any_more(template: Template) -> None:
    timeout = template.function("scheduled_poll")["Timeout"]

    assert timeout == TIMEOUT.to_seconds()
    assert timeout + NOT_LATER_THAN.to_seconds() < BROKEN_OFF_AFTER.total_seconds()


def test_three_failed_polls_in_a_row_ring_until_an_hour_passes_without(template: Template) -> None:
    (alarm,) = [
        each
        for each in template.properties("AWS::CloudWatch::Alarm")
        if each["AlarmName"] == "tandem-local-PollsFailing"
    ]

    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 3600, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["Threshold"] == FAILING_FROM - 1


def test_schedules_are_checked_daily(template: Template) -> None:
    (check,) = [each for each in template.properties("AWS::Scheduler::Schedule") if each["Name"].endswith(CHECK)]

    assert check["ScheduleExpression"] == "rate(1 day)"
    assert json.loads(check["Target"]["Input"]) == {"check_schedules": True}
    assert check["Target"]["Arn"] == {"Fn::GetAtt": [template.function_id("scheduled_poll"), "Arn"]}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
