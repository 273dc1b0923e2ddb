"""FINISHING: every page of the fleet is done. What is missing for long is retired, and the run ends.

nothing is due          the run has succeeded
something is due        a `retire` message goes through the pages; then the run has succeeded
more of an organization than a run may retire on its own
                        the run waits for a person, and lets other runs go on meanwhile

Only what the pages say counts here, and they only count complete listings.
"""

from collections.abc import Iterator
from dataclasses import replace

from tandem import telemetry
from tandem.assets.disappearing import is_due, merge_tallies, retire_page, retiring, tallies, to_confirm
from tandem.assets.models import FleetPage
from tandem.assets.order import FIRST
from tandem.assets.pages import Known, Tally
from tandem.store.errors import AlreadyDoneError, ConflictError
from tandem.store.sync_progress import Progress
from tandem.store.sync_records import Retiring, SyncRun
from tandem.syncing.errors import RunFailedError
from tandem.syncing.leases import LEASE
from tandem.syncing.message import Step, encode
from tandem.syncing.page_objects import remove_all
from tandem.syncing.staging import StagingUnavailableError
from tandem.syncing.tools import Task, Tools, message_behind

MOST_NAMED = 50
"""Organizations that a run names when it asks."""

OWN_SECONDS = 30.0
"""What must remain of a message's time to begin another page."""

_PAGES_AT_ONCE = 25
_BEATS_EACH = 100
_LOOKS = 6
_OLDER_RUNS = 20
_WAIT_FOR_ANOTHER_RUN = 60

REPLACED = "A newer sync has looked at the same devices since, so there is nothing to confirm here any more."
TOO_MUCH_CHANGES = "The fleet's pages are being written all the time"


def finish(tools: Tools, task: Task) -> SyncRun | None:
    """Do a `finish` message. Gives the run if it has succeeded and is to be ended. Raises StoreErrors, QueueError."""
    run = task.run
    if run.state == "applying" and run.pages_done < run.pages_total:
        return None
    if run.kind != "devices":
        return run
    if run.state == "applying":
        run = tools.runs.move(run, "finishing", tools.clock(), step=encode(task.next(Step.FINISH)))
    tools.arrivals.catch_up(run.integration_id)
    summed, pages = _due(tools, task, run)
    _end_older_ones(tools, run)
    if not pages:
        return run
    asked = to_confirm(summed)
    if asked:
        names = {each.external_id: each.path or each.name for each in tools.organizations.all(run.integration_id)}
        confirm = tuple(
            Retiring(each, names.get(each), summed[each].to_retire, summed[each].known) for each in asked[:MOST_NAMED]
        )
        tools.runs.move(run, "needs_confirmation", tools.clock(), confirm=confirm)
        tools.runs.give_back(run)
        return None
    _begin_retiring(tools, run, pages)
    return None


def _begin_retiring(tools: Tools, run: SyncRun, pages: int, confirmed_by: str | None = None) -> None:
    """Go on to the pages, so many of which have something due. Raises StoreErrors, QueueError."""
    message = message_behind(run, Step.RETIRE)
    tools.runs.move(
        run,
        "retiring",
        tools.clock(),
        step=encode(message),
        pages_total=pages,
        confirmed_by=confirmed_by,
    )
    tools.queue.send([message])


def confirm(tools: Tools, task: Task) -> None:
    """Do a `confirm` message: the run takes the lease again, or waits until another one has ended. Raises StoreErrors,
    QueueError."""
    run, now = task.run, tools.clock()
    if not tools.runs.take(run, now, now + LEASE):
        tools.queue.send([task.message], _WAIT_FOR_ANOTHER_RUN)
        return
    _begin_retiring(tools, run, _due(tools, task, run)[1], task.message.by)


def retire(tools: Tools, task: Task) -> SyncRun | None:
    """Do a `retire` message: page by page, from the one with its number on. Gives the run behind the last. Raises
    StoreErrors, QueueError, SyncStop."""
    run = task.run
    begins = tools.fleets.directory(run.integration_id, consistent=True).begins or (FIRST,)
    for number in range(task.message.number, len(begins)):
        if task.deadline.remaining() < OWN_SECONDS and number > task.message.number:
            following = task.next(Step.RETIRE, number=number)
            tools.runs.advance(run, Progress(), encode(following), tools.clock())
            tools.queue.send([following])
            return None
        _retire_page(tools, task, begins[number])
        tools.beat(run)
    return run


def clean_up(tools: Tools, run: SyncRun) -> None:
    """Forget what a run that has succeeded kept. What stays for any reason expires."""
    if not run.pages_total:
        return
    try:
        remove_all(tools.staging, run)
    except StagingUnavailableError as error:
        telemetry.log(30, "what a sync kept was not removed", run_id=run.run_id, error=str(error))


def _retire_page(tools: Tools, task: Task, begins: str) -> None:
    run = task.run
    step = f"{run.run_id}#retiring"
    for _ in range(_LOOKS):
        now, retire_after = tools.clock(), task.integration.retire_after
        page = tools.fleets.page(run.integration_id, begins, consistent=True)
        if not any(is_due(entry, now, retire_after) for entry in page.entries.values()):
            return
        wanted = retiring(page, None, now, retire_after)
        known = Known(assets=tools.assets.several(wanted))
        decision = retire_page(page, known, None, run.run_id, now, retire_after)
        decision = replace(decision, page=replace(decision.page, run_id=step))
        try:
            unapplied = tools.pages.apply(decision, run, now, state="retiring")
        except ConflictError:
            continue
        except AlreadyDoneError:
            return
        if unapplied is None:
            return
        if unapplied.refused:
            raise RunFailedError(f"An asset could not be retired: {next(iter(unapplied.refused.values()))}")
    raise ConflictError(TOO_MUCH_CHANGES)


def _due(tools: Tools, task: Task, run: SyncRun) -> tuple[dict[str, Tally], int]:
    """By organization, and on how many pages something is due."""
    now, retire_after = tools.clock(), task.integration.retire_after
    summed: dict[str, Tally] = {}
    due = 0
    for number, page in enumerate(_pages(tools, run.integration_id), 1):
        of_page = tallies(page.entries.values(), now, retire_after)
        summed = merge_tallies((summed, of_page))
        due += any(tally.to_retire for tally in of_page.values())
        if number % _BEATS_EACH == 0:
            tools.beat(run)
    return summed, due


def _pages(tools: Tools, integration_id: str) -> Iterator[FleetPage]:
    begins = tools.fleets.directory(integration_id, consistent=True).begins
    for start in range(0, len(begins), _PAGES_AT_ONCE):
        wanted = begins[start : start + _PAGES_AT_ONCE]
        yield from tools.fleets.pages(integration_id, wanted, consistent=True).values()


def _end_older_ones(tools: Tools, run: SyncRun) -> None:
    """Runs that still wait for a person: this one has looked again."""
    now = tools.clock()
    for older in tools.runs.runs(run.integration_id, run.run_id, _OLDER_RUNS, now).records:
        if older.state == "needs_confirmation":
            tools.runs.finish(older, "cancelled", now, REPLACED)
