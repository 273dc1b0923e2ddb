"""The boards. Exactly one is the default, so writes of boards happen one after another."""

from dataclasses import replace

from tandem.store import keys
from tandem.store.configuration.records import BoardRecord, board_record_of, values_of
from tandem.store.configuration.table import ConfigurationTable, Put, Scope


class Boards:
    """All boards of the tenant."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def all(self) -> list[BoardRecord]:
        """Every board, in the order of their ids."""
        return [board_record_of(values) for values in self._table.all("BOARD")]

    def page(self, after: str | None, limit: int) -> list[BoardRecord]:
        """Boards in the order of their ids, behind the id `after`."""
        return [board_record_of(values) for values in self._table.page("BOARD", after, limit)]

    def get(self, board_id: str) -> BoardRecord | None:
        """One board."""
        values = self._table.get(keys.board_key(board_id))
        return board_record_of(values) if values else None

    def default(self) -> BoardRecord | None:
        """The board of a ticket for which nothing else is said."""
        return next((record for record in self.all() if record.board.is_default), None)

    def put(self, record: BoardRecord) -> None:
        """Write onto version `record.version`. A board that becomes the default takes that from the one before, in the
        same transaction. Raises ConflictError."""
        version = self._table.version_of(Scope.CONFIGURATION)
        writes = [_write(record)]
        if record.board.is_default:
            writes += [
                _write(replace(other, board=replace(other.board, is_default=False)))
                for other in self.all()
                if other.board.is_default and other.board.board_id != record.board.board_id
            ]
        self._table.commit(Scope.CONFIGURATION, writes, expecting=version)


def _write(record: BoardRecord) -> Put:
    return Put(keys.board_key(record.board.board_id), values_of(record.board), record.version)
