from typing import TYPE_CHECKING

from infra.table_schema import INDEXES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_a_test_gets_an_empty_table_with_the_deployed_keys_and_indexes(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    description = dynamodb.describe_table(TableName=table_name)["Table"]

    assert {index["IndexName"] for index in description["GlobalSecondaryIndexes"]} == set(INDEXES)
    assert dynamodb.scan(TableName=table_name)["Items"] == []


def test_a_sparse_index_lists_only_items_that_carry_its_keys(dynamodb: "DynamoDBClient", table_name: str) -> None:
    dynamodb.put_item(TableName=table_name, Item={"pk": {"S": "a"}, "sk": {"S": "1"}})
    dynamodb.put_item(
        TableName=table_name,
        Item={"pk": {"S": "b"}, "sk": {"S": "1"}, "live_pk": {"S": "x"}, "list_sk": {"S": "1"}, "extra": {"S": "?"}},
    )

    found = dynamodb.query(
        TableName=table_name,
        IndexName="live",
        KeyConditionExpression="live_pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "x"}},
    )["Items"]

    assert found == [{"pk": {"S": "b"}, "sk": {"S": "1"}, "live_pk": {"S": "x"}, "list_sk": {"S": "1"}}]
