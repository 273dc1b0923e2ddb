"""The pages of fleets: what the last sync knew of each device, and what changes all the time (questions 34 and 35).

Who writes a page writes it on condition of the version that it read. The sync writes it together with its own progress,
so that each page is counted exactly once however often its message is delivered:

    page in the table        run in the table         finish_page
    as it was read           in the step's state      writes both
    written by this step     any                      AlreadyDoneError
    moved on otherwise       any                      ConflictError: read again, decide again
    as it was read           in another state         MovedOnError
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.assets.models import FleetEntry, FleetPage
from tandem.assets.order import FIRST, page_beginning, split_page
from tandem.store import keys
from tandem.store.batches import get_items, write_items
from tandem.store.codec import Item, decode_item, encode, encode_item
from tandem.store.errors import AlreadyDoneError, ConflictError, MovedOnError, translating
from tandem.store.fleet_codec import fleet_page_from, fleet_page_item
from tandem.store.sync_progress import Progress, progress_update
from tandem.store.sync_records import RunState, SyncRun
from tandem.store.transactions import ConditionsFailedError, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LOOKS = 3
_PAGES_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the pages of a fleet begin (assets/order.py). `version`: 0, and no beginnings, of a fleet that was never
    written."""

    integration_id: str
    begins: tuple[str, ...] = ()
    version: int = 0


class Fleets:
    """The fleets of one table. Methods raise the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def directory(self, integration_id: str, *, consistent: bool = False) -> Directory:
        """Where the pages begin; of a fleet that was never written one page holds all."""
        return self._directories([integration_id], consistent)[integration_id]

    def page(self, integration_id: str, begins: str, *, consistent: bool = False) -> FleetPage:
        """One page; an empty one of version 0 if it was never written."""
        return self.pages(integration_id, [begins], consistent=consistent)[begins]

    def pages(self, integration_id: str, begins: Iterable[str], *, consistent: bool = False) -> dict[str, FleetPage]:
        """These pages by where they begin, as `page` gives them. Consistent reads cost twice as much: they are for who
        writes the page then."""
        wanted = [(integration_id, each) for each in begins]
        return {place: page for (_, place), page in self._pages(wanted, consistent).items()}

    def all_pages(self, directory: Directory, *, consistent: bool = False) -> Iterator[FleetPage]:
        """Every page that the directory names, in their order, a few in memory at a time."""
        for start in range(0, len(directory.begins), _PAGES_AT_ONCE):
            wanted = directory.begins[start : start + _PAGES_AT_ONCE]
            yield from self.pages(directory.integration_id, wanted, consistent=consistent).values()

    def entries(
        self, devices: Iterable[tuple[str, str]], *, consistent: bool = False
    ) -> dict[tuple[str, str], FleetEntry]:
        """What the fleets hold of these devices, by (integration id, external id), as far as they are there. Two
        rounds of reads, of as many pages as the devices stand in."""
        wanted = list(devices)
        directories = self._directories({integration_id for integration_id, _ in wanted}, consistent)
        places = {
            (integration_id, external_id): page_beginning(directories[integration_id].begins, external_id)
            for integration_id, external_id in wanted
        }
        pages = self._pages(((integration_id, place) for (integration_id, _), place in places.items()), consistent)
        found = {
            (integration_id, external_id): pages[integration_id, place].entries.get(external_id)
            for (integration_id, external_id), place in places.items()
        }
        return {device: entry for device, entry in found.items() if entry is not None}

    def page_of(self, integration_id: str, external_id: str) -> FleetPage:
        """The page that the device belongs on, read consistently by who will write it. That it was not split between
        the reads is looked after, or a device could end up on two pages. Raises ConflictError if pages are split all
        the time."""
        directory = self.directory(integration_id, consistent=True)
        for _ in range(_LOOKS):
            begins = page_beginning(directory.begins, external_id)
            page = self.page(integration_id, begins, consistent=True)
            directory = self.directory(integration_id, consistent=True)
            if page_beginning(directory.begins, external_id) == begins:
                return page
        raise ConflictError("the fleet's pages are being split")

    def put_page(self, page: FleetPage) -> None:
        """Write a page outside of a sync; `page.version` is one more than was read. Raises ConflictError if somebody
        else wrote it first."""
        with translating():
            self._client.put_item(**self.next_put(page))

    def next_put(self, page: FleetPage) -> dict[str, Any]:
        """What `put_page` asks the table for, to be a part of a transaction."""
        return self._next(fleet_page_item(page), page.version)

    def divide(self, directory: Directory, begins: Sequence[str]) -> Directory:
        """Cut pages where `begins` has more beginnings than the directory, which is as it was read, consistently; gives
        the new one. Entries move along, so no device loses what is known of it. Repeated after a crash it ends the
        same. Raises ConflictError if directory or a page was written meanwhile."""
        known = set(directory.begins)
        new: dict[str, list[str]] = {}
        for each in begins:
            if each not in known:
                new.setdefault(_within(directory, each), []).append(each)
        for within, at in new.items():
            directory = self._split(self.page(directory.integration_id, within, consistent=True), at, directory)
        return directory

    def _split(self, page: FleetPage, at: Sequence[str], directory: Directory) -> Directory:
        """The new pages are written first: nobody reads them before the directory names them. Where one has no device,
        what a split that did not come to its end may have left there is removed."""
        own, *made = split_page(page, [page.begins, *(each for each in at if each != page.begins)])
        write_items(
            self._client,
            self._table,
            puts=[fleet_page_item(replace(each, version=1)) for each in made if each.entries],
            deletes=[keys.fleet_page_key(each.integration_id, each.begins) for each in made if not each.entries],
        )
        begins = tuple(sorted({*directory.begins, page.begins, *at}))
        wider = replace(directory, begins=begins, version=directory.version + 1)
        # The page itself, even an empty one: whoever read it before does not write it any more.
        cut = replace(own, version=page.version + 1)
        puts = [self._next(_directory_item(wider), wider.version), self._next(fleet_page_item(cut), cut.version)]
        transact(self._client, [{"Put": put} for put in puts])
        return wider

    def finish_page(
        self, page: FleetPage, run: SyncRun, progress: Progress, now: datetime, *, state: RunState = "applying"
    ) -> None:
        """Write the page with the run's progress, both or none.

        `page.run_id` names the step, such as the run's id, and is not what the page was read with; `page.version` is
        one more than was read. `run`: as it was read, which may be a while ago. `state`: the run's, while its pages
        are worked on so. Raises as the module says.
        """
        put = self._next(fleet_page_item(page), page.version, unless_of=page.run_id)
        put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        update = progress_update(self._table, run, replace(progress, pages_done=1), now, state)
        try:
            transact(self._client, [{"Put": put}, {"Update": update}])
        except ConditionsFailedError as error:
            there = error.refused.get(0)
            if there is None:
                raise MovedOnError(f"the run is not {state}") from error
            if there.get("run_id", {}).get("S") == page.run_id:
                raise AlreadyDoneError("the page was written by this step") from error
            raise

    def remove(self, integration_id: str) -> None:
        """Forget the fleet of an integration that is gone: its pages, then the directory that names them."""
        begins = self.directory(integration_id, consistent=True).begins or ("",)
        pages = [keys.fleet_page_key(integration_id, each) for each in begins]
        write_items(self._client, self._table, deletes=pages)
        write_items(self._client, self._table, deletes=[keys.fleet_directory_key(integration_id)])

    def _directories(self, integration_ids: Iterable[str], consistent: bool) -> dict[str, Directory]:
        wanted = set(integration_ids)
        found = get_items(self._client, self._table, map(keys.fleet_directory_key, wanted), consistent=consistent)
        known = map(_directory_from, found.values())
        return {each: Directory(each) for each in wanted} | {each.integration_id: each for each in known}

    def _pages(self, wanted: Iterable[tuple[str, str]], consistent: bool) -> dict[tuple[str, str], FleetPage]:
        pages = {(integration_id, begins): FleetPage(integration_id, begins) for integration_id, begins in wanted}
        found = get_items(
            self._client, self._table, (keys.fleet_page_key(*each) for each in pages), consistent=consistent
        )
        for page in map(fleet_page_from, found.values()):
            pages[page.integration_id, page.begins] = page
        return pages

    def _next(self, item: Item, version: int, *, unless_of: str | None = None) -> dict[str, Any]:
        """A put in place of the version before, unless that one is of the same step."""
        there_is_none = "attribute_not_exists(pk)"
        it_is_the_one_before = "version = :before"
        it_is_of_another_step = "(attribute_not_exists(run_id) OR run_id <> :step)"
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if version == 1:
            return put | {"ConditionExpression": there_is_none}
        values = {":before": encode(version - 1)}
        if unless_of is None:
            return put | {"ConditionExpression": it_is_the_one_before, "ExpressionAttributeValues": values}
        return put | {
            "ConditionExpression": f"{it_is_the_one_before} AND {it_is_of_another_step}",
            "ExpressionAttributeValues": values | {":step": encode(unless_of)},
        }


def _within(directory: Directory, begins: str) -> str:
    """The page, of those that the directory names, that a new one is cut off from."""
    place = bisect_right(directory.begins, begins)
    return directory.begins[place - 1] if place else FIRST


def _directory_item(directory: Directory) -> Item:
    """Beginnings as one JSON text: some 50 bytes each at most, so the item has room for thousands of pages."""
    return encode_item(
        {
            **keys.fleet_directory_key(directory.integration_id),
            "integration_id": directory.integration_id,
            "begins": json.dumps(directory.begins, separators=(",", ":"), ensure_ascii=False),
            "version": directory.version,
        }
    )


def _directory_from(item: Mapping[str, Any]) -> Directory:
    values = decode_item(item)
    return Directory(values["integration_id"], tuple(json.loads(values["begins"])), values["version"])
