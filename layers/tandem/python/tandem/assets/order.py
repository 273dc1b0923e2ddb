"""In which order an integration's devices stand, and on which of its fleet's pages each does.

A page begins at a sort key and ends before the next page's beginning, so the directory (all beginnings, sorted, the
first one "") says of every device, known or not, which page is its. Pages are split when they grow, never joined: a
fleet that shrinks leaves some small ones, which cost next to nothing.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from tandem.assets.models import FleetPage

PAGE = 250
"""Devices of a page when it is made."""

SPLIT_ABOVE = 2 * PAGE
"""A page of more devices is split."""

FIRST = ""
"""The beginning of the first page."""

_DIGITS = 20

Row = TypeVar("Row")


def sort_key(external_id: str) -> str:
    """Numbers stand in their order, new ones at the end: so only the last page of an RMM that numbers its devices
    grows."""
    if len(external_id) <= _DIGITS and external_id.isascii() and external_id.isdigit():
        return external_id.zfill(_DIGITS)
    return external_id


def page_beginning(directory: Sequence[str], external_id: str) -> str:
    """The beginning of the page of the device. `directory`: sorted; empty before the first sync."""
    place = bisect_right(directory, sort_key(external_id))
    return directory[place - 1] if place else FIRST


def directory_of(directory: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
    """The directory in which no page holds more than SPLIT_ABOVE of the devices with these sort keys (sorted), the
    given one if that is so already. Several devices with the same sort key (`7` and `007`) share a page."""
    beginnings: list[str] = []
    for beginning, of_page in cut(directory, keys, lambda key: key):
        beginnings.append(beginning)
        if len(of_page) > SPLIT_ABOVE:
            beginnings.extend(_cuts(of_page))
    return tuple(beginnings)


def cut(directory: Sequence[str], rows: Iterable[Row], key: Callable[[Row], str]) -> Iterator[tuple[str, list[Row]]]:
    """Each page's beginning and its rows, empty pages too. `rows`: sorted by `key`, which is a sort key."""
    beginnings = tuple(directory) or (FIRST,)
    place = 0
    of_page: list[Row] = []
    for row in rows:
        while place + 1 < len(beginnings) and key(row) >= beginnings[place + 1]:
            yield beginnings[place], of_page
            place, of_page = place + 1, []
        of_page.append(row)
    for beginning in beginnings[place:]:
        yield beginning, of_page
        of_page = []


def split_page(page: FleetPage, beginnings: Sequence[str]) -> tuple[FleetPage, ...]:
    """The page as several. `beginnings`: sorted, the first is the page's own. That one keeps its version, the others
    are new. Every entry stands in exactly one of them."""
    entries = sorted(page.entries.items(), key=lambda item: sort_key(item[0]))
    parts = cut(beginnings, entries, lambda item: sort_key(item[0]))
    return tuple(
        replace(page, entries=dict(of_page))
        if beginning == page.begins
        else FleetPage(page.integration_id, beginning, dict(of_page), page.run_id)
        for beginning, of_page in parts
    )


def _cuts(keys: Sequence[str]) -> Iterator[str]:
    """Where the pages behind the first one begin, if these devices stand on pages of about the same size."""
    pages = -(-len(keys) // PAGE)
    before = keys[0]
    for number in range(1, pages):
        beginning = keys[number * len(keys) // pages]
        if beginning > before:
            yield beginning
            before = beginning
