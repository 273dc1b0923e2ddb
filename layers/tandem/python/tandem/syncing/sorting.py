"""SORTING: what the listings said of each device is put together, and cut where the fleet's pages begin.

    devices    the fleet's pages are split where they have grown too large; what is in no listing of devices is no
               device, whatever else speaks of it
    others     the pages stay as they are; what is said of devices that the fleet does not know is left out later

One object a page (page_objects.py), then one message a page.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tandem.assets.merging import merge_devices
from tandem.assets.models import Device, Facts, Presence
from tandem.assets.order import FIRST, directory_of, sort_key
from tandem.connections.fleet import DevicePart, DeviceSoftware, Source, Unreadable
from tandem.store.errors import ConflictError
from tandem.store.fleets import Directory
from tandem.store.sync_records import SyncRun
from tandem.syncing.errors import RunFailedError
from tandem.syncing.listing import sources_of
from tandem.syncing.message import Step, encode
from tandem.syncing.page_objects import PageHead, PagesObject, read_listed, write_page, write_pages
from tandem.syncing.part_codec import decode, device_of, id_of
from tandem.syncing.resuming import pages_of
from tandem.syncing.spool import Spool
from tandem.syncing.staging import listed_key
from tandem.syncing.tools import Task, Tools

_LOOKS = 5
_BEATS_EACH = 25
"""Objects read or written between two signs of life."""

NOTHING_LISTED = (
    "The RMM listed no device at all, though it had some before. Nothing was changed. See whether Tandem's account may "
    "still see the devices; if they are really gone, remove the integration."
)


@dataclass(slots=True)
class _Unread:
    """Rows of other listings than that of the devices that nobody can read, by listing: how many, and why the first."""

    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, source: str, reason: str) -> None:
        self.counts[source] = self.counts.get(source, 0) + 1
        self.reasons.setdefault(source, reason)

    def warnings(self) -> Iterator[str]:
        for source, count in self.counts.items():
            yield f"{source}: {count} rows could not be read; the first: {self.reasons[source]}"


def sort(tools: Tools, task: Task) -> None:
    """Do a `sort` message. Raises VendorError, StagingUnavailableError, QueueError, SyncStop, StoreErrors."""
    run, now = task.run, tools.clock()
    if run.state == "listing":
        step = task.next(Step.SORT, listed=task.message.listed)
        run = tools.runs.move(run, "sorting", now, step=encode(step))
    sources = [each for each in sources_of(tools.fleet(task), run.kind) if each.name in task.message.listed]
    warnings: list[str] = []
    with Spool() as spool:
        keys, nameless = _fill(tools, task, run, spool, sources)
        if run.kind == "devices":
            if not keys and _has_devices(tools, run.integration_id):
                raise RunFailedError(NOTHING_LISTED)
            directory = _divide(tools, run.integration_id, keys)
        else:
            directory = tools.fleets.directory(run.integration_id, consistent=True)
        del keys
        head = PageHead(
            is_whole=not nameless,
            counts_all=run.kind != "software" and any(each.counts_patches for each in sources),
            was_asked=bool(sources),
        )
        if nameless and run.kind == "devices":
            warnings.append(
                f"{nameless} devices could not be read so far that Tandem could tell which ones they are. As long as "
                "there are such, none is taken for missing."
            )
        unread = _Unread()
        beginnings = directory.begins or (FIRST,)
        for number, (begins, rows) in enumerate(spool.pages(beginnings)):
            lines = _page(run, rows, sources, unread)
            write_page(
                tools.staging, run, number, PageHead(begins, head.is_whole, head.counts_all, head.was_asked), lines
            )
            if number % _BEATS_EACH == _BEATS_EACH - 1:
                tools.beat(run)
    warnings += unread.warnings()
    write_pages(tools.staging, run, PagesObject(task.message.listed, len(beginnings)))
    run = tools.runs.move(run, "applying", tools.clock(), pages_total=len(beginnings), warnings=tuple(warnings))
    tools.queue.send(pages_of(run))


def _fill(tools: Tools, task: Task, run: SyncRun, spool: Spool, sources: Sequence[Source]) -> tuple[list[str], int]:
    """All that was listed. Gives the sort keys of the devices, sorted, each once, and how many rows of devices have no
    id."""
    keys: set[str] = set()
    nameless, objects = 0, 0
    for place, source in enumerate(sources):
        counted: set[str | None] = set()
        for number in range(task.message.listed[source.name]):
            key = listed_key(run.integration_id, run.run_id, source.name, number)
            after, lines = read_listed(tools.staging, key)
            if source.counts_patches and after in counted:
                continue  # the RMM gave a page twice, and what it counts must not count twice
            counted.add(after)
            for line in spool.add(place, lines):
                if not source.is_devices:
                    continue
                external_id = id_of(line)
                if external_id is None:
                    nameless += 1
                else:
                    keys.add(sort_key(external_id))
            objects += 1
            if objects % _BEATS_EACH == 0:
                tools.beat(run)
    return sorted(keys), nameless


def _has_devices(tools: Tools, integration_id: str) -> bool:
    pages = tools.fleets.all_pages(tools.fleets.directory(integration_id))
    return any(entry.presence is not Presence.RETIRED for page in pages for entry in page.entries.values())


def _divide(tools: Tools, integration_id: str, keys: Sequence[str]) -> Directory:
    """Single devices may be refreshed meanwhile: then it is looked again."""
    for look in range(_LOOKS):
        directory = tools.fleets.directory(integration_id, consistent=True)
        try:
            return tools.fleets.divide(directory, directory_of(directory.begins, _with_known(tools, directory, keys)))
        except ConflictError:
            if look == _LOOKS - 1:
                raise
    raise AssertionError("the last look returns or raises")


def _with_known(tools: Tools, directory: Directory, keys: Sequence[str]) -> Sequence[str]:
    """With what pages hold though it is not listed (any more): of a fleet that comes and goes that is most of them."""
    known = set(keys)
    for page in tools.fleets.all_pages(directory):
        known.update(map(sort_key, page.entries))
    return sorted(known) if len(known) > len(keys) else keys


def _page(
    run: SyncRun, rows: Sequence[tuple[int, str]], sources: Sequence[Source], unread: _Unread
) -> list[Device | DeviceSoftware | Unreadable]:
    if run.kind == "software":
        return _software(rows, sources, unread)
    return _devices(run, rows, sources, unread)


def _devices(
    run: SyncRun, rows: Sequence[tuple[int, str]], sources: Sequence[Source], unread: _Unread
) -> list[Device | DeviceSoftware | Unreadable]:
    """The page's devices, each from all its parts, and what cannot be read of them."""
    merged: dict[str, Device] = {}
    pending: dict[str, int] = {}
    is_device: set[str] = set()
    named: dict[str, set[str | None]] = {each.name: set() for each in sources}
    failures: list[tuple[Source, Unreadable]] = []
    for place, line in rows:
        source, row = sources[place], decode(line)
        named[source.name].add(row.external_id)
        if isinstance(row, Unreadable):
            failures.append((source, row))
            if source.is_devices and row.external_id is not None:
                is_device.add(row.external_id)
        elif isinstance(row, DevicePart):
            if source.is_devices:
                is_device.add(row.external_id)
            if source.counts_patches:
                pending[row.external_id] = pending.get(row.external_id, 0) + (row.facts.patches_pending or 0)
            else:
                _merge(merged, device_of(row))
    for external_id, count in pending.items():
        _merge(merged, Device(external_id, facts=Facts(patches_pending=count)))
    is_fleet = run.kind == "devices"
    if is_fleet:
        _hear_silence(merged, is_device, sources, named)
    found: list[Device | DeviceSoftware | Unreadable] = [
        device for external_id, device in merged.items() if not is_fleet or external_id in is_device
    ]
    unreadable_devices = {row.external_id for source, row in failures if source.is_devices}
    for source, row in failures:
        if source.is_devices or (row.external_id is not None and row.external_id in is_device - unreadable_devices):
            found.append(row)
        else:
            unread.add(source.name, row.reason)
    return found


def _hear_silence(
    merged: dict[str, Device],
    devices: Collection[str],
    sources: Sequence[Source],
    named: Mapping[str, Collection[str | None]],
) -> None:
    """What it means that a listing, read to its end, does not name a device. `named`: whom each of them names."""
    for source in sources:
        if source.silence is None:
            continue
        for external_id in devices:
            if external_id in merged and external_id not in named[source.name]:
                _merge(merged, Device(external_id, facts=source.silence))


def _merge(merged: dict[str, Device], device: Device) -> None:
    earlier = merged.get(device.external_id)
    merged[device.external_id] = device if earlier is None else merge_devices(earlier, device)


def _software(
    rows: Sequence[tuple[int, str]], sources: Sequence[Source], unread: _Unread
) -> list[Device | DeviceSoftware | Unreadable]:
    """Each device's programs, which may be spread over pages and come twice."""
    programs: dict[str, dict[object, None]] = {}
    failures: list[Unreadable] = []
    for place, line in rows:
        row = decode(line)
        if isinstance(row, DeviceSoftware):
            programs.setdefault(row.external_id, {}).update(dict.fromkeys(row.programs))
        elif isinstance(row, Unreadable) and row.external_id is not None:
            failures.append(row)
        elif isinstance(row, Unreadable):
            unread.add(sources[place].name, row.reason)
    found = [DeviceSoftware(external_id, tuple(each)) for external_id, each in programs.items()]  # type: ignore[arg-type]
    return [*found, *failures]
