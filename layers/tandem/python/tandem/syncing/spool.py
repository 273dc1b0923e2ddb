"""All that a run has listed, on disk, to be read page by page of the fleet.

Memory holds three numbers a row: 100,000 devices with three listings take some 10 MB.
"""

import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType

from tandem.assets.order import sort_key
from tandem.syncing.part_codec import id_of


class Spool:
    """Lines of part_codec, each of a listing with a number. Use as a context: the file is gone behind it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self._offsets = array("Q")
        self._lengths = array("L")
        self._listings = array("H")
        self._end = 0

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, listing: int, lines: Iterable[str]) -> Iterator[str]:
        """Keep these lines; gives them on."""
        for line in lines:
            encoded = line.encode()
            self._file.write(encoded)
            self._offsets.append(self._end)
            self._lengths.append(len(encoded))
            self._listings.append(listing)
            self._end += len(encoded)
            yield line

    def pages(self, beginnings: Sequence[str]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
        """Each page's beginning with its rows as (listing, line), in the order in which they were added. Lines without
        an id stand on the first page. `beginnings`: as order.directory_of gives them."""
        placed = [array("L") for _ in beginnings]
        for row in range(len(self._offsets)):
            external_id = id_of(self._line(row))
            place = bisect_right(beginnings, sort_key(external_id)) - 1 if external_id is not None else 0
            placed[max(0, place)].append(row)
        for begins, rows in zip(beginnings, placed, strict=True):
            yield begins, [(self._listings[row], self._line(row)) for row in rows]

    def _line(self, row: int) -> str:
        self._file.seek(self._offsets[row])
        return self._file.read(self._lengths[row]).decode()
