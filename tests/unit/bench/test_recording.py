"""Calls that were written to a file count as those that a meter saw itself."""

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from local.bench.meter import Meter
from local.bench.recording import Recorder, consumed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ITEM = {**KEY, "filler": {"S": "x" * 1500}}


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


def test_a_recording_is_counted_as_if_a_meter_had_been_there(dynamodb: "DynamoDBClient", tmp_path: Path) -> None:
    with (tmp_path / "calls").open("wb") as file, Stubber(dynamodb) as stubber:
        recorder = Recorder(file)
        recorder.attach(dynamodb.meta.events)
        meter = Meter()
        meter.attach(dynamodb.meta.events)
        stubber.add_response("put_item", {})
        stubber.add_response("get_item", {"Item": ITEM})
        stubber.add_client_error("put_item", "ConditionalCheckFailedException")
        dynamodb.put_item(TableName="t", Item=ITEM)
        dynamodb.get_item(TableName="t", Key=KEY)
        with pytest.raises(ClientError):
            dynamodb.put_item(TableName="t", Item=ITEM)
    seen = meter.take().units
    assert consumed(tmp_path / "calls", Meter()) == seen
    assert (seen.reads, seen.table_writes) == (0.5, 2)
    assert recorder.calls == {"dynamodb.PutItem": 2, "dynamodb.GetItem": 1}, "who is refused has called, too"


def test_what_was_recorded_before_counts_as_being_there(dynamodb: "DynamoDBClient", tmp_path: Path) -> None:
    with (tmp_path / "calls").open("wb") as file, Stubber(dynamodb) as stubber:
        Recorder(file).attach(dynamodb.meta.events)
        stubber.add_response("delete_item", {})
        dynamodb.delete_item(TableName="t", Key=KEY)
    meter = Meter()
    meter.units("PutItem", {"Item": ITEM}, {})
    assert consumed(tmp_path / "calls", meter).table_writes == 2
