"""Assets by their ids, by what they are matched by, and their history (questions 29, 30 and 33)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.assets.matching import MatchKey
from tandem.assets.models import Asset, HistoryEntry
from tandem.assets.pages import AssetWrite
from tandem.store import keys
from tandem.store.asset_records import asset_from, history_from, history_item
from tandem.store.asset_writer import AssetWriter
from tandem.store.batches import get_items, write_items
from tandem.store.codec import encode_item
from tandem.store.errors import ConflictError, UnwritableError, translating
from tandem.store.expiry import unless_expired
from tandem.store.listing import Found

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Assets:
    """The assets of one table. Methods raise the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._writer = AssetWriter(client, table)

    def asset(self, asset_id: str) -> Asset | None:
        """One asset, read consistently."""
        return self.several([asset_id]).get(asset_id)

    def several(self, asset_ids: Iterable[str], *, consistent: bool = True) -> dict[str, Asset]:
        """These assets by id, as far as they are there."""
        found = get_items(self._client, self._table, map(keys.asset_key, asset_ids), consistent=consistent)
        return {asset.asset_id: asset for asset in map(asset_from, found.values())}

    def owners(self, match_keys: Iterable[MatchKey]) -> dict[MatchKey, str]:
        """The ids of the assets that hold these keys, as far as anybody does; read consistently."""
        wanted = {keys.match_key(each.kind, each.value)["pk"]: each for each in match_keys}
        found = get_items(
            self._client,
            self._table,
            (keys.match_key(each.kind, each.value) for each in wanted.values()),
            consistent=True,
        )
        return {wanted[pk]: item["asset_id"]["S"] for (pk, _), item in found.items()}

    def write(self, write: AssetWrite, now: datetime) -> None:
        """Write one asset with all that goes with it (a person's change). Raises ConflictError if it moved since it was
        read, UnwritableError; then it was not written."""
        written = self._writer.write([write], now)
        if written.conflicts:
            raise ConflictError("the asset moved since it was read")
        for reason in written.refused.values():
            raise UnwritableError(reason)

    def history(self, asset_id: str, after: str | None, limit: int, now: datetime) -> Found[HistoryEntry]:
        """Entries of an asset's history, newest first, behind the place `after` that an earlier page gave."""
        with translating():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                ExpressionAttributeValues=encode_item(
                    {
                        ":pk": keys.asset_key(asset_id)["pk"],
                        ":low": keys.HISTORY_PREFIX,
                        ":high": after or keys.HISTORY_PREFIX + "\U0010ffff",
                    }
                ),
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit + 2,  # the bound itself, and one more, to know whether there are more
            )
        items = [dict(item) for item in answer["Items"] if item["sk"]["S"] != after]
        has_more = len(items) > limit or "LastEvaluatedKey" in answer
        shown = items[:limit]
        entries = [unless_expired(item, now, history_from) for item in shown]
        found = [entry for entry in entries if entry is not None]
        return Found(found, shown[-1]["sk"]["S"] if has_more and shown else None)

    def put_history(self, entries: Sequence[HistoryEntry], origin: str) -> None:
        """Add to the histories of assets that do not change themselves, such as by a sync of software. `origin` (a
        run's id) tells them from others of the same moment; the same entries again are kept once."""
        items = (history_item(entry, f"{origin}.{place:04d}") for place, entry in enumerate(entries))
        write_items(self._client, self._table, puts=items)
