"""Level's API. Sources: openapi/level-v2-openapi.json; vendors.md 3 (resolve is from there).

Lists come as `{data, has_more}`, at most 100 rows a page; the next begins after the last row's id.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.connections.authorization import KeyInHeader
from tandem.connections.calls import Call, Page
from tandem.connections.errors import NotFound, Rejected
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Limits, RateLimit
from tandem.connections.rmm import Account, AlertSeen, DeviceSeen, OrganizationSeen, UnreadableAlert
from tandem.providers.api_alerts import Listing, Row, alert_at, alerts_of, fields_of, identifier
from tandem.providers.event import Reading
from tandem.providers.fields import Fields, labelled
from tandem.providers.levelio.identity import external_alert_id, of_api
from tandem.providers.levelio.listing import PAGE_SIZE, page
from tandem.providers.levelio.webhook import reading
from tandem.providers.moments import moment

BASE_URL: Final = "https://api.level.io"
LIMITS: Final = Limits(RateLimit(requests=120, per=timedelta(minutes=1)))
"""Level publishes no rate; a 429 with Retry-After is waited for."""

HISTORY_PAGES: Final = 100
"""Of ended alerts, where they come oldest first: reading them takes a minute."""

_NESTING = 50


def authorization(api_key: str) -> KeyInHeader:
    """The key as it is, with no scheme before it."""
    return KeyInHeader("Authorization", api_key)


class Level:
    """One Level organization; the port is connections/rmm.py."""

    def __init__(self, http: VendorHttp, integration_id: str) -> None:
        self._http = http
        self._integration_id = integration_id

    def check(self) -> Account:
        """Lists one group."""
        self._page("/v2/groups", {"limit": 1}, None)
        return Account("Level")

    def organizations(self) -> Iterator[OrganizationSeen]:
        """The groups, whose paths need all of them: nothing is given before the last page."""
        groups: dict[str, Fields] = {}
        for group in fields_of(self._rows("/v2/groups", {})):
            group_id = identifier(group, "id")
            if group_id is not None:
                groups[group_id] = group
        for group_id, group in groups.items():
            parent_id = identifier(group, "parent_id")
            names = _names_from_the_top(group_id, groups)
            path = " / ".join(names) if len(names) > 1 else None
            yield OrganizationSeen(group_id, group.name("name") or group_id, parent_id, path)

    def devices(self) -> Iterator[DeviceSeen]:
        """The devices with their groups."""
        for device in fields_of(self._rows("/v2/devices", {"include_operating_system": "true"})):
            device_id = identifier(device, "id")
            if device_id is not None:
                system = device.nested("operating_system").name("full_operating_system")
                yield DeviceSeen(
                    device_id,
                    # As the webhooks call it; a nickname is what people gave it beside that.
                    device.name("hostname", "nickname"),
                    identifier(device, "group_id"),
                    facts=labelled({"Operating system": system}),
                )

    def active_alerts(self) -> Iterator[AlertSeen]:
        """`status=active`."""
        listing = self._listing()
        rows = self._rows("/v2/alerts", {"status": "active"})
        yield from alerts_of(rows, lambda row: listing.event(row, _reading(row, Kind.TRIGGERED)), _alert_id, _is_over)

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        """By its id. Raises BadReply if it cannot be read."""
        listing, path = self._listing(), _path(external_alert_id)
        return alert_at(
            self._http,
            path,
            lambda row, kind: listing.event(row, _reading(row, kind)),
            "is_resolved",
            external_alert_id,
        )

    def resolved_alerts(self, since: datetime) -> Iterator[AlertSeen]:
        """`status=resolved`: there is no filter by time, nor does Level say in which order they come. Newest first, it
        ends with the first page of older ones; else with the last of so many pages, which is told."""
        listing, history = self._listing(), _History(since)
        params: dict[str, str | int] = {"limit": PAGE_SIZE, "status": "resolved"}
        for row in self._http.pages(lambda after: history.trimmed(self._page("/v2/alerts", params, after))):
            ended_at = moment(row.get("resolved_at")) if isinstance(row, dict) else None
            if ended_at is not None and ended_at >= since:
                yield from listing.history(row, row, _reading, _alert_id)
        if history.is_cut:
            most = HISTORY_PAGES * PAGE_SIZE
            yield UnreadableAlert(
                None, f"Level lists more than {most} ended alerts, the oldest first: the rest is left out"
            )

    def reset(self, external_alert_id: str) -> None:
        """POST …/resolve. What Level says to one that is resolved already is not documented, so it is looked at."""
        refusal = None
        try:
            self._http.request(Call("POST", f"{_path(external_alert_id)}/resolve", repeatable=True, may_be_empty=True))
        except NotFound:
            return
        except Rejected as error:
            refusal = error
        if refusal is not None:
            alert = self.alert(external_alert_id)
            if alert is not None and alert.kind is not Kind.RESET:
                raise refusal

    # ---- within

    def _listing(self) -> Listing:
        return Listing(self._integration_id, Provider.LEVELIO, self._http.now())

    def _rows(self, path: str, params: Mapping[str, str | int]) -> Iterator[Any]:
        return self._http.pages(lambda after: self._page(path, {"limit": PAGE_SIZE, **params}, after))

    def _page(self, path: str, params: Mapping[str, str | int], after: str | None) -> Page:
        return page(self._http, path, params, after)


class _History:
    """Where to end a listing of ended alerts of which only those since then are wanted."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._pages = 0
        self.is_cut = False

    def trimmed(self, page: Page) -> Page:
        """The page, the last one if those behind it are older still, or too many."""
        self._pages += 1
        if page.after is None or self._is_old(page.rows):
            return Page(page.rows, None)
        self.is_cut = self._pages == HISTORY_PAGES
        return Page(page.rows, None) if self.is_cut else page

    def _is_old(self, rows: Sequence[Any]) -> bool:
        """All ended before, and the first is not older than the last."""
        times = [
            (moment(row.get("started_at")), moment(row.get("resolved_at"))) for row in rows if isinstance(row, dict)
        ]
        known = [(began, ended) for began, ended in times if began is not None and ended is not None]
        if len(known) < len(rows) or not known:
            return False
        newest_first = all(first >= last for first, last in zip(known[0], known[-1], strict=True))
        return newest_first and all(ended < self._since for _, ended in known)


def _is_over(row: Row) -> bool:
    return row.get("is_resolved") is True


def _reading(row: Row, kind: Kind) -> Reading:
    return reading(of_api(row), kind, "id", None, None)


def _alert_id(row: Row) -> str | None:
    return external_alert_id(of_api(row))


def _path(alert_id: str) -> str:
    return f"/v2/alerts/{quote(alert_id, safe='')}"


def _names_from_the_top(group_id: str, groups: Mapping[str, Fields]) -> list[str]:
    """At most 50: groups that contain each other have no top."""
    names: list[str] = []
    seen: str | None = group_id
    while seen is not None and seen in groups and len(names) < _NESTING:
        names.insert(0, groups[seen].name("name") or seen)
        seen = identifier(groups[seen], "parent_id")
    return names
