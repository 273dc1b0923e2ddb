"""Devices that are not listed any more: absent, then missing, then retired.

Only a complete listing counts. A device is missing when ABSENT_UNTIL_MISSING of them in a row lack it, and its asset is
retired when it was missing for as long as the integration says. Where that would retire a great part of an organization
at once, something else is wrong more often than not (a permission was taken away, a group was moved), so a person is
asked. So it is where many organizations lose a few: of customers with one device each, none loses many.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tandem.assets.drafts import Drafts, linked_device, with_device
from tandem.assets.models import FleetEntry, FleetPage, HistoryEntry, Presence
from tandem.assets.pages import Counts, Known, PageDecision, Tally

ABSENT_UNTIL_MISSING = 3

FORGOTTEN_AFTER = timedelta(days=400)
"""So long the fleet remembers a retired device, when it was seen last and who used it: as long as its asset's history.
One that comes back later still finds its asset."""

_GUARDED_SHARE = 0.2
_GUARDED_FROM = 2
"""One device alone is never asked about: in an organization of three it would be a third."""
_GUARDED_TOGETHER_FROM = 5

_WORDS = {Presence.MISSING: "missing", Presence.RETIRED: "retired"}


def absent_once_more(entry: FleetEntry, listed_at: datetime) -> FleetEntry:
    """The entry of a device that a complete listing, begun then, lacks."""
    return replace(
        entry, absent=min(entry.absent + 1, ABSENT_UNTIL_MISSING), absent_since=entry.absent_since or listed_at
    )


def is_due(entry: FleetEntry, now: datetime, retire_after: timedelta) -> bool:
    """Whether the device is to be retired: it is missing, and is not listed for so long."""
    return (
        entry.presence is Presence.MISSING
        and entry.absent_since is not None
        and now - entry.absent_since >= retire_after
    )


def is_forgotten(entry: FleetEntry, listed_at: datetime) -> bool:
    """Whether the page need not hold the entry of a device that a listing of then lacks."""
    if entry.asset_id is None:
        return entry.absent >= ABSENT_UNTIL_MISSING
    return (
        entry.presence is Presence.RETIRED
        and entry.absent_since is not None
        and listed_at - entry.absent_since >= FORGOTTEN_AFTER
    )


def tallies(entries: Iterable[FleetEntry], now: datetime, retire_after: timedelta) -> dict[str, Tally]:
    """By organization id, "" for none."""
    counted: dict[str, Tally] = {}
    for entry in entries:
        if entry.asset_id is None or entry.presence is Presence.RETIRED:
            continue
        place = entry.organization_id or ""
        tally = counted.get(place, Tally())
        counted[place] = Tally(tally.known + 1, tally.to_retire + is_due(entry, now, retire_after))
    return counted


def merge_tallies(several: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """The sums over all pages."""
    summed: dict[str, Tally] = {}
    for page in several:
        for organization_id, tally in page.items():
            before = summed.get(organization_id, Tally())
            summed[organization_id] = Tally(before.known + tally.known, before.to_retire + tally.to_retire)
    return summed


def to_confirm(summed: Mapping[str, Tally]) -> tuple[str, ...]:
    """The organizations in which a person is asked first: more than a fifth of their devices, and at least two. And all
    the others, where they together lose more than a fifth, and at least five."""
    asked = {each for each, tally in summed.items() if _is_much(tally, _GUARDED_FROM)}
    others = {each: tally for each, tally in summed.items() if each not in asked}
    together = Tally(sum(each.known for each in others.values()), sum(each.to_retire for each in others.values()))
    if _is_much(together, _GUARDED_TOGETHER_FROM):
        asked |= {each for each, tally in others.items() if tally.to_retire}
    return tuple(sorted(asked))


def _is_much(tally: Tally, least: int) -> bool:
    return tally.to_retire >= least and tally.to_retire > _GUARDED_SHARE * tally.known


def retiring(
    page: FleetPage, organizations: Collection[str] | None, now: datetime, retire_after: timedelta
) -> frozenset[str]:
    """The assets to be read for `retire_page`."""
    due = _due(page, organizations, now, retire_after)
    return frozenset(entry.asset_id for entry in due if entry.asset_id is not None)


def retire_page(
    page: FleetPage,
    known: Known,
    organizations: Collection[str] | None,
    run_id: str,
    now: datetime,
    retire_after: timedelta,
) -> PageDecision:
    """The page with what is due retired. `organizations`: in these alone ("" is none); None: in all. The page's run id
    stays: the step that writes it says who it is."""
    drafts = Drafts(known)
    entries = dict(page.entries)
    due = _due(page, organizations, now, retire_after)
    for entry in due:
        entries[entry.external_id] = replace(entry, presence=Presence.RETIRED)
        vanish(drafts, page.integration_id, entries[entry.external_id], f"run:{run_id}", now)
    return PageDecision(
        page=replace(page, entries=entries, version=page.version + 1),
        writes=drafts.writes,
        counts=Counts(retired=len(due)),
    )


def vanish(drafts: Drafts, integration_id: str, entry: FleetEntry, by: str, now: datetime) -> None:
    """Says in the asset that the device is missing or retired, as its entry does. What a person retired before stays
    as it is."""
    asset = drafts.assets.get(entry.asset_id or "")
    device = linked_device(asset, integration_id, entry.external_id) if asset is not None else None
    if asset is None or device is None or device.presence in (entry.presence, Presence.RETIRED):
        return
    after = replace(device, presence=entry.presence, missing_since=device.missing_since or entry.absent_since)
    asset = replace(asset, devices=with_device(asset, after), updated_at=now)
    drafts.put(asset, (HistoryEntry(asset.asset_id, now, by, _WORDS[entry.presence]),))


def _due(
    page: FleetPage, organizations: Collection[str] | None, now: datetime, retire_after: timedelta
) -> list[FleetEntry]:
    return [
        entry
        for entry in page.entries.values()
        if is_due(entry, now, retire_after)
        and (organizations is None or (entry.organization_id or "") in organizations)
    ]
