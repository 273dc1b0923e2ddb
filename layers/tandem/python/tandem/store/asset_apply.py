"""Writing what was decided about a page of a fleet.

The assets first, each on its own conditions (asset_writer.py); the page last, which says that all of it is done. A
crash in between leaves assets that the page does not know of yet: the message comes again, reads them, and decides what
is left, which is nothing for those. So the page is written only when all of its assets are. As the message may never
come again (its run failed, or was cancelled), the page says before that it does not know these devices any more.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.assets.models import FleetPage
from tandem.assets.pages import PageDecision
from tandem.store.asset_writer import AssetWriter
from tandem.store.fleets import Fleets
from tandem.store.sync_progress import progress_of
from tandem.store.sync_records import RunState, SyncRun

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Unapplied:
    """Why the page was not written. `conflicts`: assets that moved since they were read: read and decide again.
    `refused`: assets that the table will never take, with the reason: decide again with their devices as unreadable."""

    conflicts: frozenset[str] = frozenset()
    refused: dict[str, str] = field(default_factory=dict)


class PageWriter:
    """Applies decisions about pages to one table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._assets = AssetWriter(client, table)
        self._fleets = Fleets(client, table)

    def apply(
        self,
        decision: PageDecision,
        run: SyncRun,
        now: datetime,
        *,
        state: RunState = "applying",
        between: Callable[[], None] = lambda: None,
    ) -> Unapplied | None:
        """Write the assets, then the page with the run's progress; `run` and `state` as in Fleets.finish_page. None:
        all is written. `between` is called when the assets are there and the page is not, so at least once whatever
        happens. Raises AlreadyDoneError, MovedOnError, ConflictError (the page moved: read and decide again),
        BusyError or UnwritableError; then assets may be written, and the page is not."""
        unapplied = self._write_assets(decision, now)
        if unapplied is None:
            between()
            self._fleets.finish_page(_behind_unsure(decision), run, progress_of(decision), now, state=state)
        return unapplied

    def apply_outside_of_a_run(
        self, decision: PageDecision, now: datetime, *, between: Callable[[], None] = lambda: None
    ) -> Unapplied | None:
        """As `apply`, for devices that are refreshed on their own. Raises ConflictError if the page moved."""
        unapplied = self._write_assets(decision, now)
        if unapplied is None:
            between()
            self._fleets.put_page(_behind_unsure(decision))
        return unapplied

    def _write_assets(self, decision: PageDecision, now: datetime) -> Unapplied | None:
        if decision.unsure is not None:
            self._fleets.put_page(decision.unsure)
        written = self._assets.write(decision.writes, now)
        return None if written.is_whole else Unapplied(written.conflicts, written.refused)


def _behind_unsure(decision: PageDecision) -> FleetPage:
    if decision.unsure is None:
        return decision.page
    return replace(decision.page, version=decision.unsure.version + 1)
