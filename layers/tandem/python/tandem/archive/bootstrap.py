"""The one place where event_archiver's outside is chosen."""

import os

import boto3
from botocore.config import Config

from tandem.archive.archiver import Archiver, into_bucket, messages_in
from tandem.archive.compacting import Compactor

# The stream waits for the batch and gives it again: better a few tries here than a whole batch anew.
_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 4})


def archiver() -> Archiver:
    """The archiver on the table and the bucket that the environment names."""
    dynamodb, s3 = boto3.client("dynamodb", config=_CONFIG), boto3.client("s3", config=_CONFIG)
    return Archiver(messages_in(dynamodb, os.environ["TABLE_NAME"]), into_bucket(s3, os.environ["BUCKET_NAME"]))


def compactor() -> Compactor:
    """The compactor of the bucket that the environment names."""
    return Compactor(boto3.client("s3", config=_CONFIG), os.environ["BUCKET_NAME"])
