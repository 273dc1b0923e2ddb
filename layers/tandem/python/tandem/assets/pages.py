"""What goes into deciding a fleet page, and what comes out of it.

Listing + FleetPage --planning.plan_page--> PagePlan (what to read) --reads--> Known --deciding.decide_page-->
PageDecision. The same page decided again over its own result holds no writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from tandem.alerts.models import DeviceRecord
from tandem.assets.matching import MatchKey
from tandem.assets.models import Asset, Device, FleetEntry, FleetPage, HistoryEntry
from tandem.assets.placing import Placement


class Scope(Enum):
    """What was listed. `fleet`: all devices, so what is not there is absent. `devices`: some devices, with all that is
    said of them. `patches`: facts about patches alone."""

    FLEET = "fleet"
    DEVICES = "devices"
    PATCHES = "patches"


@dataclass(frozen=True, slots=True)
class Failure:
    """A device that could not be read or decided. `reason`: a sentence that names the field, where there is one."""

    external_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a run listed of one page. `run_id`: None of a refresh of single devices. `listed_at`: when the listing was
    begun; of a refresh, when the RMM was asked. `unreadable`: rows that made no device; one with an id counts as
    listed."""

    scope: Scope
    listed_at: datetime
    run_id: str | None = None
    devices: tuple[Device, ...] = ()
    unreadable: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A device whose asset has to be read, and what is known of it on the page. `placement`: by the organization that
    it is in now. `is_readable`: False of one whose row could not be read: it is listed, and no more is known."""

    device: Device
    placement: Placement
    fingerprint: str = ""
    patches: str = ""
    entry: FleetEntry | None = None
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """Each readable device of the listing counts once: as created, linked, updated, unchanged, skipped or failed.
    `linked`: found to be a machine that has an asset. Beside that: `returned` (was missing or retired), and of devices
    that are not listed, `missing` and `retired` from now on. Unreadable rows are failed ones."""

    listed: int = 0
    created: int = 0
    linked: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    returned: int = 0
    missing: int = 0
    retired: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What the listing means for the page, and what has to be read before that can be decided.

    To read: `new_devices`, the device records of these external ids; `asset_ids`, these assets as far as they are
    there; `match_keys`, whose they are; then the assets that records and keys lead to (planning.more_assets).
    `settled`: entries of the new page that need nothing. `work`: devices to be decided. `vanishing`: entries that turn
    missing. `unknown_organizations`: that devices are in and that Tandem has no record of, with their names.
    """

    page: FleetPage
    scope: Scope
    listed_at: datetime
    run_id: str | None
    settled: Mapping[str, FleetEntry] = field(default_factory=dict)
    work: tuple[Work, ...] = ()
    vanishing: tuple[FleetEntry, ...] = ()
    new_devices: frozenset[str] = frozenset()
    asset_ids: frozenset[str] = frozenset()
    match_keys: frozenset[MatchKey] = frozenset()
    counts: Counts = Counts()
    failures: tuple[Failure, ...] = ()
    unknown_organizations: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def refreshed_at(self) -> datetime | None:
        """What the entries say of being refreshed."""
        return self.listed_at if self.scope is Scope.DEVICES and self.run_id is None else None


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for a plan: device records by external id, assets by id, the assets that hold match keys."""

    records: Mapping[str, DeviceRecord] = field(default_factory=dict)
    assets: Mapping[str, Asset] = field(default_factory=dict)
    owners: Mapping[MatchKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DevicePlace:
    """What a device record is to say from now on. `name`, `organization_id`: None leaves what it says. `client_id`: the
    asset's, `client_by_person`: a person wrote it into the asset. `facts`: labelled, for tickets."""

    integration_id: str
    external_id: str
    name: str | None
    organization_id: str | None
    client_id: str | None = None
    client_by_person: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssetWrite:
    """One asset with all that goes with it, to be written as one. `asset.version` is one more than was read, so 1 means
    that there must be none yet.

    `claims`: match keys that nobody held; if somebody does by now, read and decide anew. `releases`: keys to be deleted
    if this asset still holds them; whether that works is of no importance to the rest. `devices`: whose records point
    at this asset from now on.
    """

    asset: Asset
    history: tuple[HistoryEntry, ...] = ()
    claims: tuple[MatchKey, ...] = ()
    releases: tuple[MatchKey, ...] = ()
    words_added: frozenset[str] = frozenset()
    words_removed: frozenset[str] = frozenset()
    devices: tuple[DevicePlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one organization on one page. `known`: devices that have an asset and are not retired."""

    known: int = 0
    to_retire: int = 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """A device that was known before its asset was: its alerts get the asset and the client."""

    external_id: str
    asset_id: str
    client_id: str | None


@dataclass(frozen=True, slots=True)
class PageDecision:
    """`page`: with the next version. `writes`: at most one an asset, in any order. `tallies`: by organization id, ""
    for none (for Scope.FLEET).

    `unsure`: the page as it was, with the next version, but that it knows nothing of the devices whose assets are
    written; None if there are none that it knew. It is put before the assets, and `page`, one version later, behind
    them: or who dies for good in between would leave assets of which the page says something else, and a listing that
    says what the page says would leave them so.
    """

    page: FleetPage
    unsure: FleetPage | None = None
    writes: tuple[AssetWrite, ...] = ()
    counts: Counts = Counts()
    failures: tuple[Failure, ...] = ()
    arrived: tuple[Arrived, ...] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    unknown_organizations: Mapping[str, str | None] = field(default_factory=dict)
