"""FINISHING: every page of the fleet is done. What is missing for long is retired, and the run ends.

nothing is due          the run has succeeded
something is due        a `retire` message goes through the pages; then the run has succeeded
more of an organization than a run may retire on its own
                        the run waits for a person, and lets other runs go on meanwhile

Only what the pages say counts here, and they only count complete listings. Due is what was due when the run began: a
person may take days to confirm it, and meanwhile other devices are missing for long enough, or somebody says that less
is long. And an organization of which nobody was asked is left alone if more of it is due than a run may retire: the
next run asks.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from tandem import telemetry
from tandem.assets.disappearing import merge_tallies, retire_page, retiring, tallies, to_confirm
from tandem.assets.order import FIRST
from tandem.assets.pages import Known, Tally
from tandem.store.errors import AlreadyDoneError, ConflictError
from tandem.store.sync_progress import Progress
from tandem.store.sync_records import Retiring, SyncRun
from tandem.syncing.errors import RunFailedError, RunReplacedError
from tandem.syncing.leases import LEASE
from tandem.syncing.message import Step, encode
from tandem.syncing.page_objects import remove_all
from tandem.syncing.staging import StagingUnavailableError
from tandem.syncing.tools import Task, Tools, message_behind

MOST_NAMED = 50
"""Organizations that a run names when it asks."""

OWN_SECONDS = 30.0
"""What must remain of a message's time to begin another page."""

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
    summed, _ = _due(tools, task, run)
    places = summed.keys() - (set(to_confirm(summed)) - _confirmed(run, summed))
    begins = tools.fleets.directory(run.integration_id, consistent=True).begins or (FIRST,)
    for number in range(task.message.number, len(begins)):
        if task.deadline.remaining() < OWN_SECONDS and number > task.message.number:
            following = task.next(Step.RETIRE, number=number)
            tools.runs.advance(run, Progress(), encode(following), tools.clock())
            tools.queue.send([following])
            return None
        _retire_page(tools, task, begins[number], places)
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


def _retire_page(tools: Tools, task: Task, begins: str, places: Collection[str]) -> None:
    run = task.run
    step = f"{run.run_id}#retiring"
    for _ in range(_LOOKS):
        now, retire_after = tools.clock(), task.integration.retire_after + _age(run, tools)
        page = tools.fleets.page(run.integration_id, begins, consistent=True)
        wanted = retiring(page, places, now, retire_after)
        if not wanted:
            return
        known = Known(assets=tools.assets.several(wanted))
        decision = retire_page(page, known, places, run.run_id, now, retire_after)
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


def _confirmed(run: SyncRun, summed: Mapping[str, Tally]) -> set[str]:
    """Organizations that a person has said yes to, to as much as is due now."""
    if run.confirmed_by is None:
        return set()
    return {
        each.organization_id
        for each in run.confirm
        if summed.get(each.organization_id, Tally()).to_retire <= each.retiring
    }


def _age(run: SyncRun, tools: Tools) -> timedelta:
    """How long ago it began."""
    return max(timedelta(), tools.clock() - (run.started_at or run.requested_at))


def _due(tools: Tools, task: Task, run: SyncRun) -> tuple[dict[str, Tally], int]:
    """By organization, and on how many pages something is due."""
    now, retire_after = tools.clock(), task.integration.retire_after + _age(run, tools)
    summed: dict[str, Tally] = {}
    due = 0
    directory = tools.fleets.directory(run.integration_id, consistent=True)
    for number, page in enumerate(tools.fleets.all_pages(directory, consistent=True), 1):
        of_page = tallies(page.entries.values(), now, retire_after)
        summed = merge_tallies((summed, of_page))
        due += any(tally.to_retire for tally in of_page.values())
        if number % _BEATS_EACH == 0:
            tools.beat(run)
    return summed, due


def _end_older_ones(tools: Tools, run: SyncRun) -> None:
    """Runs that still wait for a person, for this one has looked again; and those that died, and whose lease this one
    got by its end."""
    now = tools.clock()
    for older in tools.runs.runs(run.integration_id, run.run_id, _OLDER_RUNS, now).records:
        if older.state == "needs_confirmation":
            tools.runs.finish(older, "cancelled", now, REPLACED)
        elif not older.has_ended:
            tools.runs.finish(older, "failed", now, str(RunReplacedError()))
