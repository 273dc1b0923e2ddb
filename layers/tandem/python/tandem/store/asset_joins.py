"""Devices that a person moves from one asset to another: both assets, what goes with them, and the fleet's pages that
name the devices' asset, in one transaction. A sync in between would find a device with two assets, or with none."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.assets.joining import Joined
from tandem.assets.models import FleetPage, LinkedDevice
from tandem.store.asset_writer import AssetWriter
from tandem.store.fleets import Fleets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class JoinWriter:
    """Moves devices between the assets of one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._fleets = Fleets(client, table)
        self._writer = AssetWriter(client, table)

    def write(self, joined: Joined, now: datetime) -> None:
        """Write all of it or nothing. Raises ConflictError if anything moved since it was read, BusyError,
        UnwritableError (so many devices that it is no one transaction)."""
        puts = [{"Put": self._fleets.next_put(page)} for page in self._pages(joined.moved, joined.to)]
        self._writer.write_as_one(joined.writes, puts, now)

    def _pages(self, moved: Iterable[LinkedDevice], to: str) -> list[FleetPage]:
        pages: dict[tuple[str, str], FleetPage] = {}
        for device in moved:
            read = self._fleets.page_of(device.integration_id, device.external_id)
            place = read.integration_id, read.begins
            page = pages.get(place) or replace(read, version=read.version + 1)
            entry = page.entries.get(device.external_id)
            if entry is not None:
                entries = {**page.entries, device.external_id: replace(entry, asset_id=to)}
                pages[place] = replace(page, entries=entries)
        return list(pages.values())
