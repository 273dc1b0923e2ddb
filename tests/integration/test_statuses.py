"""What functions say of an integration's credentials, in the real table of the emulator."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tandem.alerts.models import Provider
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration, KeptCredentials, Status
from tandem.store.configuration.statuses import IntegrationStatuses
from tandem.store.configuration.table import ConfigurationTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

SINCE = datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC)
CONNECTED = Integration(
    integration_id="i1",
    provider=Provider.LEVELIO,
    name="Level",
    status=Status.CONNECTED,
    created_at=SINCE,
    connected_at=SINCE,
    credentials=KeptCredentials("api_key", "1234"),
)


@pytest.fixture
def table(dynamodb: "DynamoDBClient", table_name: str) -> ConfigurationTable:
    return ConfigurationTable(dynamodb, table_name)


@pytest.fixture
def integrations(table: ConfigurationTable) -> Integrations:
    found = Integrations(table)
    found.put(CONNECTED)
    return found


def connected(integrations: Integrations) -> Integration:
    found = integrations.get("i1")
    assert found is not None
    return found


def test_a_refusal_of_the_credentials_in_use_needs_a_person_until_they_are_taken_again(
    table: ConfigurationTable, integrations: Integrations
) -> None:
    statuses = IntegrationStatuses(table, integrations)
    for reason in ("Make a key.", "Make another key."):
        statuses.reconnect_required("i1", connected(integrations).connected_at, reason)
    assert connected(integrations) == replace(
        CONNECTED, status=Status.RECONNECT_REQUIRED, status_reason="Make a key.", version=2
    )
    statuses.works("i1")
    assert connected(integrations) == replace(CONNECTED, version=3)


def test_a_late_refusal_of_older_credentials_does_not_undo_a_fresh_connection(
    table: ConfigurationTable, integrations: Integrations
) -> None:
    statuses = IntegrationStatuses(table, integrations)
    anew = replace(connected(integrations), connected_at=SINCE + timedelta(microseconds=1))
    integrations.put(anew)
    for before in (SINCE, None):
        statuses.reconnect_required("i1", before, "Make a key.")
    assert connected(integrations) == replace(anew, version=2)


def test_a_refusal_after_the_disconnection_says_nothing(table: ConfigurationTable, integrations: Integrations) -> None:
    gone = replace(connected(integrations), status=Status.DISCONNECTED, credentials=None)
    integrations.put(gone)
    IntegrationStatuses(table, integrations).reconnect_required("i1", SINCE, "Make a key.")
    IntegrationStatuses(table, integrations).works("i1")
    assert connected(integrations) == replace(gone, version=2)
