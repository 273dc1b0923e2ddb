"""An emulator for tests that need real DynamoDB or SQS behaviour: one process a pytest worker, a fresh table a test.

The fixtures are made known to every test by tests/conftest.py.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config

from infra.table_schema import TTL_ATTRIBUTE, table_definition
from local import emulator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class EmulatedAws:
    """A running emulator and ways to reach it, from this process and from a child process."""

    endpoint_url: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make any boto3 client of another process talk to the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": emulator.REGION,
            "AWS_REGION": emulator.REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def client(self, service: str) -> Any:
        """A new boto3 client of `service`. No credentials or settings of the machine are used."""
        return boto3.client(
            cast("Any", service),
            endpoint_url=self.endpoint_url,
            region_name=emulator.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(max_pool_connections=50, retries={"max_attempts": 2, "mode": "standard"}),
        )


@pytest.fixture(scope="session")
def emulated_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """The worker's emulator: empty at the start, on a port of its own on 127.0.0.1, gone with the test run."""
    if not emulator.PYTHON.exists():
        pytest.fail("the emulator is not installed: run `make install` (or `make test`, which does)")
    with emulator.running(tmp_path_factory.mktemp("emulator")) as started:
        yield EmulatedAws(started.endpoint_url)


@pytest.fixture(scope="session")
def emulator_url(emulated_aws: EmulatedAws) -> str:
    """The emulator's endpoint, `http://127.0.0.1:<port>`."""
    return emulated_aws.endpoint_url


@pytest.fixture(scope="session")
def dynamodb(emulated_aws: EmulatedAws) -> "DynamoDBClient":
    """A DynamoDB client of the emulator (low level, as the store uses it)."""
    return cast("DynamoDBClient", emulated_aws.client("dynamodb"))


@pytest.fixture(scope="session")
def sqs(emulated_aws: EmulatedAws) -> "SQSClient":
    """An SQS client of the emulator."""
    return cast("SQSClient", emulated_aws.client("sqs"))


@pytest.fixture(scope="session")
def secretsmanager(emulated_aws: EmulatedAws) -> "SecretsManagerClient":
    """A Secrets Manager client of the emulator."""
    return cast("SecretsManagerClient", emulated_aws.client("secretsmanager"))


def create_table(client: "DynamoDBClient", name: str) -> str:
    """Makes a table `name` with the deployed table's keys, indexes, stream and TTL; gives its name."""
    client.create_table(TableName=name, **cast("Any", table_definition()))
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
    )
    return name


@pytest.fixture
def table_name(dynamodb: "DynamoDBClient") -> Iterator[str]:
    """A fresh, empty table like the deployed one; removed after the test."""
    name = create_table(dynamodb, f"test-{uuid.uuid4().hex}")
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.fixture
def new_queue(sqs: "SQSClient") -> Iterator[Callable[..., str]]:
    """Makes fresh FIFO queues like the deployed one: call it (attributes override), get the URL."""
    made: list[str] = []

    def make(**attributes: str) -> str:
        settings = {
            "FifoQueue": "true",
            "ContentBasedDeduplication": "false",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
        name = f"test-{uuid.uuid4().hex}.fifo"
        url = sqs.create_queue(QueueName=name, Attributes=cast("Any", settings | attributes))["QueueUrl"]
        made.append(url)
        return url

    yield make
    for url in made:
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def emulator_environment(emulated_aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> EmulatedAws:
    """Makes clients of this process that are made without arguments, as handlers make them, reach the emulator."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in emulated_aws.environment.items():
        monkeypatch.setenv(name, value)
    return emulated_aws
