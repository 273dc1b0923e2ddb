"""NinjaOne's reports (`/v2/queries/*`), page by page with a named cursor. Sources: vendors.md 1.5; the OpenAPI.

The cursor is NinjaOne's: it keeps its name, and NinjaOne remembers how far it came. So the same question is answered
with the next page, and an answer that was lost, or a message that came twice, would cost a page without anybody
noticing. `offset` tells: it must have moved on by one page. If it did not, or the cursor has expired, the report is
begun anew; who reads it may get rows twice.
"""

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Any, Final

from tandem.connections.errors import NotFound, Rejected
from tandem.connections.http import VendorHttp
from tandem.providers.api_alerts import identifier
from tandem.providers.fields import Fields

PAGE_SIZE: Final = 1000
MOST_PAGES: Final = 50_000
"""Of one report: fifty million programs. One that goes on longer never ends."""

MOST_BEGINNINGS: Final = 4
"""The first included: a cursor that never holds is told, not walked for ever."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a report was read: what the next page is asked for with, and what tells that it is the next. `read`: rows
    so far. `offset_leads`: whether `offset` counts the page that it comes with; None if it cannot be told. `check`: of
    the page before. `held`: what the reader keeps for the next page, lost when the report is begun anew."""

    cursor: str | None = None
    read: int = 0
    offset_leads: bool | None = None
    was_short: bool = False
    check: int = 0
    pages_read: int = 0
    beginnings: int = 1
    held: str | None = None

    def to_text(self) -> str:
        """As it stands in a message."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def of(cls, text: str | None) -> "Walk":
        """From there on; from the beginning without one. Raises ValueError or TypeError for what `to_text` did not
        make."""
        return cls() if text is None else cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class ReportPage:
    """`held`: by the page before. `walk`: to the next page; None behind the last."""

    rows: list[Any]
    held: str | None
    walk: Walk | None


class Reports:
    """The reports of one tenant."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    def next_rows(self, report: str, walk: Walk, page_size: int = PAGE_SIZE) -> ReportPage:
        """The page that comes next, which is the first again if the cursor does not hold. Raises VendorError."""
        path = f"/v2/queries/{report}"
        while True:
            answer = self._answer(path, walk, page_size)
            if answer is None and walk.was_short:
                # A short page, and then no cursor any more: that was the last one.
                return ReportPage([], walk.held, None)
            if answer is not None:
                rows, cursor = self._read(path, answer)
                if not _has_jumped(walk, cursor, len(rows)):
                    return ReportPage(rows, walk.held, self._next(path, walk, rows, cursor, page_size))
            if walk.beginnings >= MOST_BEGINNINGS:
                raise self._http.bad_reply(
                    f"{path} was begun {walk.beginnings} times, its cursor never held to the end"
                )
            walk = Walk(beginnings=walk.beginnings + 1)

    def of_device(self, report: str, external_id: str) -> list[Any]:
        """The rows of one device. Raises VendorError."""
        # The filter's word for a device is not in the specification: what a page holds of others is left out.
        path = f"/v2/queries/{report}"
        rows, _ = self._read(path, self._http.get(path, {"df": f"id = {external_id}", "pageSize": PAGE_SIZE}))
        return [row for row in rows if reported_id(row) == external_id]

    def _answer(self, path: str, walk: Walk, page_size: int) -> Any:
        """None if there is no such cursor (any more). NinjaOne documents no error for that."""
        if walk.cursor is None:
            return self._http.get(path, {"pageSize": page_size})
        try:
            return self._http.get(path, {"pageSize": page_size, "cursor": walk.cursor})
        except (NotFound, Rejected):
            return None

    def _read(self, path: str, answer: Any) -> tuple[list[Any], Fields]:
        rows = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise self._http.bad_reply(f"{path} holds no results")
        return rows, Fields(answer).nested("cursor")

    def _next(self, path: str, walk: Walk, rows: list[Any], cursor: Fields, page_size: int) -> Walk | None:
        name = cursor.text("name")
        if not rows or name is None:
            return None
        check = zlib.crc32(repr((rows[0], rows[-1])).encode("utf-8", "replace"))
        if walk.pages_read and check == walk.check:
            raise self._http.bad_reply(f"{path} goes in circles: the same page came twice")
        if walk.pages_read + 1 >= MOST_PAGES:
            raise self._http.bad_reply(f"{path} has more than {MOST_PAGES} pages")
        leads = (
            walk.offset_leads if walk.pages_read else {0: False, len(rows): True}.get(cursor.members.get("offset", -1))
        )
        return Walk(
            name, walk.read + len(rows), leads, len(rows) < page_size, check, walk.pages_read + 1, walk.beginnings
        )


def reported_id(row: Any) -> str | None:
    """The device that a row of a report is about."""
    return identifier(Fields(row), "deviceId") if isinstance(row, dict) else None


def _has_jumped(walk: Walk, cursor: Fields, count: int) -> bool:
    """The specification does not say whether `offset` is before or behind the page: the first page does. One that stays
    at 0, or is not told, tells nothing."""
    offset = cursor.members.get("offset")
    if not walk.pages_read or walk.offset_leads is None or isinstance(offset, bool) or not isinstance(offset, int):
        return False
    return offset != 0 and offset != walk.read + (count if walk.offset_leads else 0)
