"""Connections on AWS, for every function that asks RMMs."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from tandem.connections.address import AddressRule, is_this_machine
from tandem.connections.calls import Around
from tandem.connections.opening import Connections
from tandem.connections.renewal import Renewal
from tandem.connections.transport import checked_transport
from tandem.secrets import SecretsManagerSecrets
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.statuses import IntegrationStatuses
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.rates import Rates
from tandem.store.token_locks import TokenLocks
from tandem.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient


def connections(
    dynamodb: "DynamoDBClient", secrets_manager: "Callable[[], SecretsManagerClient]", environment: Mapping[str, str]
) -> Connections:
    """On TABLE_NAME and SECRET_PREFIX; ALLOW_PRIVATE_ADDRESSES=1 says that the tenant file permits private addresses.
    RMMs may be on this very machine where the table is. Raises KeyError for a missing variable."""
    # The local stack and tests have the table on their own machine. A real function has not, and says that it is one.
    is_real = environment.get("AWS_EXECUTION_ENV", "").startswith("AWS_Lambda")
    is_local = is_this_machine(dynamodb.meta.endpoint_url) and not is_real
    table = ConfigurationTable(dynamodb, environment["TABLE_NAME"])
    secrets = SecretsManagerSecrets(secrets_manager, environment["SECRET_PREFIX"])
    locks = TokenLocks(dynamodb, environment["TABLE_NAME"], utc_now)
    return Connections(
        Renewal(secrets, locks, _around(AddressRule())),
        IntegrationStatuses(table, Integrations(table)),
        lambda may_be_private: _around(AddressRule(may_be_private, may_be_private and is_local)),
        private_addresses=environment.get("ALLOW_PRIVATE_ADDRESSES") == "1",
        reservations=Rates(dynamodb, environment["TABLE_NAME"]),
    )


@cache
def _around(rule: AddressRule) -> Around:
    return Around(checked_transport(rule))
