"""A run of software: what was listed of a page's devices goes into the page's document and into assets' histories.

The table holds no program. What changed is written to the histories first, under names that follow from the run, then
the document, then the page with the run's progress: a message that comes again finds nothing changed, or writes the
same lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tandem.assets.models import FieldChange, FleetPage, HistoryEntry, Presence, Program
from tandem.assets.pages import Failure
from tandem.assets.placing import Skip
from tandem.assets.software import SoftwareDocument, merge_software
from tandem.connections.fleet import DeviceSoftware, Unreadable
from tandem.store.errors import AlreadyDoneError, ConflictError
from tandem.store.sync_progress import Progress
from tandem.store.sync_records import SyncRun
from tandem.syncing.applying import LOOKS, finish_if_done
from tandem.syncing.page_objects import PageHead, read_page
from tandem.syncing.tools import Task, Tools

CHANGES_A_LINE = 200
"""Of an asset's history: a machine that was installed anew has thousands, and no item may have more than 400 KB."""


def apply_software(tools: Tools, task: Task) -> None:
    """Do a `page` message of a run of software. Raises StagingUnavailableError, QueueError, StoreErrors."""
    run = task.run
    head, rows = read_page(tools.staging, run, task.message.number)
    programs = {row.external_id: row.programs for row in rows if isinstance(row, DeviceSoftware)}
    failures = tuple(Failure(row.external_id, row.reason) for row in rows if isinstance(row, Unreadable))
    for _ in range(LOOKS):
        page = tools.fleets.page(run.integration_id, head.begins, consistent=True)
        if page.run_id == run.run_id:
            break
        progress = _write(tools, run, page, head, programs, failures)
        done = replace(page, run_id=run.run_id, version=page.version + 1)
        try:
            tools.fleets.finish_page(done, run, progress, tools.clock())
        except ConflictError:
            continue
        except AlreadyDoneError:
            pass
        break
    else:
        raise ConflictError("the page is written all the time")
    finish_if_done(tools, run)


def _write(
    tools: Tools,
    run: SyncRun,
    page: FleetPage,
    head: PageHead,
    programs: Mapping[str, tuple[Program, ...]],
    failures: tuple[Failure, ...],
) -> Progress:
    assets = {
        entry.external_id: entry.asset_id
        for entry in page.entries.values()
        if entry.asset_id is not None and entry.presence is not Presence.RETIRED
    }
    listed = {assets[external_id]: each for external_id, each in programs.items() if external_id in assets}
    before = tools.documents.read(run.integration_id, head.begins)
    merged = merge_software(before or SoftwareDocument(), listed, frozenset(assets.values()))
    at, by = run.started_at or run.requested_at, f"run:{run.run_id}"
    if merged.changes:
        entries = [
            HistoryEntry(asset_id, at, by, "software", some)
            for asset_id, changes in merged.changes.items()
            for some in _in_chunks(changes)
        ]
        tools.assets.put_history(entries, run.run_id)
    # Also one in which nothing changed: what no run keeps any more expires (infra/bucket.py).
    if before is not None or merged.document.programs:
        tools.documents.keep(run.integration_id, head.begins, merged.document)
    unknown = len(programs) - len(listed)
    return Progress(
        listed=len(programs),
        updated=len(merged.changes),
        unchanged=len(listed) - len(merged.changes),
        skipped={Skip.NO_ASSET.value: unknown} if unknown else {},
        failed_devices=len({each.external_id for each in failures}),
        failures=failures,
    )


def _in_chunks(changes: tuple[FieldChange, ...]) -> Iterator[tuple[FieldChange, ...]]:
    for start in range(0, len(changes), CHANGES_A_LINE):
        yield changes[start : start + CHANGES_A_LINE]
