"""The MSP's customers."""

from tandem.store import keys
from tandem.store.configuration.records import ClientRecord, client_of, values_of
from tandem.store.configuration.table import ConfigurationTable, Put, Scope


class Clients:
    """All clients of the tenant."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def page(self, after: str | None, limit: int) -> list[ClientRecord]:
        """Clients in the order of their ids, behind the id `after`."""
        return [client_of(values) for values in self._table.page("CLIENT", after, limit)]

    def all(self) -> list[ClientRecord]:
        """Every client, in the order of their ids."""
        return [client_of(values) for values in self._table.all("CLIENT")]

    def get(self, client_id: str) -> ClientRecord | None:
        """One client."""
        values = self._table.get(keys.client_key(client_id))
        return client_of(values) if values else None

    def put(self, client: ClientRecord) -> None:
        """Write onto version `client.version`. Raises ConflictError."""
        key = keys.client_key(client.client_id)
        self._table.commit(Scope.CONFIGURATION, [Put(key, values_of(client), client.version)])
