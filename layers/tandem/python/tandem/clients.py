"""The AWS clients of a function: one of each, made at its first use and kept while the instance is warm."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


class Clients:
    """Clients that wait `read_timeout` seconds for an answer and try `max_attempts` times, the first included."""

    def __init__(self, *, read_timeout: float, max_attempts: int) -> None:
        retries: Any = {"mode": "standard", "max_attempts": max_attempts}
        self._config = Config(connect_timeout=2, read_timeout=read_timeout, retries=retries)

    def dynamodb(self) -> "DynamoDBClient":
        """The table's."""
        return self._dynamodb

    def sqs(self) -> "SQSClient":
        """The queues'."""
        return self._sqs

    def secrets_manager(self) -> "SecretsManagerClient":
        """Of the secrets that open RMMs."""
        return self._secrets_manager

    def s3(self) -> "S3Client":
        """The bucket's."""
        return self._s3

    def scheduler(self) -> Any:
        """EventBridge Scheduler's."""
        return self._scheduler

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        return boto3.client("dynamodb", config=self._config)

    @cached_property
    def _sqs(self) -> "SQSClient":
        return boto3.client("sqs", config=self._config)

    @cached_property
    def _secrets_manager(self) -> "SecretsManagerClient":
        return boto3.client("secretsmanager", config=self._config)

    @cached_property
    def _s3(self) -> "S3Client":
        return boto3.client("s3", config=self._config)

    @cached_property
    def _scheduler(self) -> Any:
        return boto3.client("scheduler", config=self._config)
