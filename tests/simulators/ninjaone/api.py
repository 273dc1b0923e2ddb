"""NinjaOne over HTTP: OAuth beneath `/ws/oauth`, the API beneath `/v2` and `/api/v2`.

Where neither specification nor observation says what an answer looks like (unknown device, reset of an alert that is
not in force, a bad parameter), it is the observed `resultCode` shape; vendors.md 1.3 has the three shapes of errors.
"""

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from tests.simulators.faults import Kind
from tests.simulators.messages import BadBodyError, Reply, Request, Routes, html_reply, json_reply
from tests.simulators.ninjaone.filters import matches
from tests.simulators.ninjaone.oauth import AuthorizationServer, RefusedError, Token
from tests.simulators.ninjaone.queries import (
    QUERIES,
    CursorGoneError,
    Cursors,
    os_patches,
    software,
    software_patches,
)
from tests.simulators.ninjaone.rendering import Rendering
from tests.simulators.ninjaone.state import Alert, Device, State
from tests.simulators.ninjaone.webhooks import Registration
from tests.simulators.table import Table, array

NOT_ADMINISTRATOR = "Only system administrators can configure webhooks"
OTHER_PSA = "Different PSA is already configured"
_PAGE_SIZE = 1000
_ACTIVITIES_PAGE_SIZE = 200
_CONSENT = """<!doctype html>
<html><head><title>Authorize {name}</title></head><body>
<h1>{name} wants to access NinjaOne</h1><p>Scopes: {scopes}</p>
<p><a href="{allow}">Allow</a> <a href="{deny}">Deny</a></p>
</body></html>
"""

Item = TypeVar("Item")


class Api:
    """The routes. What may be set: `webhook_refusal`, the text of the 403 to a webhook's registration and removal;
    `consent`, "page" or the answer that the consent page gives by itself, "allow" or "deny"; `user_context_status`,
    the status of a refused script run, which nobody has written down."""

    def __init__(
        self, state: State, rendering: Rendering, oauth: AuthorizationServer, now: Callable[[], float]
    ) -> None:
        self.webhook_refusal: str | None = None
        self.consent = "page"
        self.user_context_status = 400
        self.registrations: dict[str, Registration] = {}
        self.scripts_run: list[dict[str, Any]] = []
        self.url = ""
        self._state = state
        self._rendering = rendering
        self._oauth = oauth
        self._now = now
        self._cursors = Cursors()
        self._public = Routes()
        self._routes = Routes()
        self._add_routes()

    def answer(self, request: Request) -> Reply:
        """Public pages first, then what needs a token: 401 before 404."""
        public = self._public.find(request.path)
        if public is not None:
            found = public[0].get(request.method)
            return found(request) if found is not None else self.failure(405, "HTTP 405 Method Not Allowed")
        token = self._token(request)
        if token is None:
            return self.invalid_token()
        needed = "monitoring" if request.method == "GET" else "management"
        if needed not in token.scopes:
            described = f"The scope {needed} is required"
            return json_reply(
                {"error": "insufficient_privileges", "error_description": described, "error_code": 4}, 401
            )
        self._state.end_maintenance(self._now())
        found_path = self._routes.find(re.sub(r"^/api(?=/v2/)", "", request.path))
        if found_path is None:
            return self.failure(404, "HTTP 404 Not Found")
        answers, within = found_path
        if request.method not in answers:
            return self.failure(405, "HTTP 405 Method Not Allowed")
        try:
            return answers[request.method](request, token, *within)
        except CursorGoneError:
            return self.failure(400, "Cursor not found or expired")
        except BadBodyError:
            return self.failure(400, "Malformed JSON")
        except (ValueError, TypeError, KeyError) as error:
            return self.failure(400, f"Invalid parameter: {error}")

    def failure(self, status: int, message: str) -> Reply:
        """The observed shape of an error; the incident's number never says anything to the caller."""
        incident = f"WEB_MGMT_SERVICE-2a-{int(self._now())}-FPCHHYPJ"
        return json_reply({"resultCode": "FAILURE", "errorMessage": message, "incidentId": incident}, status)

    def invalid_token(self) -> Reply:
        """For a token that is missing, unknown or expired."""
        described = "The access token is invalid or has expired"
        return json_reply({"error": "invalid_token", "error_description": described, "error_code": 2}, 401)

    def expire_cursors(self) -> None:
        """Nobody can go on with a query."""
        self._cursors.forget()

    # ---- routes

    def _add_routes(self) -> None:
        state, rendering = self._state, self._rendering
        for prefix in ("/ws/oauth", "/oauth"):
            self._public.add("GET", f"{prefix}/authorize", self._authorize)
            self._public.add("POST", f"{prefix}/token", self._give_token)
            self._public.add("POST", f"{prefix}/revoke", self._revoke)
        self._public.add("GET", "/.well-known/oauth-authorization-server", self._metadata)
        add = self._routes.add
        add("GET", "/v2/organizations", self._listing(state.organizations, "plain", rendering.organization))
        add(
            "GET",
            "/v2/organizations-detailed",
            self._listing(state.organizations, "detailed", rendering.organization_detailed),
        )
        add("GET", "/v2/organization/{id}", self._organization)
        add("GET", "/v2/organization/{id}/locations", self._organization_locations)
        add("GET", "/v2/organization/{id}/devices", self._organization_devices)
        add("GET", "/v2/locations", self._listing(state.locations, "plain", rendering.location))
        add("GET", "/v2/devices", self._listing(state.devices, "plain", rendering.device))
        add("GET", "/v2/devices-detailed", self._listing(state.devices, "detailed", rendering.device_detailed))
        add("GET", "/v2/device/{id}", self._of_device(lambda device, _: rendering.device_detailed(device)))
        add("GET", "/v2/device/{id}/alerts", self._of_device(self._device_alerts))
        add("GET", "/v2/device/{id}/activities", self._of_device(self._device_activities))
        add("GET", "/v2/device/{id}/software", self._of_device(lambda device, _: software(state, device)))
        add("GET", "/v2/device/{id}/os-patches", self._of_device(lambda each, _: os_patches(each, self._now())))
        add(
            "GET",
            "/v2/device/{id}/os-patch-installs",
            self._of_device(lambda each, _: os_patches(each, self._now(), installed=True)),
        )
        add(
            "GET",
            "/v2/device/{id}/software-patches",
            self._of_device(lambda each, _: software_patches(each, self._now())),
        )
        add("GET", "/v2/device/{id}/dashboard-url", self._dashboard_url)
        add("POST", "/v2/device/{id}/script/run", self._run_script)
        add("POST", "/v2/device/{id}/reboot/{mode}", self._reboot)
        add("GET", "/v2/alerts", self._alerts)
        add("POST", "/v2/alert/{uid}/reset", self._reset)
        add("DELETE", "/v2/alert/{uid}", self._reset)
        add("GET", "/v2/activities", self._activities)
        add("PUT", "/v2/webhook", self._register)
        add("DELETE", "/v2/webhook", self._unregister)
        for query in QUERIES:
            add("GET", f"/v2/queries/{query}", self._query(query))

    # ---- OAuth

    def _authorize(self, request: Request) -> Reply:
        client = self._oauth.clients.get(request.parameter("client_id") or "")
        redirect_uri = request.parameter("redirect_uri") or ""
        if client is None:
            return html_reply("<h1>Unknown client application</h1>", 400)
        if redirect_uri not in client.redirect_uris:
            return html_reply("<h1>The redirect URI is not registered</h1>", 400)
        state = {"state": value} if (value := request.parameter("state")) is not None else {}
        decision = request.parameter("decision") or self.consent
        if request.parameter("response_type") != "code":
            return _redirect(redirect_uri, {"error": "unsupported_response_type", **state})
        method = request.parameter("code_challenge_method")
        if request.parameter("code_challenge") is not None and method != "S256":
            return _redirect(redirect_uri, {"error": "invalid_request", **state})
        if decision == "allow":
            scope = request.parameter("scope") or ""
            code = self._oauth.code(client, redirect_uri, scope, request.parameter("code_challenge"))
            return _redirect(redirect_uri, {"code": code, **state})
        if decision == "deny":
            return _redirect(redirect_uri, {"error": "access_denied", **state})
        links = {each: escape(f"{request.path}?{request.query}&decision={each}") for each in ("allow", "deny")}
        scopes = escape(request.parameter("scope") or "")
        return html_reply(_CONSENT.format(name=escape(client.id), scopes=scopes, **links))

    def _give_token(self, request: Request) -> Reply:
        never_kept = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        try:
            issued = self._oauth.token(request.form(), request.headers.get("authorization"))
        except RefusedError as error:
            told = {"error": error.error, "error_description": error.description}
            return json_reply(told, error.status, never_kept)
        return json_reply(issued, headers=never_kept)

    def _revoke(self, request: Request) -> Reply:
        self._oauth.revoke(request.form().get("token", ""))
        return Reply(200)

    def _metadata(self, _: Request) -> Reply:
        return json_reply(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/ws/oauth/authorize",
                "token_endpoint": f"{self.url}/ws/oauth/token",
                "revocation_endpoint": f"{self.url}/ws/oauth/revoke",
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "scopes_supported": ["monitoring", "management", "control", "offline_access"],
            }
        )

    def _token(self, request: Request) -> Token | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return self._oauth.find(value.strip()) if scheme.lower() == "bearer" else None

    # ---- listings

    def _listing(self, table: Table[int, Item], view: str, render: Callable[[Item], Any]) -> Callable[..., Reply]:
        """`pageSize` and `after`, the last id of the page before; a bare array."""

        def answer(request: Request, _: Token) -> Reply:
            chosen = self._filtered(table, request)
            if chosen is not None:
                return json_reply(array([table.json(view, item, render) for item in _spoilt(chosen, request)]))
            size, after = request.number("pageSize", _PAGE_SIZE), request.number("after", 0)
            items = table.after(after, size)
            if Kind.REPEATED_PAGE in request.effects:
                items = table.after(None, size)
            if Kind.MISSING_PAGE in request.effects:
                items = table.after(after, 2 * size)[size:]
            return json_reply(array([table.json(view, item, render) for item in _spoilt(items, request)]))

        return answer

    def _filtered(self, table: Table[int, Any], request: Request) -> list[Any] | None:
        """A page of the devices that the filter lets through; None if there is no filter."""
        device_filter = request.parameter("df")
        if not device_filter or table is not self._state.devices:
            return None
        chosen = self._devices(device_filter)
        after, size = request.number("after", 0), request.number("pageSize", _PAGE_SIZE)
        return [device for device in chosen if device.id > after][:size]

    def _organization(self, _: Request, __: Token, organization_id: str) -> Reply:
        organization = self._state.organizations.get(_number(organization_id))
        if organization is None:
            return self.failure(404, "Organization not found")
        return json_reply(self._rendering.organization_detailed(organization))

    def _organization_locations(self, _: Request, __: Token, organization_id: str) -> Reply:
        locations = self._state.locations_of(_number(organization_id))
        return json_reply([self._rendering.location(location) for location in locations])

    def _organization_devices(self, request: Request, _: Token, organization_id: str) -> Reply:
        after, size = request.number("after", 0), request.number("pageSize", _PAGE_SIZE)
        wanted = _number(organization_id)
        devices = [each for each in self._state.devices if each.organization_id == wanted and each.id > after]
        return json_reply([self._rendering.device(device) for device in _spoilt(devices[:size], request)])

    def _alerts(self, request: Request, _: Token) -> Reply:
        """All of them: this listing has no pages."""
        alerts: list[Alert] = list(self._state.alerts.values())
        source_type, device_filter = request.parameter("sourceType"), request.parameter("df")
        if source_type:
            alerts = [alert for alert in alerts if alert.condition.source_type == source_type]
        if device_filter:
            alerts = [each for each in alerts if matches(self._state.devices[each.device_id], device_filter)]
        return json_reply([self._rendering.alert(alert) for alert in _spoilt(alerts, request)])

    # ---- devices

    def _of_device(self, render: Callable[[Device, Request], Any]) -> Callable[..., Reply]:
        def answer(request: Request, _: Token, device_id: str) -> Reply:
            device = self._state.devices.get(_number(device_id))
            return self._no_device() if device is None else json_reply(render(device, request))

        return answer

    def _no_device(self) -> Reply:
        return self.failure(404, "Device not found")

    def _device_alerts(self, device: Device, _: Request) -> list[dict[str, Any]]:
        return [self._rendering.alert(alert) for alert in self._state.alerts_of(device.id)]

    def _device_activities(self, device: Device, request: Request) -> dict[str, Any]:
        return self._activities_page(request, device.id)

    def _dashboard_url(self, request: Request, _: Token, device_id: str) -> Reply:
        if self._state.devices.get(_number(device_id)) is None:
            return self._no_device()
        url = f"{self.url}/#/deviceDashboard/{quote(device_id)}/overview"
        if request.parameter("redirect") == "true":
            return Reply(302, headers={"Location": url})
        return json_reply({"url": url, "expires": self._now() + 300})

    def _run_script(self, request: Request, token: Token, device_id: str) -> Reply:
        if token.user_id is None:
            described = "Access key does not have user context which is required for this request"
            told = {"error": "user_context_required", "error_description": described, "error_code": 5}
            return json_reply(told, self.user_context_status)
        if self._state.devices.get(_number(device_id)) is None:
            return self._no_device()
        body = request.members()
        if body.get("type") not in ("SCRIPT", "ACTION") or not isinstance(body.get("parameters", ""), str):
            return self.failure(400, "Invalid script request")
        self.scripts_run.append({"deviceId": _number(device_id), **body})
        return Reply(204)

    def _reboot(self, _: Request, __: Token, device_id: str, mode: str) -> Reply:
        if self._state.devices.get(_number(device_id)) is None:
            return self._no_device()
        return Reply(204) if mode in ("NORMAL", "FORCED") else self.failure(400, "Invalid reboot mode")

    # ---- alerts and activities

    def _reset(self, request: Request, token: Token, uid: str) -> Reply:
        if uid not in self._state.alerts:
            return self.failure(404, "Alert not found")
        self._state.reset(uid, token.user_id, request.members() if request.method == "POST" else None)
        return Reply(204)

    def _activities(self, request: Request, _: Token) -> Reply:
        return json_reply(self._activities_page(request, None))

    def _activities_page(self, request: Request, device_id: int | None) -> dict[str, Any]:
        """Newest first. `newerThan` and `olderThan` are ids and mean what their names say."""
        newer, older = request.number("newerThan", 0), request.number("olderThan", 2**62)
        wanted = {name: request.parameter(name) for name in ("type", "activityType", "status", "seriesUid")}
        kind, status, series = wanted["type"] or wanted["activityType"], wanted["status"], wanted["seriesUid"]
        chosen = [
            activity
            for activity in reversed(self._state.activities)
            if newer < activity.id < older
            and device_id in (None, activity.device_id)
            and kind in (None, activity.activity_type)
            and (status is None or activity.status_code in status.split(","))
            and series in (None, activity.series_uid)
        ][: request.number("pageSize", _ACTIVITIES_PAGE_SIZE)]
        last = self._state.activities[-1].id if self._state.activities else 0
        shown = [self._rendering.activity(activity) for activity in _spoilt(chosen, request)]
        return {"lastActivityId": last, "activities": shown}

    # ---- webhook

    def _register(self, request: Request, token: Token) -> Reply:
        if self.webhook_refusal is not None:
            return self.failure(403, self.webhook_refusal)
        self.registrations[token.client_id] = Registration.of(request.members())
        return Reply(204)

    def _unregister(self, _: Request, token: Token) -> Reply:
        if self.webhook_refusal is not None:
            return self.failure(403, self.webhook_refusal)
        self.registrations.pop(token.client_id, None)
        return Reply(204)

    # ---- queries

    def _query(self, query: str) -> Callable[..., Reply]:
        def answer(request: Request, _: Token) -> Reply:
            size, now = request.number("pageSize", _PAGE_SIZE), self._now()
            name = request.parameter("cursor")
            if name:
                cursor = self._cursors.find(name, query, now)
            else:
                rows = self._rows(query, request.parameter("df"), request)
                cursor = self._cursors.open(self._state.new_uid(), query, rows, now)
            offset = cursor.offset
            if Kind.REPEATED_PAGE in request.effects and cursor.first:
                page, more = cursor.first, True
            else:
                page, more = self._cursors.page(cursor, size)
            if Kind.MISSING_PAGE in request.effects:
                page, more = self._cursors.page(cursor, size) if more else ([], False)
            if request.effects & {Kind.HALF_LISTING, Kind.EMPTY_LISTING}:
                page, more = _spoilt(page, request), False
            if not more and offset == 0:
                return json_reply({"results": page})
            told = {"name": cursor.name, "offset": offset, "count": len(page), "expires": cursor.expires}
            return json_reply({"cursor": told, "results": page})

        return answer

    def _rows(self, query: str, device_filter: str | None, request: Request) -> Iterator[dict[str, Any]]:
        wanted = {
            column: value
            for name, column in (("status", "status"), ("health", "healthStatus"), ("productState", "productState"))
            if (value := request.parameter(name)) is not None
        }
        now = self._now()
        for device in self._devices(device_filter):
            for row in QUERIES[query](self._state, device, now):
                if all(row.get(column) == value for column, value in wanted.items()):
                    yield row

    def _devices(self, device_filter: str | None) -> list[Device]:
        """Those that the filter lets through. One device is found without looking at all of them."""
        one = re.fullmatch(r"\s*id\s*(?:=|eq)\s*(\d+)\s*", device_filter or "")
        if one is not None:
            device = self._state.devices.get(int(one[1]))
            return [] if device is None else [device]
        return [each for each in self._state.devices if not device_filter or matches(each, device_filter)]


def _spoilt(items: list[Item], request: Request) -> list[Item]:
    if Kind.EMPTY_LISTING in request.effects:
        return []
    return items[: len(items) // 2] if Kind.HALF_LISTING in request.effects else items


def _number(text: str) -> int:
    """Raises ValueError, which is a bad parameter."""
    return int(text)


def _redirect(redirect_uri: str, parameters: dict[str, str]) -> Reply:
    separator = "&" if "?" in redirect_uri else "?"
    return Reply(302, headers={"Location": f"{redirect_uri}{separator}{urlencode(parameters)}"})
