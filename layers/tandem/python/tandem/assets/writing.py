"""What a changed asset takes with it: its words, the keys that it is matched by, what its devices' records say."""

from collections.abc import Iterable

from tandem.assets.matching import MatchKey, match_keys
from tandem.assets.models import Asset, HistoryEntry
from tandem.assets.pages import AssetWrite, DevicePlace
from tandem.assets.places import places
from tandem.assets.shown import shown
from tandem.assets.words import words_of


def asset_write(
    before: Asset | None,
    after: Asset,
    history: Iterable[HistoryEntry] = (),
    claims: Iterable[MatchKey] = (),
    devices: Iterable[DevicePlace] = (),
) -> AssetWrite:
    """The write of the asset as it is now. `after`: with the next version already. `claims`: keys of its devices that
    are free. `devices`: whose records are to be written even if they need not be by what the asset said before."""
    words_before = asset_words(before) if before is not None else frozenset()
    words_after = asset_words(after)
    keys_before = asset_keys(before) if before is not None else frozenset()
    return AssetWrite(
        asset=after,
        history=tuple(history),
        claims=tuple(claims),
        releases=tuple(sorted(keys_before - asset_keys(after))),
        words_added=words_after - words_before,
        words_removed=words_before - words_after,
        devices=places(before, after, devices),
    )


def asset_words(asset: Asset) -> frozenset[str]:
    """What it is found by: as it is shown, and by what its devices are called beside that."""
    facts = [shown(asset).facts, *(device.facts for device in asset.devices)]
    return words_of(*(text for each in facts for text in (each.name, each.hostname, each.serial_number)))


def asset_keys(asset: Asset) -> frozenset[MatchKey]:
    """What other devices of the same machine are found by."""
    return frozenset(key for device in asset.devices for key in match_keys(device.facts))
