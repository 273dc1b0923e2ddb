"""The one place where dead_letter_keeper's outside is chosen."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tandem.dead_letters.bucket import BucketObjects
from tandem.dead_letters.keeper import Keeper, Queue
from tandem.dead_letters.letters import DeadLetters
from tandem.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


@cache
def _s3() -> "S3Client":
    return boto3.client("s3", config=_CONFIG)


def keeper(environment: Mapping[str, str] = os.environ) -> Keeper:
    """The keeper of what the environment names, as JSON: DEAD_LETTER_QUEUES (source → {arn, attempts}),
    STREAM_CONSUMERS (source → the function's ARN). NOTICES_QUEUE_ARN: where S3 names failed records' objects."""
    queues = json.loads(environment["DEAD_LETTER_QUEUES"])
    streams = json.loads(environment["STREAM_CONSUMERS"])
    return Keeper(
        letters=DeadLetters(boto3.client("dynamodb", config=_CONFIG), environment["TABLE_NAME"]),
        objects=BucketObjects(_s3),
        queues={each["arn"]: Queue(source, int(each["attempts"])) for source, each in queues.items()},
        notices=environment["NOTICES_QUEUE_ARN"],
        streams={arn: source for source, arn in streams.items()},
        clock=utc_now,
    )
