"""One page of a listing of Level: `{data, has_more}`, at most 100 rows; the next begins after the last row's id."""

from collections.abc import Mapping
from typing import Final

from tandem.connections.calls import Page
from tandem.connections.http import VendorHttp
from tandem.providers.api_alerts import identifier
from tandem.providers.fields import Fields

PAGE_SIZE: Final = 100


def page(http: VendorHttp, path: str, params: Mapping[str, str | int], after: str | None) -> Page:
    """The page behind the row of this id. Raises VendorError: BadReply for an answer that is none."""
    answer = http.get(path, params if after is None else {**params, "starting_after": after})
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not isinstance(answer.get("has_more"), bool):
        raise http.bad_reply(f"{path} is no list with data and has_more")
    if not answer["has_more"]:
        return Page(rows, None)
    last = identifier(Fields(rows[-1]), "id") if rows and isinstance(rows[-1], dict) else None
    if last is None:
        raise http.bad_reply(f"{path} says that there is more, but not behind which id")
    return Page(rows, last)
