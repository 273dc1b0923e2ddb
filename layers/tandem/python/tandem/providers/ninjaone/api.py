"""NinjaOne's API, version 2. Sources: the OpenAPI of 2026; vendors.md 1.5 and 1.6.

Organizations and devices come as bare arrays in pages, the next after the last row's id; `/v2/alerts` has no pages and
lists what fires now, and nothing else. What is over is known from `/v2/activities`, newest first, whose rows are what
the webhook posts.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.connections.authorization import TokenInHeader, TokenSource
from tandem.connections.calls import Call, Page
from tandem.connections.errors import NotFound, Rejected
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Limits, RateLimit
from tandem.connections.rmm import Account, AlertSeen, DeviceSeen, OrganizationSeen
from tandem.providers.api_alerts import Listing, Row, alerts_of, fields_of, identifier
from tandem.providers.event import Reading
from tandem.providers.fields import Fields, labelled
from tandem.providers.moments import moment
from tandem.providers.ninjaone.identity import external_alert_id, of_api
from tandem.providers.ninjaone.news import ASKED_FOR
from tandem.providers.ninjaone.webhook import reading
from tandem.providers.port import BadWebhook

LIMITS: Final = Limits(RateLimit(requests=100, per=timedelta(minutes=1)))
"""NinjaOne publishes no rate for version 2; 100 a minute is what its community's clients keep to (vendors.md 1.4)."""

_PAGE_SIZE = 1000
_KINDS = {"TRIGGERED": Kind.TRIGGERED, "RESET": Kind.RESET}


def authorization(source: TokenSource) -> TokenInHeader:
    """An access token from there."""
    return TokenInHeader("Bearer", source)


class NinjaOne:
    """One NinjaOne tenant; the port is connections/rmm.py."""

    def __init__(self, http: VendorHttp, integration_id: str) -> None:
        self._http = http
        self._integration_id = integration_id

    def check(self) -> Account:
        """Lists one organization."""
        self._array("/v2/organizations", {"pageSize": 1})
        return Account(f"NinjaOne at {self._http.host}")

    def organizations(self) -> Iterator[OrganizationSeen]:
        """They have no parents."""
        for organization in fields_of(self._rows("/v2/organizations")):
            organization_id = identifier(organization, "id")
            if organization_id is not None:
                yield OrganizationSeen(organization_id, organization.name("name") or organization_id)

    def devices(self) -> Iterator[DeviceSeen]:
        """Whatever their approval status: one that waits for approval may have alerts soon."""
        for device in fields_of(self._rows("/v2/devices")):
            device_id = identifier(device, "id")
            if device_id is not None:
                facts = {
                    "System name": device.name("systemName"),
                    "DNS name": device.name("dnsName"),
                    "Device class": device.name("nodeClass"),
                }
                yield DeviceSeen(
                    device_id,
                    device.name("displayName", "systemName", "dnsName"),
                    identifier(device, "organizationId"),
                    facts=labelled(facts),
                )

    def active_alerts(self) -> Iterator[AlertSeen]:
        """`/v2/alerts`, in one request. Its rows have no state in the OpenAPI; one that has a reset's is over."""
        listing = self._listing()
        rows = self._http.rows(Call("GET", "/v2/alerts", repeatable=True))
        yield from alerts_of(
            rows,
            lambda alert: listing.event(alert, reading(of_api(alert), Kind.TRIGGERED)),
            _alert_id,
            lambda alert: _kind(alert) is Kind.RESET,
        )

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        """There is no request for one alert, so the newest of its activities says how it is."""
        listing = self._listing()
        for activity in self._activities({"seriesUid": external_alert_id}):
            kind = _kind(activity)
            if kind is None:
                continue
            try:
                return listing.event(activity, _of_activity(activity, kind))
            except BadWebhook as bad:
                problem = str(bad)
            raise self._http.bad_reply(f"alert {external_alert_id}: {problem}")
        return None

    def resolved_alerts(self, since: datetime) -> Iterator[AlertSeen]:
        """The resets among the activities since then, each with the firing that it ended, if that was since then too:
        what NinjaOne no longer shows, or is older, makes no history."""
        listing = self._listing()
        ended: dict[str, Row] = {}
        # By day, and of a timezone that is not said: a day more, and then by our own comparison.
        day_before = (since - timedelta(days=1)).date().isoformat()
        for activity in self._activities({"type": "CONDITION", "after": day_before}, since):
            kind, series = _kind(activity), _series(activity)
            if kind is Kind.RESET and series is not None:
                ended.setdefault(series, activity)
            elif kind is Kind.TRIGGERED and series is not None and series in ended:
                yield from listing.history(activity, ended.pop(series), _of_activity, _series)

    def reset(self, external_alert_id: str) -> None:
        """POST …/reset. One that is over is not found, which is as good (an inference, vendors.md 7)."""
        path = f"/v2/alert/{quote(external_alert_id, safe='')}/reset"
        try:
            self._http.request(Call("POST", path, json={}, repeatable=True, may_be_empty=True))
        except NotFound:
            return

    # ---- the webhook

    def register_webhook(self, url: str, headers: Mapping[str, str]) -> None:
        """Lets NinjaOne post conditions, and what it hears of devices, to that URL with these headers, in place of what
        it posted before: one webhook a client app. Raises VendorError: Forbidden unless a system administrator
        connected, Rejected beside another PSA."""
        conditions = {"CONDITION": ["TRIGGERED", "RESET", "ACKNOWLEDGED"]}
        try:
            self._register(url, headers, conditions | {name: list(codes) for name, codes in ASKED_FOR.items()})
        except Rejected:
            # Which status belongs to which type is not documented. Alerts must not be missed for it: hourly syncs see
            # the devices, too.
            self._register(url, headers, conditions)

    def _register(self, url: str, headers: Mapping[str, str], activities: Mapping[str, list[str]]) -> None:
        body = {
            "url": url,
            "activities": activities,
            "expand": ["device", "organization", "location"],
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
        }
        secrets = tuple(headers.values())
        self._http.request(Call("PUT", "/v2/webhook", json=body, repeatable=True, may_be_empty=True, secrets=secrets))

    def remove_webhook(self) -> None:
        """NinjaOne posts no more. Raises as `register_webhook`."""
        self._http.request(Call("DELETE", "/v2/webhook", repeatable=True, may_be_empty=True))

    # ---- within

    def _listing(self) -> Listing:
        return Listing(self._integration_id, Provider.NINJAONE, self._http.now())

    def _array(self, path: str, params: Mapping[str, str | int]) -> list[Any]:
        rows = self._http.get(path, params)
        if not isinstance(rows, list):
            raise self._http.bad_reply(f"{path} is no list")
        return rows

    def _rows(self, path: str) -> Iterator[Any]:
        def page(after: str | None) -> Page:
            rows = self._array(path, {"pageSize": _PAGE_SIZE, **({} if after is None else {"after": after})})
            if len(rows) < _PAGE_SIZE:
                return Page(rows, None)
            last = identifier(Fields(rows[-1]), "id") if isinstance(rows[-1], dict) else None
            if last is None:
                raise self._http.bad_reply(f"{path} ends a page with a row without id")
            return Page(rows, last)

        return self._http.pages(page)

    def _activities(self, params: Mapping[str, str | int], since: datetime | None = None) -> Iterator[Row]:
        """Newest first, back to `since`. `olderThan` is taken by its name; its description in the OpenAPI says the
        opposite, and a page that came before ends in BadReply."""

        def page(after: str | None) -> Page:
            older: dict[str, str | int] = {} if after is None else {"olderThan": after}
            answer = self._http.get("/v2/activities", {"pageSize": _PAGE_SIZE, **params, **older})
            rows = answer.get("activities") if isinstance(answer, dict) else None
            if not isinstance(rows, list):
                raise self._http.bad_reply("/v2/activities holds no activities")
            rows = [row for row in rows if isinstance(row, dict)]
            times = [moment(row.get("activityTime")) for row in rows[-1:]]
            is_enough = since is not None and any(at is not None and at < since for at in times)
            last = identifier(Fields(rows[-1]), "id") if rows else None
            return Page(rows, None if is_enough or len(rows) < _PAGE_SIZE else last)

        for row in self._http.pages(page):
            at = moment(row.get("activityTime"))
            if since is None or (at is not None and at >= since):
                yield row


def _kind(activity: Row) -> Kind | None:
    code = activity.get("statusCode")
    return _KINDS.get(code.upper()) if isinstance(code, str) else None


def _alert_id(row: Row) -> str | None:
    return external_alert_id(of_api(row))


def _series(activity: Row) -> str | None:
    return identifier(Fields(activity), "seriesUid")


def _of_activity(activity: Row, kind: Kind) -> Reading:
    return reading(Fields(activity), kind)
