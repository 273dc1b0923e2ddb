"""One listed device decided: which asset is its, what that says from now on, and what is remembered of the device.

its asset    the device record's, else the page's, else the one that it made before; else one that is found to be
             the same machine; else a new one, unless the device is skipped
presence     listed again, if it was missing; of one that a person retired, only after the RMM lost it in between
client       as its organization is mapped. An organization that is not mapped any more leaves it, another one that
             is not mapped takes it away
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.models import DeviceRecord
from tandem.assets.drafts import Drafts, linked_device, with_device
from tandem.assets.identity import asset_id_of
from tandem.assets.matching import MatchKey, match, match_keys
from tandem.assets.merging import changes, overlay, overlay_seen, patches_only
from tandem.assets.models import Asset, FieldChange, FleetEntry, HistoryEntry, Likeness, LinkedDevice, Presence
from tandem.assets.pages import Arrived, DevicePlace, PagePlan, Scope, Work
from tandem.assets.placing import Skip
from tandem.assets.shown import shown


@dataclass(frozen=True, slots=True)
class Decided:
    """`entry`: None if there is nothing to remember. `counted`: the field of Counts, None of one that is skipped or was
    counted before."""

    entry: FleetEntry | None
    counted: str | None = None
    skip: Skip | None = None
    has_returned: bool = False
    arrived: Arrived | None = None


def decide_device(
    work: Work, plan: PagePlan, record: DeviceRecord | None, drafts: Drafts, by: str, now: datetime
) -> Decided:
    """Puts the asset into the drafts, if there is anything to write. Whatever it raises, the drafts are what they
    were."""
    integration_id, external_id = plan.page.integration_id, work.device.external_id
    like: tuple[Likeness, ...] = ()
    linked_by = "device"
    asset = _known_asset(work, integration_id, record, drafts)
    if asset is None:
        if not work.is_readable:
            return Decided(work.entry)
        if plan.scope is Scope.PATCHES:
            return Decided(work.entry, skip=Skip.NO_ASSET)
        if work.placement.skip is not None:
            return Decided(_entry(work, None, plan), skip=work.placement.skip)
        found = match(integration_id, work.device.facts, work.placement.client_id, drafts.owners, drafts.assets)
        like = found.like
        if found.asset_id is not None and found.linked_by is not None:
            asset, linked_by = drafts.assets[found.asset_id], found.linked_by
    before = linked_device(asset, integration_id, external_id) if asset is not None else None
    after = before or LinkedDevice(integration_id, external_id, linked_at=now, linked_by=linked_by)
    after = _as_listed(after, work, plan.scope)
    # By the page too, so that a page that is done a second time, after its assets were written, counts alike.
    was_lost = work.entry is not None and work.entry.presence is not Presence.LISTED and plan.scope is not Scope.PATCHES
    has_returned = was_lost or (before is not None and before.presence is not after.presence)
    if asset is None:
        asset = Asset(asset_id_of(integration_id, external_id), created_at=now, maybe_same=like)
    if after != before:
        changed = replace(asset, devices=with_device(asset, after), updated_at=now)
        drafts.put(
            changed,
            _history(asset, changed, before, after, by, now),
            claims=_claims(after, plan, drafts),
            devices=_moved(after, asset.asset_id, record),
        )
        asset = changed
    is_new = work.entry is None or work.entry.asset_id is None
    if not work.is_readable:
        counted = None
    elif is_new and not has_returned:
        counted = "created" if after.linked_by == "device" else "linked"
    else:
        is_written = after != before or has_returned or _was_written_before(asset, work, plan)
        counted = "updated" if is_written else "unchanged"
    return Decided(
        entry=_entry(work, asset.asset_id, plan) if plan.scope is not Scope.PATCHES else _patched(work),
        counted=counted,
        has_returned=has_returned,
        arrived=Arrived(external_id, asset.asset_id, shown(asset).client_id) if is_new and record is not None else None,
    )


def _was_written_before(asset: Asset, work: Work, plan: PagePlan) -> bool:
    """This run wrote the asset already, before it was killed and the page was begun anew. `updated_at` tells that from
    a device of which the RMM only says less than before; it may take a person's write of the same minutes for it."""
    is_changed = work.entry is not None and (work.fingerprint, work.patches) != (
        work.entry.fingerprint,
        work.patches and work.entry.patches,
    )
    return is_changed and asset.updated_at is not None and asset.updated_at >= plan.listed_at


def _known_asset(work: Work, integration_id: str, record: DeviceRecord | None, drafts: Drafts) -> Asset | None:
    ids = (
        record.asset_id if record is not None else None,
        work.entry.asset_id if work.entry is not None else None,
        asset_id_of(integration_id, work.device.external_id),
    )
    return next((drafts.assets[each] for each in ids if each is not None and each in drafts.assets), None)


def _as_listed(device: LinkedDevice, work: Work, scope: Scope) -> LinkedDevice:
    """What the asset says of the device from now on."""
    if scope is Scope.PATCHES:
        return replace(device, facts=overlay(patches_only(work.device.facts), device.facts))
    was_lost = work.entry is None or work.entry.presence is not Presence.LISTED
    if device.presence is Presence.MISSING or (device.presence is Presence.RETIRED and was_lost):
        device = replace(device, presence=Presence.LISTED, missing_since=None)
    if not work.is_readable:
        return device
    organization_id = work.device.organization_id or device.organization_id
    client_id = work.placement.client_id
    if client_id is None and organization_id == device.organization_id:
        client_id = device.client_id
    return replace(
        device,
        facts=overlay(work.device.facts, device.facts),
        organization_id=organization_id,
        client_id=client_id,
    )


def _entry(work: Work, asset_id: str | None, plan: PagePlan) -> FleetEntry:
    """What the page holds of a device that was listed with all that is said of it."""
    known = work.entry
    if not work.is_readable and known is not None:
        return replace(known, asset_id=asset_id, absent=0, absent_since=None, presence=Presence.LISTED)
    return FleetEntry(
        external_id=work.device.external_id,
        fingerprint=work.fingerprint,
        asset_id=asset_id,
        patches=work.patches or (known.patches if known is not None else ""),
        organization_id=work.device.organization_id,
        seen=overlay_seen(work.device.seen, known.seen) if known is not None else work.device.seen,
        refreshed_at=plan.refreshed_at,
    )


def _patched(work: Work) -> FleetEntry | None:
    return replace(work.entry, patches=work.patches) if work.entry is not None else None


def _history(
    asset: Asset, changed: Asset, before: LinkedDevice | None, after: LinkedDevice, by: str, now: datetime
) -> Iterator[HistoryEntry]:
    """What of the change is worth a line, as people see it: what a person's edit hides has not changed for them."""
    if before is None:
        if not asset.devices and not asset.version:
            yield HistoryEntry(asset.asset_id, now, by, "created")
            return
        name = FieldChange("device", None, f"{after.integration_id}/{after.external_id}")
        yield HistoryEntry(asset.asset_id, now, by, "linked", (name,))
    elif before.presence is not after.presence:
        yield HistoryEntry(asset.asset_id, now, by, "returned")
    old, new = shown(asset), shown(changed)
    found = [*changes(old.facts, new.facts)]
    if old.client_id != new.client_id:
        found.append(FieldChange("client_id", old.client_id, new.client_id))
    if before is not None and before.organization_id != after.organization_id:
        found.append(FieldChange("organization_id", before.organization_id, after.organization_id))
    if found:
        yield HistoryEntry(asset.asset_id, now, by, "changed", tuple(found))


def _claims(device: LinkedDevice, plan: PagePlan, drafts: Drafts) -> tuple[MatchKey, ...]:
    """Its keys that nobody holds. Only those that were asked for: of another one nobody knows."""
    return tuple(key for key in match_keys(device.facts) if key in plan.match_keys and key not in drafts.owners)


def _moved(device: LinkedDevice, asset_id: str, record: DeviceRecord | None) -> tuple[DevicePlace, ...]:
    """The device, if its record says that it is another asset's."""
    if record is None or record.asset_id == asset_id:
        return ()
    return (DevicePlace(device.integration_id, device.external_id, device.facts.name, device.organization_id),)
