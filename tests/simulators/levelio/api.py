"""Level over HTTP. Sources: openapi/level-v2-openapi.json and vendors.md 3.

Not documented, and therefore chosen: the words of 404 and 422, and that a limit outside 1 to 100 or a cursor that never
was is 422.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tests.simulators.faults import Kind
from tests.simulators.levelio.rendering import INCLUDES, Rendering, update_key
from tests.simulators.levelio.state import Device, State
from tests.simulators.messages import BadBodyError, Reply, Request, Routes, json_reply
from tests.simulators.table import Table, UnknownKeyError, array, encoded

DEFAULT_LIMIT, MOST = 20, 100


@dataclass(frozen=True)
class Key:
    """An API key of the organization."""

    value: str
    may_write: bool = True


class Api:
    """The routes; the keys that are valid may be changed."""

    def __init__(self, state: State, rendering: Rendering) -> None:
        self.keys: dict[str, Key] = {}
        self._state = state
        self._rendering = rendering
        self._routes = Routes()
        self._add_routes()

    def answer(self, request: Request) -> Reply:
        """401 first, whatever is asked for; then 404 and 405, then 403 for a key that may only read."""
        # The key as it is: there is no scheme before it.
        key = self.keys.get(request.headers.get("authorization", ""))
        if key is None:
            return refused(401, "Access denied")
        found = self._routes.find(request.path)
        if found is None:
            return refused(404, "Not found")
        answers, within = found
        if request.method not in answers:
            return refused(405, "Method not allowed")
        if request.method != "GET" and not key.may_write:
            return refused(403, "Forbidden: this API key is read-only")
        try:
            return answers[request.method](request, *within)
        except BadBodyError:
            return refused(400, "Malformed JSON")
        except UnknownKeyError:
            return refused(422, "starting_after or ending_before is not a known id")
        except KeyError:
            return refused(404, "Not found")
        except (ValueError, TypeError) as error:
            return refused(422, str(error))

    def _add_routes(self) -> None:
        add, state, rendering = self._routes.add, self._state, self._rendering
        add("GET", "/v2/groups", self._groups)
        add("GET", "/v2/groups/{id}", lambda _, each: json_reply(rendering.group(state.groups[each])))
        add("GET", "/v2/devices", self._devices)
        add("GET", "/v2/devices/{id}", self._device)
        add("GET", "/v2/alerts", self._alerts)
        add("GET", "/v2/alerts/{id}", lambda _, each: json_reply(rendering.alert(state.alerts[each])))
        add("POST", "/v2/alerts/{id}/resolve", self._resolve)
        add("GET", "/v2/updates", self._updates)
        add("POST", "/v2/automations/webhooks/{token}", self._run_automation)

    # ---- routes

    def _groups(self, request: Request) -> Reply:
        parent = request.parameter("parent_id")

        def wanted(group: Any) -> bool:
            return parent is None or group.parent_id == (None if parent == "null" else parent)

        return self._page(request, self._state.groups, wanted, "plain", self._rendering.group, parent is None)

    def _devices(self, request: Request) -> Reply:
        group, ancestor = request.parameter("group_id"), request.parameter("ancestor_group_id")
        hostname, serial = request.parameter("hostname"), request.parameter("serial_number")
        groups = None if ancestor is None else self._state.below(ancestor)
        includes = _includes(request)

        def wanted(device: Device) -> bool:
            return (
                (group is None or device.group_id == group)
                and (groups is None or device.group_id in groups)
                and (hostname is None or device.hostname == hostname)
                and (serial is None or self._rendering.device(device)["serial_number"] == serial)
            )

        everything = group is None and ancestor is None and hostname is None and serial is None
        return self._page(
            request,
            self._state.devices,
            wanted,
            "+".join(includes),
            lambda device: self._rendering.device(device, includes),
            everything,
        )

    def _device(self, request: Request, device_id: str) -> Reply:
        return json_reply(self._rendering.device(self._state.devices[device_id], _includes(request)))

    def _alerts(self, request: Request) -> Reply:
        device, status = request.parameter("device_id"), request.parameter("status")
        if status not in (None, "active", "resolved"):
            raise ValueError("status is active or resolved")

        def wanted(alert: Any) -> bool:
            is_active = alert.resolved_at is None
            return (device is None or alert.device_id == device) and (
                status is None or is_active == (status == "active")
            )

        everything = device is None and status is None
        return self._page(request, self._state.alerts, wanted, "plain", self._rendering.alert, everything)

    def _resolve(self, _: Request, alert_id: str) -> Reply:
        return json_reply(self._rendering.alert(self._state.resolve(alert_id)))

    def _updates(self, request: Request) -> Reply:
        device, status = request.parameter("device_id"), request.parameter("status")
        limit, after = _limit(request), request.parameter("starting_after")
        if Kind.REPEATED_PAGE in request.effects:
            after = None
        devices = self._from(after) if device is None else [self._state.devices[device]]
        rows = (
            update
            for each in devices
            for update in self._rendering.updates(each)
            if status is None or update["is_available"] == (status == "available")
        )
        if after is not None:
            # Those of the first device that come before it, and it.
            rows = (row for row in rows if update_key(row["id"]) > update_key(after))
        if Kind.MISSING_PAGE in request.effects:
            list(islice(rows, limit))
        chosen = list(islice(rows, limit + 1))
        return _listing(request, [encoded(row) for row in chosen[:limit]], len(chosen) > limit)

    def _from(self, update_id: str | None) -> Iterator[Device]:
        """The devices whose updates come behind this one, the one that has it among them."""
        if update_id is None:
            yield from self._state.devices
            return
        number, _ = update_key(update_id)
        device_id = self._state.by_number.get(number)
        if device_id is None:
            raise UnknownKeyError(update_id)
        device = self._state.devices.get(device_id)
        if device is not None:
            yield device
        while following := self._state.devices.after(device_id, MOST):
            yield from following
            device_id = following[-1].id

    def _run_automation(self, request: Request, token: str) -> Reply:
        self._state.automation_runs.append({"token": token, **request.members()})
        return json_reply({"status": "ok"})

    # ---- listings

    def _page(
        self,
        request: Request,
        table: Table[str, Any],
        wanted: Callable[[Any], bool],
        view: str,
        render: Callable[[Any], Any],
        everything: bool,
    ) -> Reply:
        """`limit`, `starting_after` or `ending_before`; `has_more` says whether to go on in that direction."""
        limit = _limit(request)
        after, before = request.parameter("starting_after"), request.parameter("ending_before")
        if Kind.REPEATED_PAGE in request.effects:
            after = None
        if before is not None:
            found = [item for item in table.before(before, len(table)) if wanted(item)]
            chosen, more = found[-limit:], len(found) > limit
        else:
            skipped = limit if Kind.MISSING_PAGE in request.effects else 0
            # With a filter all that follows is looked through, else no more than the page.
            found = table.after(after, skipped + limit + 1 if everything else len(table))
            found = [item for item in found if wanted(item)][skipped:]
            chosen, more = found[:limit], len(found) > limit
        return _listing(request, [table.json(view, item, render) for item in chosen], more)


def refused(status: int, error: str) -> Reply:
    """`{"error": ...}`, as the documented 401."""
    return json_reply({"error": error}, status)


def _listing(request: Request, rows: list[bytes], more: bool) -> Reply:
    if Kind.EMPTY_LISTING in request.effects:
        rows, more = [], False
    if Kind.HALF_LISTING in request.effects:
        rows, more = rows[: len(rows) // 2], False
    if Kind.REPEATED_PAGE in request.effects:
        more = True
    return json_reply(b'{"data":' + array(rows) + b',"has_more":' + (b"true}" if more else b"false}"))


def _limit(request: Request) -> int:
    limit = request.number("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MOST:
        raise ValueError(f"limit is between 1 and {MOST}")
    return limit


def _includes(request: Request) -> list[str]:
    return [name for name in INCLUDES if request.parameter(f"include_{name}") == "true"]
