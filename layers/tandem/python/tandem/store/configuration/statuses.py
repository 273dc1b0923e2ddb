"""Changes of an integration's status that no person makes."""

from dataclasses import replace

from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration, Status
from tandem.store.configuration.table import ConfigurationTable


class IntegrationStatuses:
    """Written only where they change something: every change has the whole configuration read again."""

    def __init__(self, table: ConfigurationTable, integrations: Integrations) -> None:
        self._table = table
        self._integrations = integrations

    def reconnect_required(self, integration_id: str, reason: str) -> None:
        """The RMM does not take the credentials any more; `reason` is a sentence for the admin. Raises StoreError."""
        self._change(integration_id, Status.RECONNECT_REQUIRED, reason)

    def works(self, integration_id: str) -> None:
        """The RMM takes the credentials. Raises StoreError."""
        self._change(integration_id, Status.CONNECTED, None)

    def _change(self, integration_id: str, status: str, reason: str | None) -> None:
        def change() -> None:
            integration = self._integrations.get(integration_id)
            if integration is None or not integration.has_credentials:
                return  # disconnected meanwhile
            changed = _with_status(integration, status, reason)
            if changed != integration:
                self._integrations.put(changed)

        self._table.retrying(change)


def _with_status(integration: Integration, status: str, reason: str | None) -> Integration:
    if integration.status == status == Status.RECONNECT_REQUIRED:
        return integration  # the first reason tells most
    return replace(integration, status=status, status_reason=reason)
