"""What happens by the clock."""

import json
from typing import Any

from tests.infra.template import Template


def sweep_schedule(template: Template) -> dict[str, Any]:
    (schedule,) = [
        each for each in template.properties("AWS::Scheduler::Schedule") if each["Name"] == "tandem-local-due-sweep"
    ]
    return schedule


def test_the_sweep_runs_every_minute_in_the_stacks_own_group(template: Template) -> None:
    (group,) = template.resources("AWS::Scheduler::ScheduleGroup")
    schedule = sweep_schedule(template)
    function = schedule["Target"]["Arn"]["Fn::GetAtt"][0]

    assert schedule["GroupName"] == {"Ref": group}
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule.get("State", "ENABLED") == "ENABLED"
    assert template.content["Resources"][function]["Properties"] == template.function("due_sweep")


def test_a_run_ends_before_the_next_one_starts_and_is_not_repeated(template: Template) -> None:
    schedule = sweep_schedule(template)
    function = schedule["Target"]["Arn"]["Fn::GetAtt"][0]
    (invocation,) = [
        each
        for each in template.properties("AWS::Lambda::EventInvokeConfig")
        if each["FunctionName"] == {"Ref": function}
    ]

    assert template.function("due_sweep")["Timeout"] < 60
    assert (invocation["MaximumRetryAttempts"], invocation["MaximumEventAgeInSeconds"]) == (0, 60)
    assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60


def test_the_scheduler_may_run_what_that_group_schedules_and_nothing_else(template: Template) -> None:
    (group,) = template.resources("AWS::Scheduler::ScheduleGroup")
    schedule = sweep_schedule(template)
    role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
    (trust,) = template.content["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statements = [
        statement
        for policy in template.properties("AWS::IAM::Policy")
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == {"Fn::GetAtt": [group, "Arn"]}
    scheduled = [
        each["Target"]["Arn"]
        for each in template.properties("AWS::Scheduler::Schedule")
        if each["GroupName"] == {"Ref": group} and each["Target"]["RoleArn"]["Fn::GetAtt"][0] == role
    ]
    assert schedule["Target"]["Arn"] in scheduled
    assert {each["Action"] for each in statements} == {"lambda:InvokeFunction"}
    allowed = [each for statement in statements for each in _list(statement["Resource"])]
    assert sorted(map(json.dumps, allowed)) == sorted(map(json.dumps, scheduled))
    assert "*" not in json.dumps(statements)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
