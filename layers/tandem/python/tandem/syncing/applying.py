"""APPLYING: one page of the fleet a message, in any order and side by side.

What was listed of the page and what is known of it are decided together (assets/deciding.py) and written; the page
itself last, together with the run's progress. A page that this run wrote before is left alone. Who writes at the same
time, such as a refresh of a single device, makes it read and decide again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tandem.assets.deciding import decide_page
from tandem.assets.models import Device, Facts, FleetPage
from tandem.assets.pages import Failure, Listing, Scope
from tandem.assets.placing import Placements
from tandem.assets.planning import plan_page
from tandem.connections.fleet import DevicePart, Unreadable
from tandem.store.errors import AlreadyDoneError, ConflictError
from tandem.store.sync_records import SyncRun
from tandem.syncing.message import Step, SyncMessage
from tandem.syncing.page_context import devices_of, known_of, placements_in, tell
from tandem.syncing.page_objects import PageHead, read_page
from tandem.syncing.part_codec import Row, device_of
from tandem.syncing.tools import Task, Tools

LOOKS = 6
"""How often a page is read and decided before its message comes again."""


def apply_page(tools: Tools, task: Task) -> None:
    """Do a `page` message of a run of devices. Raises StagingUnavailableError, QueueError, SyncStop, StoreErrors."""
    head, rows = read_page(tools.staging, task.run, task.message.number)
    write_listed(tools, task, head, Scope.FLEET if head.is_whole else Scope.DEVICES, rows)


def write_listed(tools: Tools, task: Task, head: PageHead, scope: Scope, rows: Sequence[Row]) -> None:
    """Make the page what was listed, and say so in the run. Raises as `apply_page`."""
    run = task.run
    failures = tuple(Failure(row.external_id, row.reason) for row in rows if isinstance(row, Unreadable))
    devices = [device_of(row) for row in rows if isinstance(row, DevicePart)]
    placements = placements_in(tools, run)
    refused: dict[str, str] = {}
    for look in range(LOOKS):
        if look:
            # Somebody else wrote: a newer run, if this one was ended meanwhile. Then what was listed here is old.
            tools.beat(run)
        page = tools.fleets.page(run.integration_id, head.begins, consistent=True)
        if page.run_id == run.run_id:
            break
        wanted = _counted(devices, page, scope) if head.counts_all else devices
        listing = Listing(
            scope,
            run.started_at or run.requested_at,
            run.run_id,
            tuple(each for each in wanted if each.external_id not in refused),
            (*failures, *(Failure(external_id, reason) for external_id, reason in refused.items())),
        )
        try:
            found = _write(tools, task, page, listing, placements)
        except ConflictError:
            continue
        except AlreadyDoneError:
            break
        if found is None:
            break
        refused |= found
    else:
        raise ConflictError("the page is written all the time")
    finish_if_done(tools, run)


def finish_if_done(tools: Tools, run: SyncRun) -> None:
    """After a page: if it was the last one, the run goes on. Raises StoreErrors, QueueError."""
    present = tools.runs.run(run.integration_id, run.run_id, tools.clock())
    if present is not None and present.state == "applying" and present.pages_done >= present.pages_total:
        tools.queue.send([SyncMessage(Step.FINISH, run.integration_id, run.run_id, present.step_number)])


def _write(
    tools: Tools, task: Task, page: FleetPage, listing: Listing, placements: Placements
) -> Mapping[str, str] | None:
    """None if it is written; else devices that the table will never take, with the reason, or nobody, to be decided
    again. Raises ConflictError and AlreadyDoneError beside the rest."""
    plan = plan_page(page, listing, placements)
    known = known_of(tools, plan)
    decision = decide_page(plan, known, tools.clock(), task.integration.retire_after)
    unapplied = tools.pages.apply(
        decision, task.run, tools.clock(), between=lambda: tell(tools, page.integration_id, decision)
    )
    if unapplied is None:
        return None
    written = {write.asset.asset_id: write.asset for write in decision.writes}
    listed = {device.external_id for device in listing.devices}
    return {
        external_id: reason
        for asset_id, reason in unapplied.refused.items()
        for external_id in devices_of(written[asset_id], page.integration_id, listed)
    }


def _counted(devices: Sequence[Device], page: FleetPage, scope: Scope) -> list[Device]:
    """Waiting patches were counted to the end: none of them is the device's, so none waits."""
    counted = [
        device
        if device.facts.patches_pending is not None
        else replace(device, facts=replace(device.facts, patches_pending=0))
        for device in devices
    ]
    if scope is Scope.PATCHES:
        there = {device.external_id for device in counted}
        counted += [
            Device(external_id, facts=Facts(patches_pending=0))
            for external_id in page.entries
            if external_id not in there
        ]
        counted = [device for device in counted if device.external_id in page.entries]
    return counted
