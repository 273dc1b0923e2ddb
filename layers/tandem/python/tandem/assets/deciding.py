"""One fleet page of a sync decided: from what was listed and what was read to what is written.

Nothing here knows whether the listing was a whole sync's or one device's: the plan says it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from tandem.assets.disappearing import tallies, vanish
from tandem.assets.drafts import Drafts
from tandem.assets.models import FleetEntry, FleetPage
from tandem.assets.one_device import decide_device
from tandem.assets.order import sort_key
from tandem.assets.pages import Arrived, Counts, Failure, Known, PageDecision, PagePlan, Scope, Work


def decide_page(plan: PagePlan, known: Known, now: datetime, retire_after: timedelta) -> PageDecision:
    """The decision of the plan. `now`: of what is written; `retire_after`: as of disappearing.is_due. A device that
    cannot be decided is named, and its entry is such that the next sync looks at it again."""
    desk = _Desk(plan, known, now)
    for work in plan.work:
        desk.decide(work)
    for entry in plan.vanishing:
        desk.vanish(entry)
    entries = dict(sorted(desk.entries.items(), key=lambda item: (sort_key(item[0]), item[0])))
    is_fleet = plan.scope is Scope.FLEET
    return PageDecision(
        page=replace(plan.page, entries=entries, run_id=plan.run_id or plan.page.run_id, version=plan.page.version + 1),
        unsure=_unsure(plan, desk.drafts),
        writes=desk.drafts.writes,
        counts=desk.counts(),
        failures=(*plan.failures, *desk.failures),
        arrived=tuple(desk.arrived),
        tallies=tallies(entries.values(), now, retire_after) if is_fleet else {},
        unknown_organizations=plan.unknown_organizations,
    )


def _unsure(plan: PagePlan, drafts: Drafts) -> FleetPage | None:
    """As PageDecision.unsure. Devices that vanish need it not: their entries say that they were away."""
    written = {write.asset.asset_id for write in drafts.writes}
    known = [work.entry for work in plan.work if work.entry is not None and work.entry.asset_id in written]
    is_patches = plan.scope is Scope.PATCHES
    blank = [replace(each, patches="", fingerprint=each.fingerprint if is_patches else "") for each in known]
    changed = {each.external_id: each for each, before in zip(blank, known, strict=True) if each != before}
    if not changed:
        return None
    return replace(plan.page, entries={**plan.page.entries, **changed}, version=plan.page.version + 1)


class _Desk:
    """A page while it is decided."""

    def __init__(self, plan: PagePlan, known: Known, now: datetime) -> None:
        self.drafts = Drafts(known)
        self.entries = dict(plan.settled)
        self.failures: list[Failure] = []
        self.arrived: list[Arrived] = []
        self._plan = plan
        self._records = known.records
        self._now = now
        self._by = f"run:{plan.run_id}" if plan.run_id is not None else "system"
        self._integration_id = plan.page.integration_id
        self._counted: dict[str, int] = {}
        self._skipped = dict(plan.counts.skipped)

    def counts(self) -> Counts:
        """The plan's and what was decided."""
        planned = self._plan.counts
        added = {name: getattr(planned, name) + number for name, number in self._counted.items()}
        return replace(planned, **added, skipped=self._skipped)

    def decide(self, work: Work) -> None:
        """One device, whatever is wrong with it."""
        external_id = work.device.external_id
        try:
            decided = decide_device(work, self._plan, self._records.get(external_id), self.drafts, self._by, self._now)
        except Exception as error:  # noqa: BLE001 - one bad device never stops the others; it is named with its reason
            self._count("failed")
            self.failures.append(Failure(external_id, f"{type(error).__name__}: {error}"))
            self._undecided(work.entry)
            return
        if decided.entry is not None:
            self.entries[external_id] = decided.entry
        if decided.counted is not None:
            self._count(decided.counted)
        if decided.skip is not None:
            self._skipped[decided.skip.value] = self._skipped.get(decided.skip.value, 0) + 1
        if decided.has_returned:
            self._count("returned")
        if decided.arrived is not None:
            self.arrived.append(decided.arrived)

    def _undecided(self, entry: FleetEntry | None) -> None:
        """Listed, but not written: the next listing finds it changed."""
        if entry is None:
            return
        if self._plan.scope is Scope.PATCHES:
            self.entries[entry.external_id] = replace(entry, patches="")
        else:
            # Its presence stays what its asset says: that it is back is decided then, too.
            self.entries[entry.external_id] = replace(entry, fingerprint="", absent=0, absent_since=None)

    def vanish(self, entry: FleetEntry) -> None:
        """One that turns missing."""
        vanish(self.drafts, self._integration_id, entry, self._by, self._now)
        self.entries[entry.external_id] = entry
        self._count("missing")

    def _count(self, name: str) -> None:
        self._counted[name] = self._counted.get(name, 0) + 1
