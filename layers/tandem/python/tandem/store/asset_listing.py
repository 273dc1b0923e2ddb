"""Lists of assets: all, a client's, and those that a search finds (questions 31 and 32)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tandem.assets.models import Asset
from tandem.assets.writing import asset_words
from tandem.store import keys
from tandem.store.asset_records import asset_from
from tandem.store.batches import get_items
from tandem.store.codec import encode_item
from tandem.store.errors import translating
from tandem.store.listing import MOST_LOOKED_AT, Found, Listing, Partition

_AT_ONCE = 100


def all_assets() -> list[Partition]:
    """Every asset."""
    return [Partition("by_time", keys.assets_by_time(shard)) for shard in range(keys.SHARDS)]


def assets_of_client(client_id: str) -> list[Partition]:
    """The assets of a client."""
    return [Partition("by_owner", keys.assets_of_client(client_id))]


class AssetListing(Listing):
    """Lists of assets of one table. They are a moment behind what was written."""

    def assets(
        self, partitions: Sequence[Partition], fits: Callable[[Asset], bool], after: str | None, limit: int
    ) -> Found[Asset]:
        """The assets that fit, newest first, behind the place `after` that an earlier page gave."""
        return self._page(partitions, asset_from, fits, after, limit)

    def search(
        self, words: Sequence[str], fits: Callable[[Asset], bool], after: str | None, limit: int
    ) -> Found[Asset]:
        """The assets that fit and have, for each of these words (words.query_words: normalized, the longest first), a
        word that begins with it. In the order of the words that the longest one finds; each asset once.

        A page may be short, as those of lists, where many have the longest word and few the others.
        """
        longest = words[0]
        found: list[Asset] = []
        looked_at = 0
        for places in self._words(longest, after):
            assets = self._assets([asset_id for _, asset_id in places])
            for word, asset_id in places:
                after = keys.word_key(word, asset_id)["sk"]
                asset = assets.get(asset_id)
                if asset is not None and _is_found(asset, word, words) and fits(asset):
                    found.append(asset)
                    if len(found) == limit:
                        return Found(found, after)
            looked_at += len(places)
            if looked_at >= MOST_LOOKED_AT:
                return Found(found, after)
        return Found(found, None)

    def _assets(self, asset_ids: Sequence[str]) -> dict[str, Asset]:
        items = get_items(self._client, self._table, map(keys.asset_key, asset_ids))
        return {asset.asset_id: asset for asset in map(asset_from, items.values())}

    def _words(self, beginning: str, after: str | None) -> Iterator[list[tuple[str, str]]]:
        """(word, asset id) of all words that begin so, in their order, behind the sort key `after`."""
        values = {
            ":pk": keys.word_partition(beginning),
            ":low": after or beginning,
            ":high": beginning + "\U0010ffff",
        }
        request: dict[str, Any] = {}
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                    ExpressionAttributeValues=encode_item(values),
                    Limit=_AT_ONCE,
                    **request,
                )
            places = [item["sk"]["S"].rpartition("#") for item in answer["Items"] if item["sk"]["S"] != after]
            if places:
                yield [(word, asset_id) for word, _, asset_id in places]
            if "LastEvaluatedKey" not in answer:
                return
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _is_found(asset: Asset, word: str, wanted: Sequence[str]) -> bool:
    """The asset has all the words, and this one is the first of its own that the longest finds: an asset has several
    such, and words of before may be left over."""
    own = asset_words(asset)
    first = min((each for each in own if each.startswith(wanted[0])), default=None)
    return word == first and all(any(each.startswith(other) for each in own) for other in wanted[1:])
