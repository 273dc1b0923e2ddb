"""Tenants for the tests of the admin API."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from tandem.admin import bootstrap
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import AdminApi, environment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(scope="module")
def aws_of_functions(emulated_aws: EmulatedAws) -> Iterator[None]:
    """The emulator, for functions that run in this process."""
    with environment(emulated_aws.environment):
        boto3.setup_default_session()
        bootstrap._secrets_manager.cache_clear()
        yield


@pytest.fixture
def api(
    aws_of_functions: None, dynamodb: "DynamoDBClient", sqs: "SQSClient", secretsmanager: "SecretsManagerClient"
) -> Iterator[AdminApi]:
    """A tenant of the test's own: the first admin, the default board, and nothing else."""
    tenant = AdminApi(dynamodb, sqs, secretsmanager)
    yield tenant
    tenant.remove()


@pytest.fixture
def bare(
    aws_of_functions: None, dynamodb: "DynamoDBClient", sqs: "SQSClient", secretsmanager: "SecretsManagerClient"
) -> Iterator[AdminApi]:
    """As `api`, but what a tenant has from the start is made by its own first request."""
    tenant = AdminApi(dynamodb, sqs, secretsmanager, bare=True)
    yield tenant
    tenant.remove()


@pytest.fixture(scope="module")
def refusing(
    aws_of_functions: None, dynamodb: "DynamoDBClient", sqs: "SQSClient", secretsmanager: "SecretsManagerClient"
) -> Iterator[AdminApi]:
    """A tenant that tests of a module share because what they ask for is refused or only reads, and changes nothing."""
    tenant = AdminApi(dynamodb, sqs, secretsmanager)
    yield tenant
    tenant.remove()
