"""Changes of an integration's status that no person makes."""

from dataclasses import replace
from datetime import datetime

from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration, Status
from tandem.store.configuration.table import ConfigurationTable


class IntegrationStatuses:
    """Written only where they change something: every change has the whole configuration read again."""

    def __init__(self, table: ConfigurationTable, integrations: Integrations) -> None:
        self._table = table
        self._integrations = integrations

    def reconnect_required(self, integration_id: str, connected_at: datetime | None, reason: str) -> None:
        """The RMM does not take the credentials any more that the integration was connected with at that time; `reason`
        is a sentence for the admin. Raises StoreError."""

        def change() -> None:
            integration = self._with_credentials(integration_id)
            if integration is None or integration.connected_at != connected_at:
                return  # somebody has connected it anew meanwhile
            self._put(integration, _with_status(integration, Status.RECONNECT_REQUIRED, reason))

        self._table.retrying(change)

    def works(self, integration_id: str) -> None:
        """The RMM takes the credentials. Raises StoreError."""

        def change() -> None:
            integration = self._with_credentials(integration_id)
            if integration is not None:
                self._put(integration, _with_status(integration, Status.CONNECTED, None))

        self._table.retrying(change)

    def _with_credentials(self, integration_id: str) -> Integration | None:
        """The integration; None if it was disconnected meanwhile."""
        integration = self._integrations.get(integration_id)
        return integration if integration is not None and integration.has_credentials else None

    def _put(self, integration: Integration, changed: Integration) -> None:
        if changed != integration:
            self._integrations.put(changed)


def _with_status(integration: Integration, status: str, reason: str | None) -> Integration:
    if integration.status == status == Status.RECONNECT_REQUIRED:
        return integration  # the first reason tells most
    return replace(integration, status=status, status_reason=reason)
