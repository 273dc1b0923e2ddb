"""Alarms and the dashboard, held against the functions that write the metrics and against docs/operations.md."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from infra.dashboard import OUTCOMES, POLL_METRICS, REFRESH_METRICS, SYNC_METRICS, WEBHOOK_METRICS
from local.bench.monthly import Fixed
from local.emulator import ROOT
from tandem.admin import ingest_log
from tandem.alerts.models import Outcome
from tandem.dead_letters.keeper import Kept
from tandem.dead_letters.letters import DeadLetter
from tandem.dead_letters.report import report as report_kept
from tandem.polling.poller import Polled
from tandem.polling.report import Report
from tandem.polling.report import report as report_poll
from tandem.processing.processor import Processed
from tandem.processing.report import report
from tandem.store.sync_records import SyncRun
from tandem.sweeping.report import report as report_swept
from tandem.sweeping.sweep import Swept, Taken
from tandem.syncing import function_report, refresh
from tandem.syncing import report as sync_report
from tandem.syncing.refresh import Refreshed
from tandem.syncing.steps import Stepped
from tandem.syncing.turns import Turn
from tests.infra.template import Template
from tests.unit.alerts.world import START

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    """By their name, without the tenant's prefix."""
    found = template.properties("AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("tandem-local-").removeprefix("tandem-acme-"): alarm for alarm in found}


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}


def documented() -> set[str]:
    """The alarms in the table of docs/operations.md: what its first column has in backquotes."""
    chapter = (ROOT / "docs" / "operations.md").read_text().partition("\n## Alarms\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in chapter.splitlines() if line.startswith("|")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_alarm_is_documented_and_every_documented_alarm_is_there(template: Template) -> None:
    assert documented() == set(alarms(template))


def test_every_alarm_is_sent_as_the_tenants_own_also_when_it_ends(template: Template, acme_template: Template) -> None:
    for tenant, of in (("local", template), ("acme", acme_template)):
        (topic,) = of.resources("AWS::SNS::Topic")
        for alarm in of.properties("AWS::CloudWatch::Alarm"):
            assert alarm["AlarmName"].startswith(f"tandem-{tenant}-")
            assert alarm["AlarmDescription"].startswith(f"Tandem {tenant}: ")
            assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
            if alarm["Namespace"] == "Tandem":
                assert dimensions(alarm)["tenant"] == tenant


def test_the_costs_are_told_with_as_many_alarms_and_idle_queues_as_there_are(template: Template) -> None:
    of_queues = [
        each for each in template.properties("AWS::Lambda::EventSourceMapping") if "StartingPosition" not in each
    ]
    assert Fixed().alarms == len(alarms(template))
    assert Fixed().pollers == 5 * len(of_queues)
    assert Fixed().dashboards == len(template.properties("AWS::CloudWatch::Dashboard"))


def test_only_what_must_always_run_is_missed_when_it_says_nothing(template: Template) -> None:
    breaching = {name for name, alarm in alarms(template).items() if alarm["TreatMissingData"] == "breaching"}
    assert breaching == {"DueSweepMissing"}
    assert alarms(template)["DueSweepMissing"]["ComparisonOperator"] == "LessThanThreshold"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_functions_errors_and_throttles_raise_an_alarm(template: Template, name: str) -> None:
    prefix = "".join(word.capitalize() for word in name.split("_"))
    for metric in ("Errors", "Throttles"):
        alarm = alarms(template)[prefix + metric]
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", metric, 0)
        function = template.content["Resources"][dimensions(alarm)["FunctionName"]["Ref"]]["Properties"]
        assert template.function_name(function) == name


def test_each_queue_raises_an_alarm_when_its_messages_wait_or_its_dead_letters_stay(template: Template) -> None:
    watched = {
        (dimensions(alarm)["QueueName"]["Fn::GetAtt"][0], alarm["MetricName"])
        for alarm in alarms(template).values()
        if alarm["Namespace"] == "AWS/SQS"
    }
    expected = {
        (name, "ApproximateAgeOfOldestMessage" if "RedrivePolicy" in queue["Properties"] else
         "ApproximateNumberOfMessagesVisible")
        for name, queue in template.resources("AWS::SQS::Queue").items()
    }  # fmt: skip
    assert watched == expected


def test_each_reader_of_the_stream_raises_an_alarm_when_it_is_behind(template: Template) -> None:
    readers = {
        mapping["FunctionName"]["Ref"]
        for mapping in template.properties("AWS::Lambda::EventSourceMapping")
        if "StartingPosition" in mapping
    }
    behind = [alarm for alarm in alarms(template).values() if alarm["MetricName"] == "IteratorAge"]
    assert {dimensions(alarm)["FunctionName"]["Ref"] for alarm in behind} == readers


def test_a_429_is_counted_from_the_access_log_as_the_tenants_own(template: Template) -> None:
    (metric_filter,) = template.properties("AWS::Logs::MetricFilter")
    (transformation,) = metric_filter["MetricTransformations"]
    (stage,) = template.properties("AWS::ApiGatewayV2::Stage")
    alarm = alarms(template)["ThrottledRequests"]

    assert metric_filter["FilterPattern"] == '{ $.status = "429" }'
    assert metric_filter["LogGroupName"]["Ref"] == stage["AccessLogSettings"]["DestinationArn"]["Fn::GetAtt"][0]
    assert transformation["MetricNamespace"] == alarm["Namespace"]
    assert transformation["MetricName"] == alarm["MetricName"] == "ThrottledRequests"
    assert transformation["Dimensions"] == [{"Key": "tenant", "Value": "$.tenant"}]
    assert json.loads(stage["AccessLogSettings"]["Format"])["tenant"] == "local"
    assert dimensions(alarm) == {"tenant": "local"}


def report_syncs() -> None:
    """A run that failed, a turn, a message that was none, and devices with every outcome."""
    sync_report.run_ended(SyncRun("r1", "i1", "devices", "failed", START, "schedule"), "failed", None, 12)
    function_report.turn_taken(Turn("i1", "started", "devices", timedelta(hours=1)))
    function_report.steps_parked([Stepped("m1", parked="why")])
    function_report.refreshed([Refreshed(each.value, "i1", each) for each in refresh.Outcome])
    function_report.refreshed([Refreshed("m2", "i1", failed=True)])


SYNC_ALARMS = ("DeviceSyncParked", "DeviceSyncsFailing", "DeviceSyncsBehind")


def test_alarms_on_what_functions_count_watch_the_metrics_that_they_write(
    template: Template, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANT", "local")
    letter = DeadLetter("alert-events", "m1", "why", "{}", START)
    report([Processed("one", parked="why"), Processed("two", parked="why")])
    report_kept([Kept("m1", [letter]), Kept("m2", failed="the table is busy")])
    report_swept(Swept(Taken(), 400))
    report_poll(Report("i1", "failed", failures_in_a_row=3, seconds_since_good=2700))
    report_syncs()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    written = {
        (metric["Name"], tuple(sorted((name, line[name]) for name in directive["Dimensions"][0])))
        for line in lines
        if "_aws" in line
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
    for name in (
        "AlertProcessorParked",
        "LettersKept",
        "LettersGivenBack",
        "DueSweepLag",
        "PollsFailing",
        *SYNC_ALARMS,
    ):
        alarm = alarms(template)[name]
        assert alarm["Namespace"] == "Tandem"
        assert (alarm["MetricName"], tuple(sorted(dimensions(alarm).items()))) in written, name


def test_the_dashboard_shows_every_outcome_and_every_function(template: Template) -> None:
    (dashboard,) = template.properties("AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])

    assert dashboard["DashboardName"] == "tandem-local"
    assert set(OUTCOMES) == {outcome.value for outcome in Outcome} | {"parked", "given_back"}
    assert set(WEBHOOK_METRICS) == set(ingest_log.OUTCOMES)
    for word in (*OUTCOMES, *WEBHOOK_METRICS, *FUNCTIONS, "p50", "p99", "sweep_lag_seconds", "IteratorAge", "kept"):
        assert word in body, word


def test_the_dashboard_shows_the_polls_by_the_metrics_that_they_write(
    template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    report_poll(Report("i1", "failed", failures_in_a_row=3, seconds_since_good=2700))
    polled = Polled(START, 3, 1, ("alert a1: why",), 1, 1, 0, 0, ("key",), frozenset())
    report_poll(Report("i1", "succeeded", 1200, polled, seconds_since_good=0))
    written = set().union(*(json.loads(line) for line in capsys.readouterr().out.splitlines()))
    (dashboard,) = template.properties("AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])
    for name in (*POLL_METRICS, "poll_seconds_since_good", "poll_milliseconds"):
        assert name in written, name
        assert name in body, name


def test_the_dashboard_shows_syncs_by_the_metrics_that_they_write(
    template: Template, capsys: pytest.CaptureFixture[str]
) -> None:
    report_syncs()
    written = set().union(*(json.loads(line) for line in capsys.readouterr().out.splitlines()))
    (dashboard,) = template.properties("AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])
    for name in (*SYNC_METRICS, *REFRESH_METRICS, "sync_seconds_since_good", "sync_milliseconds"):
        assert name in written, name
        assert name in body, name


def test_the_dashboard_is_json_that_cloudwatch_reads(template: Template) -> None:
    (dashboard,) = template.properties("AWS::CloudWatch::Dashboard")
    parts = dashboard["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else "resolved" for part in parts))
    titles = [widget["properties"]["title"] for widget in body["widgets"]]

    assert len(titles) == len(set(titles)) >= 9
    assert all(widget["x"] + widget["width"] <= 24 for widget in body["widgets"])
    for widget in body["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if "expression" not in metric[0]:
                assert metric[0] in ("Tandem", "AWS/SQS", "AWS/Lambda", "AWS/ApiGateway")
