"""A function that reads the table's stream."""

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.bucket import STREAM_FAILURES, TandemBucket
from infra.function_maker import FunctionMaker
from infra.table import TandemTable

MOST_READERS = 2
"""Of one stream, before DynamoDB holds them back."""

GIVES_UP_AFTER = Duration.hours(6)
"""The stream itself keeps a day: whoever looks at the alarm can still let a reader begin anew."""

UNTIL_TOO_OLD = -1
"""Attempts: as many as there is time for. While the bus is away an attempt takes a second or two, so any number of them
would be used up long before the bus is back, and what waited would be out of order."""

MOST_KINDS = 5
"""Filters of one mapping; an account gets more only when it asks for them."""

Pattern = dict[str, Any]
"""What Lambda compares a record with, so that the function is not invoked for any other."""


def written(partition: str, *sorts: str) -> Pattern:
    """Items put or changed, not removed, whose partition key begins so and whose sort key is one of these."""
    keys = {"pk": {"S": [{"prefix": partition}]}, "sk": {"S": list(sorts)}}
    return {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": keys}}


ALERTS = written("A#", "ALERT")
ALERTS_AND_WISHES = written("A#", "ALERT", "OUTBOUND")
TICKETS = written("T#", "TICKET")
ASSETS = written("ASSET#", "ASSET")

INTEGRATIONS: Pattern = {
    "eventName": ["INSERT", "MODIFY", "REMOVE"],
    "dynamodb": {"Keys": {"pk": {"S": ["INTEGRATION"]}}},
}
"""One partition of them, by their ids; that one is removed is news, too."""

SYNC_RUNS: Pattern = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {
        "Keys": {"pk": {"S": [{"prefix": "SYNC#"}]}, "sk": {"S": [{"prefix": "RUN#"}]}},
        "NewImage": {"state": {"S": ["queued", "succeeded", "failed", "cancelled"]}},
    },
}
"""Syncs that begin or have ended. In between a run is written hundreds of times, which is nobody's news."""


class StreamReader(Construct):
    """Hands the stream's items of some `kinds`, at most MOST_KINDS, to a function, in order for each partition key.

    The function answers with the first record that it could not deal with, and is given that one and all behind it
    again. What it never deals with goes to the bucket, whole, and the stream goes on: no record blocks it for good.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        maker: FunctionMaker,
        function: lambda_.Function,
        table: TandemTable,
        bucket: TandemBucket,
        kinds: Sequence[Pattern],
        batch_size: int,
        window: Duration | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._allow(maker, function, table, bucket)
        self.mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=function.function_name,
            event_source_arn=table.stream_arn,
            # From the first record, so that nothing is missed between the table's making and the mapping's.
            starting_position="TRIM_HORIZON",
            filter_criteria={"filters": [{"pattern": json.dumps(kind)} for kind in kinds]},
            batch_size=batch_size,
            maximum_batching_window_in_seconds=window.to_seconds() if window else None,
            # A batch that times out is halved until it does not.
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            maximum_retry_attempts=UNTIL_TOO_OLD,
            maximum_record_age_in_seconds=GIVES_UP_AFTER.to_seconds(),
            # A bucket, not a queue: it holds the records themselves, a queue would only get their numbers.
            destination_config={"onFailure": {"destination": bucket.arn}},
        )
        # Lambda tries all of it when the mapping is made.
        if function.role is not None:
            self.mapping.node.add_dependency(function.role)

    def _allow(
        self, maker: FunctionMaker, function: lambda_.Function, table: TandemTable, bucket: TandemBucket
    ) -> None:
        maker.allow(
            function,
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            [table.stream_arn],
        )
        # Asked for by table, not by stream.
        maker.allow(function, ["dynamodb:ListStreams"], [f"{table.arn}/stream/*"])
        maker.allow(function, ["s3:ListBucket"], [bucket.arn])
        maker.allow(function, ["s3:PutObject"], [f"{bucket.arn}/{STREAM_FAILURES}*"])
        policy = function.role.node.find_child("DefaultPolicy") if function.role else function
        for resource, reason in (
            (f"<{logical_id(table.table)}.Arn>/stream/*", "The only stream of the only table; its label changes."),
            (
                f"<{logical_id(bucket.bucket)}.Arn>/{STREAM_FAILURES}*",
                "Lambda names the objects that it writes there.",
            ),
        ):
            acknowledge(policy, f"AwsSolutions-IAM5[Resource::{resource}]", reason)


def logical_id(construct: Construct) -> str:
    """What the template calls the construct's resource; cdk-nag's findings name it so."""
    child: Any = construct.node.default_child
    identifier: str = Stack.of(construct).resolve(child.logical_id)
    return identifier
