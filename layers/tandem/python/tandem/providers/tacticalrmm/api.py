"""Tactical RMM's API. Sources: tactical-live.md; vendors.md 2.3 and 2.4; the recorded answers.

Every list is one bare array without pages, so it is read row by row. All paths end with a slash: a PATCH without one is
lost on the way.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.connections.authorization import KeyInHeader, TokenInHeader, TokenSource
from tandem.connections.calls import Call
from tandem.connections.errors import NotFound
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Limits, RateLimit
from tandem.connections.rmm import Account, AlertSeen, DeviceSeen, OrganizationSeen
from tandem.providers.api_alerts import Listing, Row, alert_at, alerts_of, fields_of, identifier
from tandem.providers.event import Reading
from tandem.providers.fields import labelled
from tandem.providers.moments import moment
from tandem.providers.tacticalrmm.identity import external_alert_id, of_api
from tandem.providers.tacticalrmm.webhook import reading

LIMITS: Final = Limits(RateLimit(requests=300, per=timedelta(minutes=1)))
"""The server limits logins only (login.py); this is for its own good."""

_ACTIVE = {"resolvedFilter": False, "snoozedFilter": True}
"""Unresolved ones, snoozed and hidden ones among them: they have not ended, and their webhooks are sent all the same.
`true` filters nothing."""


def key_authorization(api_key: str) -> KeyInHeader:
    """An API key, of a user and its role."""
    return KeyInHeader("X-API-KEY", api_key)


def session_authorization(source: TokenSource) -> TokenInHeader:
    """A session's token (login.py)."""
    return TokenInHeader("Token", source)


class TacticalRmm:
    """One Tactical RMM server; the port is connections/rmm.py. Its organizations are the clients; a site is a fact
    about a device."""

    def __init__(self, http: VendorHttp, integration_id: str) -> None:
        self._http = http
        self._integration_id = integration_id

    def check(self) -> Account:
        """The server's version, a bare JSON string."""
        version = self._http.get("/core/version/")
        if not isinstance(version, str):
            raise self._http.bad_reply("its version is no text")
        return Account(f"Tactical RMM at {self._http.host}", version[:64])

    def organizations(self) -> Iterator[OrganizationSeen]:
        """The clients."""
        for row in fields_of(self._rows(Call("GET", "/clients/", repeatable=True))):
            client_id = identifier(row, "id")
            if client_id is not None:
                yield OrganizationSeen(client_id, row.name("name") or client_id)

    def devices(self) -> Iterator[DeviceSeen]:
        """The agents, from the cheapest listing. It names their clients only, so the clients are asked for first: names
        of clients are unique on a server."""
        client_ids = {client.name: client.external_id for client in self.organizations()}
        for agent in fields_of(self._rows(Call("GET", "/agents/", {"detail": "false"}, repeatable=True))):
            agent_id = identifier(agent, "agent_id")
            if agent_id is None:
                continue
            client = agent.name("client")
            yield DeviceSeen(
                agent_id,
                agent.name("hostname"),
                None if client is None else client_ids.get(client),
                client,
                labelled({"Site": agent.name("site")}),
            )

    def active_alerts(self) -> Iterator[AlertSeen]:
        """All that are not resolved. They name agent, client and site (an alert without an agent none of them), but not
        the client's number: `devices` tells it."""
        listing = self._listing()
        rows = self._rows(Call("PATCH", "/alerts/", json=_ACTIVE, repeatable=True))
        yield from alerts_of(rows, lambda row: listing.event(row, _reading(row, Kind.TRIGGERED)), _alert_id, _is_over)

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        """By its number. Raises BadReply if it cannot be read."""
        listing, path = self._listing(), _path(external_alert_id)
        return alert_at(
            self._http, path, lambda row, kind: listing.event(row, _reading(row, kind)), "resolved", external_alert_id
        )

    def resolved_alerts(self, since: datetime) -> Iterator[AlertSeen]:
        """Those that ended since then, of those that fired since then: the server filters by the time of firing, and
        in whole days."""
        listing = self._listing()
        days = max(1, (self._http.now().astimezone(UTC) - since).days + 1)
        for row in self._rows(Call("PATCH", "/alerts/", json={"timeFilter": days}, repeatable=True)):
            ended_at = moment(row.get("resolved_on")) if isinstance(row, dict) and _is_over(row) else None
            if ended_at is not None and ended_at >= since:
                yield from listing.history(row, row, _reading, _alert_id)

    def reset(self, external_alert_id: str) -> None:
        """Resolves it; twice is fine. The server sends no webhook for it, and one that was deleted is over, too."""
        call = Call("PUT", _path(external_alert_id), json={"type": "resolve"}, repeatable=True)
        try:
            self._http.request(call)
        except NotFound:
            return

    # ---- within

    def _listing(self) -> Listing:
        return Listing(self._integration_id, Provider.TACTICALRMM, self._http.now())

    def _rows(self, call: Call) -> Iterator[Any]:
        return self._http.rows(call)


def _reading(row: Row, kind: Kind) -> Reading:
    return reading(of_api(row), kind)


def _alert_id(row: Row) -> str | None:
    return external_alert_id(of_api(row))


def _is_over(row: Row) -> bool:
    return row.get("resolved") is True


def _path(alert_id: str) -> str:
    return f"/alerts/{quote(alert_id, safe='')}/"
