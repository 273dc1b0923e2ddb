"""What the meter makes of a client's calls."""

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from local.bench.meter import Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


def test_to_delete_an_item_costs_what_it_was_and_its_index_entries(dynamodb: "DynamoDBClient") -> None:
    meter = Meter()
    meter.attach(dynamodb.meta.events)
    item = {**KEY, "list_pk": {"S": "l"}, "list_sk": {"S": "t"}, "filler": {"S": "x" * 1500}}
    with Stubber(dynamodb) as stubber:
        stubber.add_response("put_item", {})
        stubber.add_response("delete_item", {})
        stubber.add_response("delete_item", {})
        dynamodb.put_item(TableName="t", Item=item)
        meter.take()
        dynamodb.delete_item(TableName="t", Key=KEY)
        first = meter.take()
        dynamodb.delete_item(TableName="t", Key=KEY)
        second = meter.take()
    assert first.calls == {"DeleteItem": 1}
    assert (first.units.table_writes, first.units.index_writes) == (2, 1)
    assert (second.units.table_writes, second.units.index_writes) == (1, 0), "there was none any more"
