"""What a listing means for a fleet page, as far as the page alone says: which devices are what they were, which have to
be looked at, and what has to be read for that."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tandem.alerts.models import DeviceRecord
from tandem.assets import fingerprints
from tandem.assets.disappearing import ABSENT_UNTIL_MISSING, absent_once_more, is_forgotten
from tandem.assets.identity import asset_id_of
from tandem.assets.matching import MatchKey, match_keys
from tandem.assets.merging import merge_devices, overlay_seen
from tandem.assets.models import Device, FleetEntry, FleetPage, Presence
from tandem.assets.order import sort_key
from tandem.assets.pages import Counts, Failure, Listing, PagePlan, Scope, Work
from tandem.assets.placing import Placement, Placements, Skip

APPROVED = "approved"


def plan_page(page: FleetPage, listing: Listing, placements: Placements) -> PagePlan:
    """The plan of what a run listed of the page. A run that wrote the page already counts nothing as absent again."""
    planner = _Planner(page, listing, placements)
    listed = _by_id(listing.devices)
    for external_id in sorted(listed, key=lambda each: (sort_key(each), each)):
        planner.device(listed[external_id])
    planner.unreadable(listed)
    planner.rest(
        count_absent=listing.scope is Scope.FLEET and (listing.run_id is None or page.run_id != listing.run_id)
    )
    return planner.plan()


def plan_gone(page: FleetPage, external_id: str, listed_at: datetime, was_deleted: bool) -> PagePlan:
    """The plan of a device that the RMM, asked for it alone, does not have. `was_deleted`: the RMM said itself that it
    was deleted: then it is missing at once. Otherwise nothing: an RMM that does not find a device for a moment has not
    lost it, and the next whole listing knows."""
    listing = Listing(Scope.DEVICES, listed_at)
    planner = _Planner(page, listing, Placements(()))
    entry = page.entries.get(external_id)
    if was_deleted and entry is not None and entry.presence is Presence.LISTED:
        planner.absent(
            replace(
                entry,
                absent=ABSENT_UNTIL_MISSING,
                absent_since=entry.absent_since or listed_at,
                refreshed_at=listed_at,
            )
        )
    planner.rest(count_absent=False)
    return planner.plan()


def more_assets(plan: PagePlan, records: Mapping[str, DeviceRecord], owners: Mapping[MatchKey, str]) -> frozenset[str]:
    """The assets that the first reads of a plan lead to and that it did not name itself."""
    recorded = {record.asset_id for record in records.values() if record.asset_id is not None}
    return frozenset((recorded | set(owners.values())) - plan.asset_ids)


def _by_id(devices: Collection[Device]) -> dict[str, Device]:
    listed: dict[str, Device] = {}
    for device in devices:
        earlier = listed.get(device.external_id)
        listed[device.external_id] = device if earlier is None else merge_devices(earlier, device)
    return listed


@dataclass(slots=True)
class _Planner:
    page: FleetPage
    listing: Listing
    placements: Placements
    settled: dict[str, FleetEntry] = field(default_factory=dict)
    work: list[Work] = field(default_factory=list)
    vanishing: list[FleetEntry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    unknown_organizations: dict[str, str | None] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    listed: int = 0
    unchanged: int = 0
    failed: int = 0

    def device(self, device: Device) -> None:
        """One that could be read."""
        self.listed += 1
        self.done.add(device.external_id)
        entry = self.page.entries.get(device.external_id)
        try:
            self._device(device, entry)
        except ValueError as error:
            self._fail(device.external_id, str(error))
            if entry is not None:
                self._listed_anyhow(entry)

    def _device(self, device: Device, entry: FleetEntry | None) -> None:
        patches = fingerprints.of_patches(device.facts)
        has_same_patches = entry is not None and patches in ("", entry.patches)
        if entry is not None and entry.asset_id is not None and self._is_newer(entry):
            self.unchanged += 1
            self._settle(entry)
            return
        if self.listing.scope is Scope.PATCHES:
            if entry is None or entry.asset_id is None:
                self._skip(Skip.NO_ASSET)
                self._settle(entry)
            elif has_same_patches:
                self.unchanged += 1
                self._settle(entry)
            else:
                self.work.append(Work(device, Placement(), entry.fingerprint, patches, entry))
            return
        # A listing that does not say where the device is for once does not move it.
        organization_id = device.organization_id or (entry.organization_id if entry is not None else None)
        device = replace(device, organization_id=organization_id)
        placement = self._place(device)
        fingerprint = fingerprints.of_device(device.facts, organization_id, placement)
        if entry is None or (entry.asset_id is None and placement.skip is None):
            self.work.append(Work(device, placement, fingerprint, patches, entry))
            return
        seen = overlay_seen(device.seen, entry.seen)
        if entry.asset_id is None:
            self._skip(placement.skip)
            self._settle(
                FleetEntry(device.external_id, fingerprint, None, patches or entry.patches, organization_id, seen)
            )
        elif fingerprint == entry.fingerprint and has_same_patches and not _was_away(entry):
            self.unchanged += 1
            self._settle(replace(entry, seen=seen, refreshed_at=self._refreshed_at))
        else:
            self.work.append(Work(device, placement, fingerprint, patches, entry))

    @property
    def _refreshed_at(self) -> datetime | None:
        is_refresh = self.listing.scope is Scope.DEVICES and self.listing.run_id is None
        return self.listing.listed_at if is_refresh else None

    def _is_newer(self, entry: FleetEntry) -> bool:
        """The RMM was asked for it alone since the listing began: what that shows of it may be older, so it says
        nothing."""
        return (
            self.listing.run_id is not None
            and entry.refreshed_at is not None
            and entry.refreshed_at >= self.listing.listed_at
        )

    def _place(self, device: Device) -> Placement:
        placement = self.placements.of(device.organization_id)
        if placement.skip is Skip.ORGANIZATION_NOT_KNOWN and device.organization_id is not None:
            name = device.organization_name or self.unknown_organizations.get(device.organization_id)
            self.unknown_organizations[device.organization_id] = name
        if device.approval not in (None, APPROVED):
            return replace(placement, skip=Skip.NOT_APPROVED)
        return placement

    def unreadable(self, listed: Collection[str]) -> None:
        """Rows that made no device. What is listed so is there, whatever it is."""
        for failure in self.listing.unreadable:
            self.failures.append(failure)
            if failure.external_id in listed or failure.external_id in self.done:
                continue  # another row of the same device
            self.listed += 1
            self.failed += 1
            if failure.external_id is None:
                continue
            self.done.add(failure.external_id)
            entry = self.page.entries.get(failure.external_id)
            if entry is not None:
                self._listed_anyhow(entry)

    def _listed_anyhow(self, entry: FleetEntry) -> None:
        if self.listing.scope is Scope.PATCHES or self._is_newer(entry):
            self._settle(entry)
        elif _was_away(entry) and entry.asset_id is not None:
            device = Device(entry.external_id)
            self.work.append(Work(device, Placement(), entry.fingerprint, entry.patches, entry, is_readable=False))
        else:
            self._settle(replace(entry, absent=0, absent_since=None))

    def rest(self, count_absent: bool) -> None:
        """The devices of the page that were not listed."""
        for external_id, entry in self.page.entries.items():
            if external_id in self.done:
                continue
            if count_absent and not self._is_newer(entry):
                self.absent(absent_once_more(entry, self.listing.listed_at))
            else:
                self._settle(entry)

    def absent(self, entry: FleetEntry) -> None:
        """One that is not there, as its entry is from now on."""
        self.done.add(entry.external_id)
        if is_forgotten(entry, self.listing.listed_at):
            return
        if entry.absent >= ABSENT_UNTIL_MISSING and entry.presence is Presence.LISTED:
            self.vanishing.append(replace(entry, presence=Presence.MISSING))
        else:
            self._settle(entry)

    def plan(self) -> PagePlan:
        """All of it, with what has to be read."""
        integration_id = self.page.integration_id
        new = [work for work in self.work if work.entry is None or work.entry.asset_id is None]
        assets = {
            work.entry.asset_id
            if work.entry is not None and work.entry.asset_id is not None
            else asset_id_of(integration_id, work.device.external_id)
            for work in self.work
        } | {entry.asset_id for entry in self.vanishing if entry.asset_id is not None}
        changed = [work for work in self.work if work.entry is None or work.fingerprint != work.entry.fingerprint]
        return PagePlan(
            page=self.page,
            scope=self.listing.scope,
            listed_at=self.listing.listed_at,
            run_id=self.listing.run_id,
            settled=self.settled,
            work=tuple(self.work),
            vanishing=tuple(self.vanishing),
            new_devices=frozenset(work.device.external_id for work in new),
            asset_ids=frozenset(assets),
            match_keys=frozenset(key for work in changed for key in match_keys(work.device.facts)),
            counts=Counts(listed=self.listed, unchanged=self.unchanged, failed=self.failed, skipped=self.skipped),
            failures=tuple(self.failures),
            unknown_organizations=self.unknown_organizations,
        )

    def _settle(self, entry: FleetEntry | None) -> None:
        if entry is not None:
            self.settled[entry.external_id] = entry

    def _skip(self, reason: Skip | None) -> None:
        if reason is not None:
            self.skipped[reason.value] = self.skipped.get(reason.value, 0) + 1

    def _fail(self, external_id: str, reason: str) -> None:
        self.failed += 1
        self.failures.append(Failure(external_id, reason))


def _was_away(entry: FleetEntry) -> bool:
    """Its asset may say that it is missing: also one that is not so by its entry, if a run was ended between the two
    writes."""
    return entry.absent > 0 or entry.presence is not Presence.LISTED
