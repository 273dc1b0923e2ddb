"""LISTING: one page of one listing a message, kept in the bucket as it came.

a source that can be gone on with   one page, then a message for the next
one that restarts                   all of it in one message
an optional one that is refused     what was read of it does not count; the run is warned, and goes on
one that goes in circles            a bad reply; after the last attempt the run fails. A page that comes once too often
                                    is read again, and then it goes on

No table item but the run is written: whatever happens here, nothing was seen and nothing is missing.
"""

from collections.abc import Iterator
from dataclasses import replace

from tandem.connections.errors import BadReply, Forbidden, NotFound, Rejected, VendorError
from tandem.connections.fleet import Fleet, PartPage, SoftwarePage, Source, Unreadable
from tandem.connections.vendors import VENDORS
from tandem.store.sync_progress import Progress
from tandem.store.sync_records import RunKind
from tandem.syncing.attempts import may_pass
from tandem.syncing.message import Step, SyncMessage, encode
from tandem.syncing.page_objects import write_listed
from tandem.syncing.part_codec import Row
from tandem.syncing.part_codec import encode as line_of
from tandem.syncing.staging import listed_key
from tandem.syncing.tools import Task, Tools

MOST_PAGES = 50_000
"""Of one listing: five million rows of the RMM with the smallest pages."""

MOST_LAPS = 2
"""How often a listing may come by a place again: an RMM that gave a wrong page once leads back there."""

LONGEST_ID = 512
"""Bytes of an external id. What is longer is none, and would not fit into the table's keys."""

_BEATS_EACH = 10
"""Pages of a listing that is read in one go, between two signs of life."""

_REFUSED_FOR_GOOD = (Forbidden, NotFound, Rejected)


def sources_of(fleet: Fleet, kind: RunKind) -> tuple[Source, ...]:
    """What a run of this kind lists."""
    if kind == "software":
        return fleet.software_sources
    if kind == "patches":
        return fleet.patch_sources
    return fleet.sources if kind == "devices" else ()


def first_listing(task: Task, sources: tuple[Source, ...]) -> SyncMessage:
    """The message that begins the listing; without sources nothing is listed, and there is only to sort."""
    return task.next(Step.LIST, source=sources[0].name) if sources else task.next(Step.SORT)


def list_page(tools: Tools, task: Task) -> None:
    """Do a `list` message. Raises VendorError, StagingUnavailableError, QueueError, SyncStop, StoreErrors."""
    fleet = tools.fleet(task)
    sources = sources_of(fleet, task.run.kind)
    source = next(each for each in sources if each.name == task.message.source)
    listed, progress = dict(task.message.listed), Progress()
    try:
        following, progress = _read(tools, task, fleet, source)
    except VendorError as error:
        if not source.optional or not _is_given_up(task, error):
            raise
        following, progress = None, Progress(warnings=(f"{source.name} was left out: {error}",))
    else:
        if following is None:
            listed[source.name] = task.message.number + progress.pages_listed
    if following is None:
        behind = sources[sources.index(source) + 1 :]
        following = task.next(Step.LIST, source=behind[0].name) if behind else task.next(Step.SORT)
        following = replace(following, listed=listed)
    tools.runs.advance(task.run, progress, encode(following), tools.clock())
    tools.queue.send([following])


def _is_given_up(task: Task, error: VendorError) -> bool:
    """An optional source must not keep the others from being read, for however long it fails."""
    return isinstance(error, _REFUSED_FOR_GOOD) or (may_pass(error) and task.is_last_attempt)


def _read(tools: Tools, task: Task, fleet: Fleet, source: Source) -> tuple[SyncMessage | None, Progress]:
    """Keeps what the message asks for. Gives the message for the next page, None behind the last one."""
    restarts = fleet.restarts(source.name)
    number, rows, after = task.message.number, 0, None
    for page in _pages(fleet, task, source):
        key = listed_key(task.integration_id, task.run.run_id, source.name, number)
        write_listed(tools.staging, key, page.after, (line_of(_sound(row)) for row in page.rows))
        number, rows, after = number + 1, rows + len(page.rows), page.after
        if not restarts:
            break
        if number % _BEATS_EACH == 0:
            tools.beat(task.run)
    progress = Progress(pages_listed=number - task.message.number, rows_seen=rows)
    if restarts or after is None:
        return None, progress
    _guard(task, source, number, after)
    return _next_page(task, number, after), progress


def _pages(fleet: Fleet, task: Task, source: Source) -> Iterator[PartPage | SoftwarePage]:
    if task.run.kind == "software":
        return fleet.software_pages(source.name, task.message.after)
    return fleet.pages(source.name, task.message.after)


def _guard(task: Task, source: Source, number: int, after: str) -> None:
    """Raises BadReply for a listing that comes by the same place again, or never ends."""
    problem = None
    if after == task.message.after or _laps(task, after) > MOST_LAPS:
        problem = "goes in circles: it comes by the same place again"
    elif number >= MOST_PAGES:
        problem = f"has more than {MOST_PAGES} pages"
    if problem is not None:
        vendor = VENDORS[task.integration.provider].advice.vendor
        raise BadReply(
            f"{vendor}'s listing of {source.name} {problem}. It is asked again; if this stays so, see whether its "
            "server was changed lately, or what stands in front of it."
        )


def _next_page(task: Task, number: int, after: str) -> SyncMessage:
    """`mark` is the place of the page before that has a power of two as its number: a circle of any length comes by one
    of those."""
    message = task.message
    return task.next(
        Step.LIST,
        source=message.source,
        after=after,
        number=number,
        mark=after if number & (number - 1) == 0 else message.mark,
        laps=_laps(task, after),
        listed=message.listed,
    )


def _laps(task: Task, after: str) -> int:
    return task.message.laps + (after == task.message.mark)


def _sound(row: Row) -> Row:
    """The row, unless its id is none that can be kept."""
    external_id = row.external_id
    if external_id is None or (external_id and _bytes(external_id) <= LONGEST_ID):
        return row
    return Unreadable(None, f"its id is none that can be kept: {external_id[:40]!r}")


def _bytes(external_id: str) -> int:
    """Of its UTF-8; of what is no text, more than any id may have."""
    try:
        return len(external_id.encode())
    except UnicodeEncodeError:
        return LONGEST_ID + 1
