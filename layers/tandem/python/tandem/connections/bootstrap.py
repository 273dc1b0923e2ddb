"""Connections on AWS, for every function that asks RMMs."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from tandem.connections.calls import Around
from tandem.connections.opening import Connections
from tandem.connections.renewal import Renewal
from tandem.connections.transport import checked_transport
from tandem.secrets import SecretsManagerSecrets
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.statuses import IntegrationStatuses
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.token_locks import TokenLocks
from tandem.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient


def connections(
    dynamodb: "DynamoDBClient", secrets_manager: "Callable[[], SecretsManagerClient]", environment: Mapping[str, str]
) -> Connections:
    """On TABLE_NAME and SECRET_PREFIX; ALLOW_PRIVATE_ADDRESSES=1 says that the tenant file permits private addresses.
    Raises KeyError for a missing variable."""
    table = ConfigurationTable(dynamodb, environment["TABLE_NAME"])
    secrets = SecretsManagerSecrets(secrets_manager, environment["SECRET_PREFIX"])
    locks = TokenLocks(dynamodb, environment["TABLE_NAME"], utc_now)
    return Connections(
        Renewal(secrets, locks, _around(False)),
        IntegrationStatuses(table, Integrations(table)),
        _around,
        private_addresses=environment.get("ALLOW_PRIVATE_ADDRESSES") == "1",
    )


@cache
def _around(may_be_private: bool) -> Around:
    return Around(checked_transport(may_be_private))
