"""Device records as people write them. Events write them too (store/apply.py), each onto the version it has read."""

from dataclasses import replace

from tandem.alerts.models import DeviceRecord
from tandem.store import keys
from tandem.store.codec import decode_item
from tandem.store.configuration.table import ConfigurationTable, Put, Scope
from tandem.store.records import device_item


class DeviceRecords:
    """The device records of one table. A person's change counts as one of the configuration: an alert that is decided
    at that moment looks again (processing/processor.py)."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def put(self, record: DeviceRecord) -> DeviceRecord:
        """Write onto version `record.version` and give what was written. Raises ConflictError."""
        key = keys.device_key(record.integration_id, record.external_device_id)
        values = decode_item(device_item(record))
        self._table.commit(Scope.CONFIGURATION, [Put(key, values, record.version)])
        return replace(record, version=record.version + 1)
