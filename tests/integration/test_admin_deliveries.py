"""Refused and ignored webhooks over the admin API."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator import EmulatedAws
from tests.integration.admin_calls import AdminApi

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

pytestmark = pytest.mark.emulator


@pytest.fixture
def log_group(emulated_aws: EmulatedAws) -> Iterator[str]:
    """An empty log group with one stream, `stream`."""
    logs: CloudWatchLogsClient = emulated_aws.client("logs")
    name = f"/test/{uuid.uuid4().hex}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="stream")
    yield name
    logs.delete_log_group(logGroupName=name)


def write(aws: EmulatedAws, log_group: str, *lines: tuple[datetime, dict[str, Any]]) -> None:
    events = [{"timestamp": int(at.timestamp() * 1000), "message": json.dumps(said)} for at, said in lines]
    aws.client("logs").put_log_events(logGroupName=log_group, logStreamName="stream", logEvents=events)


def refusal(integration_id: str, at: datetime, reason: str = "unauthorized") -> tuple[datetime, dict[str, Any]]:
    said = {
        "_aws": {"Timestamp": int(at.timestamp() * 1000)},
        "WebhookRefused": 1,
        "reason": reason,
        "integration_id": integration_id,
        "status": 401,
        "field": "X-Tandem-Secret",
    }
    return at, said


def test_the_last_refused_webhooks_of_an_integration_are_shown_without_the_table(
    api: AdminApi, emulated_aws: EmulatedAws, log_group: str
) -> None:
    integration_id, other = api.new_integration(), api.new_integration()
    now = datetime.now(UTC)
    write(
        emulated_aws,
        log_group,
        *(refusal(integration_id, now - timedelta(minutes=60 - number), str(number)) for number in range(60)),
        refusal(other, now, "another's"),
        refusal("unknown", now, "nobody's"),
    )
    instance = api.another_instance(INGEST_LOG_GROUP=log_group)
    before = api.stored()
    answer = api.ok("GET", f"/integrations/{integration_id}/deliveries", instance=instance)
    assert [each["reason"] for each in answer["items"]] == [str(number) for number in range(59, 9, -1)]
    assert answer["items"][0] == {
        "received_at": answer["items"][0]["received_at"],
        "outcome": "refused",
        "status": 401,
        "reason": "59",
        "field": "X-Tandem-Secret",
        "event": None,
    }
    older = api.ok(
        "GET", f"/integrations/{integration_id}/deliveries", instance=instance, before=answer["searched_from"]
    )
    assert [each["reason"] for each in older["items"]] == [str(number) for number in range(9, -1, -1)]
    assert older["searched_from"] is None
    assert api.stored() == before


def test_an_integration_without_any_and_one_that_is_not_there(
    api: AdminApi, emulated_aws: EmulatedAws, log_group: str
) -> None:
    integration_id = api.new_integration()
    write(emulated_aws, log_group, refusal("nobody", datetime.now(UTC)))
    instance = api.another_instance(INGEST_LOG_GROUP=log_group)
    answer = api.ok("GET", f"/integrations/{integration_id}/deliveries", instance=instance)
    assert answer == {"items": [], "searched_from": None}
    assert api.call("GET", "/integrations/nobody/deliveries", instance=instance).status == 404


def test_a_log_that_is_not_there_is_told_as_what_it_is(api: AdminApi) -> None:
    instance = api.another_instance(INGEST_LOG_GROUP="/test/none")
    problem = api.call("GET", f"/integrations/{api.new_integration()}/deliveries", instance=instance)
    assert problem.status == 503
    assert "the log of webhook_ingest could not be read" in problem.json["detail"]
