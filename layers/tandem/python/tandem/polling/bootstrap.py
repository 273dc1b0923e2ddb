"""The one place where scheduled_poll's outside is chosen."""

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tandem.alert_queue import AlertEventQueue
from tandem.connections.bootstrap import connections
from tandem.ids import new_id
from tandem.polling import drift
from tandem.polling.drift import Mended
from tandem.polling.listings import BucketListings
from tandem.polling.poller import Poller
from tandem.polling.schedules import EventBridgeSchedules
from tandem.polling.work import Around, PollWork
from tandem.store.beliefs import Beliefs
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.statuses import IntegrationStatuses
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.polls import Polls
from tandem.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# A poll has minutes, and repeating it costs the RMM a whole listing: better a few tries here.
_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 4})


@cache
def _dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=_CONFIG)


@cache
def _s3() -> "S3Client":
    return boto3.client("s3", config=_CONFIG)


@cache
def _secrets_manager() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=_CONFIG)


@cache
def _scheduler() -> Any:
    return boto3.client("scheduler", config=_CONFIG)


def _schedules(function_arn: str) -> EventBridgeSchedules:
    # What the function is called it only learns when it is invoked: its environment cannot name it.
    group, role = os.environ["SCHEDULE_GROUP"], os.environ["SCHEDULE_ROLE_ARN"]
    return EventBridgeSchedules(_scheduler, group=group, function=function_arn, role=role)


def work(function_arn: str) -> PollWork:
    """Polls on the table, queue, bucket and schedules that the environment names. `function_arn`: this function's."""
    client, name = _dynamodb(), os.environ["TABLE_NAME"]
    beliefs = Beliefs(client, name)
    queue = AlertEventQueue(_sqs, os.environ["ALERT_QUEUE_URL"])
    table = ConfigurationTable(client, name)
    integrations = Integrations(table)
    return PollWork(
        integrations=integrations,
        statuses=IntegrationStatuses(table, integrations),
        polls=Polls(client, name),
        opening=connections(client, _secrets_manager, os.environ),
        poller=Poller(beliefs, BucketListings(_s3, os.environ["BUCKET_NAME"]), queue, utc_now),
        beliefs=beliefs,
        queue=queue,
        schedules=_schedules(function_arn),
        around=Around(utc_now, time.monotonic, new_id),
    )


def mend(function_arn: str) -> Mended:
    """The daily check."""
    integrations = Integrations(ConfigurationTable(_dynamodb(), os.environ["TABLE_NAME"]))
    return drift.mend(integrations, _schedules(function_arn))
