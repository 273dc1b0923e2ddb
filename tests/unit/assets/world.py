"""Fleets in memory: pages, assets, match keys and device records as a store keeps them, and syncs over them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tandem.alerts.models import DeviceRecord
from tandem.assets.deciding import decide_page
from tandem.assets.disappearing import merge_tallies, retire_page, retiring, to_confirm
from tandem.assets.drafts import linked_device
from tandem.assets.matching import MatchKey
from tandem.assets.models import AgentStatus, Asset, Device, Facts, FleetEntry, FleetPage, HistoryEntry, LinkedDevice
from tandem.assets.order import FIRST, cut, directory_of, page_beginning, sort_key, split_page
from tandem.assets.pages import AssetWrite, Failure, Known, Listing, PageDecision, PagePlan, Scope
from tandem.assets.places import ticket_facts
from tandem.assets.placing import OrganizationNode, Placements
from tandem.assets.planning import more_assets, plan_gone, plan_page
from tandem.assets.shown import shown
from tandem.assets.writing import asset_keys, asset_words

INTEGRATION = "i1"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
RETIRE_AFTER = timedelta(days=30)
ACME, GLOBEX = OrganizationNode("1", client_id="acme"), OrganizationNode("2", client_id="globex")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def device(external_id: str, organization_id: str | None = "1", **facts: object) -> Device:
    """A device that is called after its id."""
    said = {"name": f"PC-{external_id}", "hostname": f"pc-{external_id}", "agent_status": AgentStatus.ONLINE, **facts}
    return Device(external_id, organization_id, facts=replace(Facts(), **said))  # type: ignore[arg-type]


@dataclass
class World:
    """What a store keeps, and what it refuses: a write over another version, a key that somebody holds."""

    organizations: list[OrganizationNode] = field(default_factory=lambda: [ACME, GLOBEX])
    integration_id: str = INTEGRATION
    directory: tuple[str, ...] = ()
    pages: dict[str, FleetPage] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    owners: dict[MatchKey, str] = field(default_factory=dict)
    records: dict[str, DeviceRecord] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    history: list[HistoryEntry] = field(default_factory=list)
    now: datetime = START
    listed_at: datetime = START
    runs: int = 0

    # Syncs

    def sync(
        self, *devices: Device, unreadable: Iterable[Failure] = (), pages: int | None = None
    ) -> list[PageDecision]:
        """A whole sync. `pages`: it is killed after so many pages, in the middle of the next: its assets are written,
        its page is not."""
        self.runs += 1
        self.listed_at = self.now + timedelta(hours=1)
        return self.resume(*devices, unreadable=unreadable, pages=pages)

    def resume(
        self, *devices: Device, unreadable: Iterable[Failure] = (), pages: int | None = None
    ) -> list[PageDecision]:
        """The last run's listing once more."""
        self.now += timedelta(hours=1)
        rows = sorted(devices, key=lambda each: (sort_key(each.external_id), each.external_id))
        self._split([sort_key(each.external_id) for each in rows])
        bad = list(unreadable)
        decisions: list[PageDecision] = []
        for beginning, of_page in cut(self.directory, rows, lambda each: sort_key(each.external_id)):
            page = self.page(beginning)
            if page.run_id == self.run_id:
                continue
            failures = tuple(
                each for each in bad if page_beginning(self.directory, each.external_id or "") == beginning
            )
            listing = Listing(Scope.FLEET, self.listed_at, self.run_id, tuple(of_page), failures)
            is_last = pages is not None and len(decisions) >= pages
            decisions.append(self.apply(plan_page(page, listing, self.placements), keeps_page=not is_last))
            if is_last:
                break
        return decisions

    def patches(self, *devices: Device) -> PageDecision:
        """A run of patches alone, on a fleet of one page."""
        self.runs += 1
        self.now += timedelta(hours=1)
        listing = Listing(Scope.PATCHES, self.now, self.run_id, devices)
        return self.apply(plan_page(self.page(FIRST), listing, self.placements))

    def refresh(self, one: Device) -> PageDecision:
        """One device asked for alone."""
        listing = Listing(Scope.DEVICES, self.now, None, (one,))
        return self.apply(plan_page(self.page_of(one.external_id), listing, self.placements))

    def gone(self, external_id: str, was_deleted: bool) -> PageDecision:
        """One device asked for alone, which is not there."""
        return self.apply(plan_gone(self.page_of(external_id), external_id, self.now, was_deleted))

    def retire(self, decisions: Iterable[PageDecision], *, is_confirmed: bool = False) -> tuple[str, ...]:
        """The last step of a sync: what it asks about."""
        asked = () if is_confirmed else to_confirm(merge_tallies(each.tallies for each in decisions))
        allowed = {place.external_id for place in self.organizations} | {""}
        for beginning, page in list(self.pages.items()):
            places = allowed - set(asked)
            known = Known(assets=self._assets(retiring(page, places, self.now, RETIRE_AFTER)))
            decision = retire_page(page, known, places, self.run_id, self.now, RETIRE_AFTER)
            self._write(decision.writes)
            self._put(beginning, decision.page)
        return asked

    # What is kept

    @property
    def run_id(self) -> str:
        return f"r{self.runs}"

    @property
    def placements(self) -> Placements:
        return Placements(self.organizations)

    def page(self, beginning: str) -> FleetPage:
        return self.pages.get(beginning, FleetPage(self.integration_id, beginning))

    def page_of(self, external_id: str) -> FleetPage:
        return self.page(page_beginning(self.directory, external_id))

    def entry(self, external_id: str) -> FleetEntry:
        return self.page_of(external_id).entries[external_id]

    def asset_of(self, external_id: str) -> Asset:
        asset_id = self.entry(external_id).asset_id
        assert asset_id is not None
        return self.assets[asset_id]

    def link(self, external_id: str) -> LinkedDevice:
        """What its asset says of the device."""
        found = linked_device(self.asset_of(external_id), self.integration_id, external_id)
        assert found is not None
        return found

    def told(self, external_id: str) -> list[str]:
        """The history of its asset."""
        return [each.what for each in self.history if each.asset_id == self.asset_of(external_id).asset_id]

    def known(self, plan: PagePlan) -> Known:
        """The reads that the plan asks for, and no others."""
        records = {each: self.records[each] for each in plan.new_devices if each in self.records}
        owners = {key: self.owners[key] for key in plan.match_keys if key in self.owners}
        assets = self._assets(plan.asset_ids | more_assets(plan, records, owners))
        return Known(records, assets, owners)

    def decide(self, plan: PagePlan) -> PageDecision:
        return decide_page(plan, self.known(plan), self.now, RETIRE_AFTER)

    def apply(self, plan: PagePlan, *, keeps_page: bool = True) -> PageDecision:
        decision = self.decide(plan)
        if decision.unsure is not None:
            self._put(plan.page.begins, decision.unsure)
        self._write(decision.writes)
        if keeps_page:
            self._put(plan.page.begins, replace(decision.page, version=self.page(plan.page.begins).version + 1))
        return decision

    def write(self, write: AssetWrite | None) -> None:
        """What a person did."""
        self._write([write] if write is not None else [])

    def _write(self, writes: Iterable[AssetWrite]) -> None:
        for write in writes:
            asset = write.asset
            before = self.assets.get(asset.asset_id)
            assert asset.version == (before.version if before else 0) + 1
            assert not set(write.claims) & self.owners.keys()
            self.assets[asset.asset_id] = asset
            self.owners.update(dict.fromkeys(write.claims, asset.asset_id))
            for key in write.releases:
                if self.owners.get(key) == asset.asset_id:
                    del self.owners[key]
            words = self.words.get(asset.asset_id, frozenset())
            assert write.words_removed <= words
            assert not write.words_added & words
            self.words[asset.asset_id] = (words - write.words_removed) | write.words_added
            assert self.words[asset.asset_id] == asset_words(asset)
            self.history.extend(write.history)
            for place in write.devices:
                if place.integration_id != self.integration_id:
                    continue
                record = self.records.get(place.external_id, DeviceRecord(place.integration_id, place.external_id))
                self.records[place.external_id] = replace(
                    record,
                    asset_id=asset.asset_id,
                    name=place.name or record.name,
                    organization_id=place.organization_id or record.organization_id,
                    asset_client_id=place.client_id,
                    asset_client_by_person=place.client_by_person,
                    asset_facts=place.facts,
                )
            self._check_records(asset)

    def _check_records(self, asset: Asset) -> None:
        """What the asset's devices' records say by it, is what it says now."""
        view = shown(asset)
        for each in asset.devices:
            if each.integration_id == self.integration_id:
                record = self.records[each.external_id]
                assert (record.asset_id, record.asset_client_id) == (asset.asset_id, view.client_id)
                assert record.asset_facts == ticket_facts(view.facts)

    def _put(self, beginning: str, page: FleetPage) -> None:
        assert page.version == self.page(beginning).version + 1
        self.pages[beginning] = page

    def _assets(self, ids: Iterable[str]) -> dict[str, Asset]:
        return {each: self.assets[each] for each in ids if each in self.assets}

    def _split(self, keys: list[str]) -> None:
        directory = directory_of(self.directory, keys)
        for beginning, page in list(self.pages.items()):
            behind = [each for each in self.directory if each > beginning]
            ends = behind[0] if behind else None
            of_page = [each for each in directory if each >= beginning and (ends is None or each < ends)]
            for part in split_page(page, of_page):
                self.pages[part.begins] = part
        self.directory = directory


def held_by(owners: Mapping[MatchKey, str], asset: Asset) -> bool:
    """Whether each of its keys leads to some asset."""
    return all(key in owners for key in asset_keys(asset))
