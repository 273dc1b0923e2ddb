"""The organizations of an integration: those that a sync has listed, and those that a person mapped or named. One that
only webhooks speak of has no record until then."""

from collections.abc import Sequence

from tandem.store import keys
from tandem.store.configuration.records import ClientRecord, OrganizationRecord, organization_of, values_of
from tandem.store.configuration.table import ConfigurationTable, Put, Scope


def _partition(integration_id: str) -> str:
    return keys.organization_key(integration_id, "")["pk"]


class Organizations:
    """The organizations of all integrations."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def page(self, integration_id: str, after: str | None, limit: int) -> list[OrganizationRecord]:
        """Organizations in the order of their external ids, behind `after`."""
        return [organization_of(values) for values in self._table.page(_partition(integration_id), after, limit)]

    def all(self, integration_id: str) -> list[OrganizationRecord]:
        """Every organization, in the order of their external ids."""
        return [organization_of(values) for values in self._table.all(_partition(integration_id))]

    def count(self, integration_id: str) -> int:
        """How many organizations have a record."""
        return self._table.count(_partition(integration_id))

    def get(self, integration_id: str, external_id: str) -> OrganizationRecord | None:
        """One organization."""
        values = self._table.get(keys.organization_key(integration_id, external_id))
        return organization_of(values) if values else None

    def put(self, integration_id: str, organization: OrganizationRecord) -> None:
        """Write onto version `organization.version`. Raises ConflictError."""
        key = keys.organization_key(integration_id, organization.external_id)
        self._table.commit(Scope.CONFIGURATION, [Put(key, values_of(organization), organization.version)])

    def put_several(
        self,
        integration_id: str,
        organizations: Sequence[OrganizationRecord],
        client: ClientRecord | None = None,
    ) -> None:
        """Write each onto its `version`, all or none of at most 98; and with them `client`, a new one. Raises
        ConflictError."""
        puts = [
            Put(keys.organization_key(integration_id, each.external_id), values_of(each), each.version)
            for each in organizations
        ]
        if client is not None:
            puts.append(Put(keys.client_key(client.client_id), values_of(client), client.version))
        self._table.commit(Scope.CONFIGURATION, puts)
