"""The table's keys and indexes, read by the construct and by whatever needs a table like the deployed one.

No CDK is imported, so tests and benchmarks pay no CDK start-up for it.
"""

from typing import TypedDict

PARTITION_KEY = "pk"
SORT_KEY = "sk"
TTL_ATTRIBUTE = "expires_at"
"""Epoch seconds. DynamoDB removes late, so readers check it too."""

LIST_SORT_KEY = "list_sk"

INDEXES: dict[str, tuple[str, str]] = {
    "by_time": ("list_pk", LIST_SORT_KEY),
    "by_owner": ("owner_pk", LIST_SORT_KEY),
    "live": ("live_pk", LIST_SORT_KEY),
}
"""Name → (partition key, sort key). All keys are strings; every index is sparse and holds keys only.

Every listing sorts by the same time, so the sort key is one attribute: an item that fits in 1 KB costs half of one that
does not.
"""


class TableDefinition(TypedDict):
    """What boto3's `create_table` takes beside the table's name."""

    KeySchema: list[dict[str, str]]
    AttributeDefinitions: list[dict[str, str]]
    GlobalSecondaryIndexes: list[dict[str, object]]
    BillingMode: str
    StreamSpecification: dict[str, object]


def table_definition() -> TableDefinition:
    """The deployed table's shape, as CloudFormation and `create_table` spell it."""
    attributes = dict.fromkeys([PARTITION_KEY, SORT_KEY, *(name for pair in INDEXES.values() for name in pair)])
    return {
        "KeySchema": _key_schema(PARTITION_KEY, SORT_KEY),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "GlobalSecondaryIndexes": [
            {"IndexName": name, "KeySchema": _key_schema(*keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for name, keys in INDEXES.items()
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
