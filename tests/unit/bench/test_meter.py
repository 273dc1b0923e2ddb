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


def test_items_that_are_written_in_a_batch_cost_what_each_costs_by_itself(dynamodb: "DynamoDBClient") -> None:
    meter = Meter()
    meter.attach(dynamodb.meta.events)
    large = {**KEY, "filler": {"S": "x" * 1500}}
    other = {"pk": {"S": "q"}, "sk": {"S": "s"}}
    undone = {"t": [{"PutRequest": {"Item": other}}]}
    with Stubber(dynamodb) as stubber:
        stubber.add_response("batch_write_item", {"UnprocessedItems": undone})
        stubber.add_response("batch_write_item", {"UnprocessedItems": {}})
        stubber.add_response("batch_write_item", {"UnprocessedItems": {}})
        both = [{"PutRequest": {"Item": large}}, {"PutRequest": {"Item": other}}]
        dynamodb.batch_write_item(RequestItems={"t": both})  # type: ignore[dict-item]
        assert meter.take().units.table_writes == 2, "what was left undone costs nothing"
        dynamodb.batch_write_item(RequestItems=undone)  # type: ignore[arg-type]
        assert meter.take().units.table_writes == 1
        dynamodb.batch_write_item(RequestItems={"t": [{"DeleteRequest": {"Key": KEY}}]})
        assert meter.take().units.table_writes == 2


def test_an_update_costs_the_whole_item_and_twice_that_in_a_transaction(dynamodb: "DynamoDBClient") -> None:
    meter = Meter()
    meter.attach(dynamodb.meta.events)
    values = {":text": {"S": "x" * 1500}}
    update = {"TableName": "t", "Key": KEY, "UpdateExpression": "SET filler = :text"}
    with Stubber(dynamodb) as stubber:
        stubber.add_response("transact_write_items", {})
        stubber.add_response("update_item", {})
        dynamodb.transact_write_items(
            TransactItems=[{"Update": {**update, "ExpressionAttributeValues": values}}]  # type: ignore[typeddict-item]
        )
        assert meter.take().units.table_writes == 4
        dynamodb.update_item(
            TableName="t",
            Key=KEY,
            UpdateExpression="ADD version :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        assert meter.take().units.table_writes == 2
