"""The connections to the RMMs."""

from tandem.store import keys
from tandem.store.configuration.records import Integration, integration_of, values_of
from tandem.store.configuration.table import ConfigurationTable, Delete, Put, Scope


class Integrations:
    """All integrations of the tenant."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def all(self) -> list[Integration]:
        """Every integration."""
        return [integration_of(values) for values in self._table.all("INTEGRATION")]

    def page(self, after: str | None, limit: int) -> list[Integration]:
        """Integrations in the order of their ids, behind the id `after`."""
        return [integration_of(values) for values in self._table.page("INTEGRATION", after, limit)]

    def get(self, integration_id: str) -> Integration | None:
        """One integration."""
        values = self._table.get(keys.integration_key(integration_id))
        return integration_of(values) if values else None

    def put(self, integration: Integration) -> None:
        """Write onto version `integration.version`. Raises ConflictError."""
        key = keys.integration_key(integration.integration_id)
        self._table.commit(Scope.CONFIGURATION, [Put(key, values_of(integration), integration.version)])

    def remove(self, integration: Integration) -> None:
        """Remove it, its rules, its organizations and what is known of its syncs. Its alerts, tickets, assets and rule
        revisions stay: they are history.

        The integration goes first, so that its webhooks are refused at once. Raises ConflictError.
        """
        integration_id = integration.integration_id
        gone = Delete(keys.integration_key(integration_id), integration.version)
        self._table.commit(Scope.CONFIGURATION, [gone])
        self._table.remove_all(keys.rule_key(integration_id, "")["pk"])
        self._table.remove_all(keys.organization_key(integration_id, "")["pk"])
        self._table.remove_all(keys.token_lock_key(integration_id)["pk"])
        self._table.remove_all(keys.sync_state_key(integration_id)["pk"])
