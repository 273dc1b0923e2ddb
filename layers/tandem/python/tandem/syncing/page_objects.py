"""Pages in the bucket: of a listing before SORTING, of the fleet behind it. One object each, with a head and rows."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain

from tandem.assets.models import Device
from tandem.connections.fleet import DeviceSoftware, Unreadable
from tandem.store.sync_records import SyncRun
from tandem.syncing.part_codec import Row, decode, encode
from tandem.syncing.staging import Staging, listed_key, pages_key, patched_key, sorted_key


@dataclass(frozen=True, slots=True)
class PageHead:
    """`is_whole`: who is not among the rows was not listed. `counts_all`: waiting patches were counted to the end, so
    who has no count has none waiting. `was_asked`: there was a listing at all; else each device is asked about."""

    begins: str = ""
    is_whole: bool = True
    counts_all: bool = False
    was_asked: bool = True


@dataclass(frozen=True, slots=True)
class PagesObject:
    """What a run keeps in the bucket: how many pages of each listing, and of the fleet."""

    listed: Mapping[str, int] = field(default_factory=dict)
    pages: int = 0


def write_listed(staging: Staging, key: str, after: str | None, lines: Iterable[str]) -> None:
    """A page of a listing; its head says where the next one begins. Raises StagingUnavailableError."""
    staging.write(key, chain([json.dumps(after)], lines))


def read_listed(staging: Staging, key: str) -> tuple[str | None, Iterator[str]]:
    """The head and the lines. Raises StagingUnavailableError."""
    lines = staging.read(key)
    after: str | None = json.loads(next(lines))
    return after, lines


def write_page(
    staging: Staging, run: SyncRun, number: int, head: PageHead, rows: Iterable[Device | DeviceSoftware | Unreadable]
) -> None:
    """Raises StagingUnavailableError."""

    def lines() -> Iterator[str]:
        yield json.dumps(asdict(head), separators=(",", ":"))
        yield from map(encode, rows)

    staging.write(sorted_key(run.integration_id, run.run_id, number), lines())


def read_page(staging: Staging, run: SyncRun, number: int) -> tuple[PageHead, list[Row]]:
    """Raises StagingUnavailableError."""
    lines = staging.read(sorted_key(run.integration_id, run.run_id, number))
    return PageHead(**json.loads(next(lines))), [decode(line) for line in lines]


def write_pages(staging: Staging, run: SyncRun, pages: PagesObject) -> None:
    """Raises StagingUnavailableError."""
    staging.write(pages_key(run.integration_id, run.run_id), [json.dumps(asdict(pages))])


def remove_all(staging: Staging, run: SyncRun) -> None:
    """Forget all that a run has kept. Raises StagingUnavailableError."""
    place = (run.integration_id, run.run_id)
    pages = PagesObject(**json.loads(next(staging.read(pages_key(*place)))))
    keys = [listed_key(*place, source, number) for source, count in pages.listed.items() for number in range(count)]
    keys += [sorted_key(*place, number) for number in range(pages.pages)]
    if run.kind == "patches" and not pages.listed:
        keys += [patched_key(*place, number, 0) for number in range(pages.pages)]
    staging.remove([*keys, pages_key(*place)])
