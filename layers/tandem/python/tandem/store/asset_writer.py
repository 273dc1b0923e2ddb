"""Writing assets: each with all that goes with it, or not at all.

    word items       put before the asset: one that leads to an asset without that word is passed over by readers, one
                     that is missing would not be found again
    released keys    deleted before the asset, if they are still its own: repeated when the asset was not written
    one transaction  the asset, its history, the match keys that it claims, the device records that point at it from now
                     on, and the words that it lost

    asset put when             there is none, or the table holds the version before
    match key put when         nobody holds it, or this asset does
    device record updated      always: it may be new, or be another's who teaches it something else meanwhile

Several assets share a transaction, as many as fit. When one of them is refused, each is tried on its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.assets.matching import MatchKey
from tandem.assets.pages import AssetWrite, DevicePlace
from tandem.store import keys
from tandem.store.asset_records import asset_item, history_item
from tandem.store.batches import write_items
from tandem.store.codec import Item, encode, encode_item
from tandem.store.errors import ConflictError, UnwritableError, translating
from tandem.store.transactions import ACTIONS_A_CALL, transact
from tandem.times import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Action = dict[str, Any]

_TEXT_A_CALL = 2_000_000
"""Bytes, about: a transaction may have 4 MB."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of assets that were to be written, by their ids. `conflicts`: they, or a key that they claim, moved
    since they were read. `refused`: the table will never take them, and why."""

    conflicts: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """All were written."""
        return not self.conflicts and not self.refused


class AssetWriter:
    """Writes assets to one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def write(self, writes: Iterable[AssetWrite], now: datetime) -> Written:
        """Write these assets, at most one write each. Those that conflict or are refused are not written, the others
        are. Raises BusyError; then some may be written."""
        wanted = list(writes)
        words = {(word, each.asset.asset_id) for each in wanted for word in each.words_added}
        write_items(self._client, self._table, puts=(encode_item(keys.word_key(*each)) for each in sorted(words)))
        for each in wanted:
            self._release(each)
        conflicts: set[str] = set()
        refused: dict[str, str] = {}
        for together in _packed([(each.asset.asset_id, self._actions(each, now)) for each in wanted]):
            for asset_id, error in self._written(together):
                if isinstance(error, ConflictError):
                    conflicts.add(asset_id)
                else:
                    refused[asset_id] = str(error)
        return Written(frozenset(conflicts), refused)

    def write_as_one(self, writes: Sequence[AssetWrite], beside: Sequence[Action], now: datetime) -> None:
        """Write all of these assets and the actions beside them, or nothing. A key that one of them releases may be
        claimed by another one. Raises ConflictError, BusyError, UnwritableError."""
        words = {(word, each.asset.asset_id) for each in writes for word in each.words_added}
        write_items(self._client, self._table, puts=(encode_item(keys.word_key(*each)) for each in sorted(words)))
        released = {key: each.asset.asset_id for each in writes for key in each.releases}
        actions = [action for each in writes for action in self._actions(each, now, released)] + list(beside)
        if len(actions) > ACTIONS_A_CALL:
            raise UnwritableError(f"{len(actions)} writes are more than one transaction takes")
        transact(self._client, actions)
        claimed = {key for each in writes for key in each.claims}
        for each in writes:
            self._release(replace(each, releases=tuple(key for key in each.releases if key not in claimed)))

    def _written(
        self, together: Sequence[tuple[str, list[Action]]]
    ) -> Iterator[tuple[str, ConflictError | UnwritableError]]:
        """Write these assets' actions at once, or each asset's on their own; gives the ones that were not written."""
        if len(together) > 1:
            try:
                transact(self._client, [action for _, actions in together for action in actions])
            except (ConflictError, UnwritableError):
                pass
            else:
                return
        for asset_id, actions in together:
            try:
                self._write_one(actions)
            except (ConflictError, UnwritableError) as error:
                yield asset_id, error

    def _write_one(self, actions: list[Action]) -> None:
        if len(actions) == 1:
            with translating():
                self._client.put_item(**actions[0]["Put"])  # half the price of a transaction
        else:
            transact(self._client, actions)

    def _actions(
        self, write: AssetWrite, now: datetime, released: Mapping[MatchKey, str] | None = None
    ) -> list[Action]:
        """`released`: by which asset of the same transaction."""
        asset = write.asset
        version = f"{asset.version:06d}"
        return [
            self._put_asset(write),
            *(
                {"Put": self._put(history_item(entry, f"{version}.{place:02d}"))}
                for place, entry in enumerate(write.history)
            ),
            *(self._claim(key, asset.asset_id, (released or {}).get(key)) for key in write.claims),
            *(self._point(place, asset.asset_id, now) for place in write.devices),
            *(
                {"Delete": {"TableName": self._table, "Key": encode_item(keys.word_key(word, asset.asset_id))}}
                for word in sorted(write.words_removed)
            ),
        ]

    def _put(self, item: Item) -> dict[str, Any]:
        return {"TableName": self._table, "Item": item}

    def _put_asset(self, write: AssetWrite) -> Action:
        there_is_none = "attribute_not_exists(pk)"
        it_is_the_one_before = "version = :before"
        put = self._put(asset_item(write.asset))
        if write.asset.version == 1:
            put["ConditionExpression"] = there_is_none
        else:
            put["ConditionExpression"] = it_is_the_one_before
            put["ExpressionAttributeValues"] = {":before": encode(write.asset.version - 1)}
        return {"Put": put}

    def _claim(self, key: MatchKey, asset_id: str, before: str | None) -> Action:
        nobody_holds_it = "attribute_not_exists(pk)"
        this_asset_does = "asset_id IN (:asset, :before)"
        return {
            "Put": {
                **self._put(encode_item({**keys.match_key(key.kind, key.value), "asset_id": asset_id})),
                "ConditionExpression": f"{nobody_holds_it} OR {this_asset_does}",
                "ExpressionAttributeValues": {":asset": encode(asset_id), ":before": encode(before or asset_id)},
            }
        }

    def _point(self, place: DevicePlace, asset_id: str, now: datetime) -> Action:
        values: dict[str, Any] = {
            "integration_id": place.integration_id,
            "external_device_id": place.external_id,
            "asset_id": asset_id,
            "name": place.name,
            "organization_id": place.organization_id,
            # An alert that is late does not unteach it.
            "learnt_at": to_text(now) if place.organization_id is not None else None,
        }
        of_the_asset: dict[str, Any] = {
            "asset_client_id": place.client_id,
            "asset_client_by_person": place.client_by_person or None,
            "asset_facts": dict(place.facts) or None,
        }
        known = {name: value for name, value in (values | of_the_asset).items() if value is not None}
        removed = [name for name, value in of_the_asset.items() if value is None]
        remove = f" REMOVE {', '.join(f'#{name}' for name in removed)}" if removed else ""
        return {
            "Update": {
                "TableName": self._table,
                "Key": encode_item(keys.device_key(place.integration_id, place.external_id)),
                "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in known)}{remove} ADD version :one",
                "ExpressionAttributeNames": {f"#{name}": name for name in (*known, *removed)},
                "ExpressionAttributeValues": encode_item({f":{name}": value for name, value in known.items()})
                | {":one": encode(1)},
            }
        }

    def _release(self, write: AssetWrite) -> None:
        for key in write.releases:
            try:
                with translating():
                    self._client.delete_item(
                        TableName=self._table,
                        Key=encode_item(keys.match_key(key.kind, key.value)),
                        ConditionExpression="asset_id = :asset",
                        ExpressionAttributeValues={":asset": encode(write.asset.asset_id)},
                    )
            except ConflictError:
                continue  # another asset's, or nobody's, by now


def _packed(groups: Iterable[tuple[str, list[Action]]]) -> Iterator[list[tuple[str, list[Action]]]]:
    """The groups of actions in as few transactions as their limits allow. One that touches an item that another one
    touches goes to the next transaction: the two are for the conditions to judge, one after the other."""
    together: list[tuple[str, list[Action]]] = []
    touched: set[str] = set()
    count = size = 0
    for asset_id, actions in groups:
        touches = {_item_of(action) for action in actions}
        weight = sum(map(_text_of, actions))
        is_full = count + len(actions) > ACTIONS_A_CALL or size + weight > _TEXT_A_CALL
        if together and (is_full or touched & touches):
            yield together
            together, touched, count, size = [], set(), 0, 0
        together.append((asset_id, actions))
        touched |= touches
        count += len(actions)
        size += weight
    if together:
        yield together


def _item_of(action: Action) -> str:
    ((_, request),) = action.items()
    key = request.get("Key") or request["Item"]
    return f"{key['pk']['S']} {key['sk']['S']}"


def _text_of(action: Action) -> int:
    """The bytes of the texts that are put, about."""
    ((_, request),) = action.items()
    return sum(len(value.get("S", "").encode()) for value in request.get("Item", {}).values())
