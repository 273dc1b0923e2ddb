"""Tactical RMM over HTTP: the API's host. Sources: tactical-live.md and the recorded responses.

Which answer comes first: a path that nobody knows is 404 and HTML, or 301 if only its last slash is missing; then 401;
then 405; then 403; then what was asked for. What goes wrong in a view is 500 and HTML.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.simulators.faults import Kind
from tests.simulators.messages import BadBodyError, Reply, Request, Routes, html_reply, json_reply
from tests.simulators.table import Table, array
from tests.simulators.tacticalrmm.accounts import (
    SETUP_TOKEN_LIVES,
    Account,
    Accounts,
    KnoxToken,
    NotAuthenticatedError,
)
from tests.simulators.tacticalrmm.rendering import Rendering, unordered
from tests.simulators.tacticalrmm.state import Agent, Alert, State
from tests.simulators.tacticalrmm.timestamps import api_time

VERSION = "0.0.203"
UNREACHABLE = "Unable to contact the agent"
_AGENT_ID_LENGTH = 21
_BETA_PAGE_SIZE, _BETA_MOST = 100, 1000
_ERROR_PAGE = """
<!doctype html>
<html lang="en">
<head>
  <title>{title}</title>
</head>
<body>
  <h1>{title}</h1><p>{text}</p>
</body>
</html>
"""
_SCRIPT_NEEDS = ("script", "output", "args", "run_as_user", "env_vars", "timeout")
_COMMAND_NEEDS = ("shell", "cmd", "timeout", "run_as_user")
_ALERT_FILTERS = ("timeFilter", "clientFilter", "severityFilter", "resolvedFilter", "snoozedFilter")
_WITHOUT_LOGIN = ("/", "/v2/checkcreds/", "/v2/login/")

Item = TypeVar("Item")


class NoSuchThingError(LookupError):
    """404, in the words of the REST framework."""


class Api:
    """The routes of the API's host."""

    def __init__(self, state: State, rendering: Rendering, accounts: Accounts) -> None:
        self._state = state
        self._rendering = rendering
        self._accounts = accounts
        self._routes = Routes()
        self._add_routes()

    def answer(self, request: Request) -> Reply:
        """What the server says."""
        found = self._find(request.path)
        if found is None:
            if not request.path.endswith("/") and self._find(request.path + "/") is not None:
                query = f"?{request.query}" if request.query else ""
                return Reply(301, b"", "text/html; charset=utf-8", {"Location": f"{request.path}/{query}"})
            return not_found_page()
        answers, within = found
        headers = {"Allow": ", ".join([*answers, "OPTIONS"]), "Vary": "origin"}
        try:
            account = None if request.path in _WITHOUT_LOGIN else self._account(request)
        except NotAuthenticatedError as error:
            return json_reply({"detail": str(error)}, 401, {**headers, "WWW-Authenticate": "Token"})
        if request.method not in answers:
            return json_reply({"detail": f'Method "{request.method}" not allowed.'}, 405, headers)
        if account is not None and not self._may(account, request):
            return json_reply({"detail": "You do not have permission to perform this action."}, 403, headers)
        try:
            reply = answers[request.method](request, *within)
        except NoSuchThingError as error:
            return json_reply({"detail": str(error)}, 404, headers)
        except BadBodyError as error:
            return json_reply({"detail": f"JSON parse error - {error}"}, 400, headers)
        except (KeyError, ValueError, TypeError):
            return error_page()
        return Reply(reply.status, reply.body, reply.content_type, {**headers, **reply.headers})

    def _find(self, path: str) -> tuple[dict[str, Callable[..., Reply]], tuple[str, ...]] | None:
        found = self._routes.find(path)
        if found is None or (path.startswith("/beta/") and not self._state.settings.beta_api):
            return None
        # The path's own pattern: an id of an agent has at least 21 characters.
        takes_agent = re.match(r"/(agents|software|winupdate)/[^/]+/", path)
        if takes_agent is not None and found[1] and len(found[1][0]) < _AGENT_ID_LENGTH:
            return None
        return found

    def _account(self, request: Request) -> Account:
        return self._accounts.authenticated(request.headers.get("x-api-key"), request.headers.get("authorization"))

    @staticmethod
    def _may(account: Account, request: Request) -> bool:
        if request.path in ("/core/version/", "/logout/"):
            return True
        reads = request.method == "GET" or (request.method, request.path) == ("PATCH", "/alerts/")
        return account.may_read if reads else account.may_write

    def _add_routes(self) -> None:
        add, state, rendering = self._routes.add, self._state, self._rendering
        add("GET", "/", lambda _: json_reply({"status": "ok"}))
        add("POST", "/v2/checkcreds/", self._check_credentials)
        add("POST", "/v2/login/", self._login)
        add("POST", "/logout/", self._logout)
        add("GET", "/core/version/", lambda _: json_reply(VERSION))
        add("GET", "/core/urlaction/", self._url_actions)
        add("GET", "/clients/", lambda _: json_reply([rendering.client(each) for each in _by_name(state.clients)]))
        add("GET", "/clients/sites/", lambda _: json_reply([rendering.site(each) for each in _by_name(state.sites)]))
        add("GET", "/agents/", self._agents)
        add("GET", "/agents/{agent_id}/", lambda _, each: json_reply(rendering.agent(self._agent(each))))
        add("GET", "/agents/{agent_id}/ping/", self._ping)
        add("POST", "/agents/{agent_id}/runscript/", self._run_script)
        add("POST", "/agents/{agent_id}/cmd/", self._command)
        add("POST", "/agents/{agent_id}/reboot/", self._reboot)
        add("GET", "/software/", self._all_software)
        add("GET", "/software/{agent_id}/", self._software)
        add("PUT", "/software/{agent_id}/", self._refresh_software)
        add("GET", "/winupdate/{agent_id}/", lambda _, each: json_reply(rendering.updates(self._agent(each))))
        add("POST", "/alerts/", self._add_alert)
        add("PATCH", "/alerts/", self._alerts)
        add("POST", "/alerts/bulk/", self._bulk)
        add("GET", "/alerts/{id}/", lambda _, each: json_reply(rendering.alert(self._alert(each))))
        add("PUT", "/alerts/{id}/", self._change_alert)
        add("DELETE", "/alerts/{id}/", self._delete_alert)
        add("GET", "/beta/v1/client/", self._beta_clients)
        add("GET", "/beta/v1/client/{id}/", self._beta_alone(state.clients, rendering.beta_client))
        add("GET", "/beta/v1/site/", lambda request: self._beta_list(request, state.sites, rendering.beta_site))
        add("GET", "/beta/v1/site/{id}/", self._beta_alone(state.sites, rendering.beta_site))
        add("GET", "/beta/v1/agent/", self._beta_agents)
        add("GET", "/beta/v1/agent/{id}/", self._beta_alone(state.agents, rendering.beta_agent_alone))

    # ---- logins

    def _check_credentials(self, request: Request) -> Reply:
        wait = self._accounts.throttled(request.client, "checkcreds")
        if wait is not None:
            return throttled(wait)
        account = self._by_password(request)
        if account is None:
            return json_reply("Bad credentials", 400)
        if account.totp_secret is not None:
            return json_reply({"totp": True})
        token = self._accounts.new_token(account, SETUP_TOKEN_LIVES)
        return json_reply({"expiry": api_time(token.expires), "token": token.value, "totp": False})

    def _login(self, request: Request) -> Reply:
        """Without TOTP, or without a code, the view fails."""
        wait = self._accounts.throttled(request.client, "login")
        if wait is not None:
            return throttled(wait)
        account = self._by_password(request)
        if account is None:
            return json_reply({"non_field_errors": ["Unable to log in with provided credentials."]}, 400)
        code = request.members()["twofactor"]
        if account.totp_secret is None:
            return error_page()
        if not self._accounts.totp_is_right(account, str(code)):
            return json_reply("Bad credentials", 400)
        token: KnoxToken = self._accounts.new_token(account)
        named = {"username": account.username, "name": None}
        return json_reply({"expiry": api_time(token.expires), "token": token.value, **named})

    def _by_password(self, request: Request) -> Account | None:
        given = request.members()
        account = self._accounts.users.get(str(given.get("username")))
        return account if account is not None and account.password == given.get("password") else None

    def _logout(self, request: Request) -> Reply:
        _, _, value = request.headers.get("authorization", "").partition(" ")
        self._accounts.tokens.pop(value, None)
        return Reply(204)

    # ---- agents

    def _agents(self, request: Request) -> Reply:
        """All in one array, in no order."""
        agents = self._wanted_agents(request)
        chosen = _spoilt(unordered(agents), request)
        if request.parameter("detail") == "false":
            return json_reply(array(self._fragments("name", chosen, self._rendering.agent_name)))
        return json_reply(array(self._fragments("row", chosen, self._rendering.agent_row)))

    def _fragments(self, view: str, agents: list[Agent], render: Callable[[Agent], Any]) -> list[bytes]:
        return [self._state.agents.json(view, agent, render) for agent in agents]

    def _wanted_agents(self, request: Request) -> list[Agent]:
        client, site = request.parameter("client"), request.parameter("site")
        kind = request.parameter("monitoring_type")
        return [
            agent
            for agent in self._state.agents
            if (client is None or str(self._state.sites[agent.site_id].client_id) == client)
            and (site is None or str(agent.site_id) == site)
            and (kind is None or agent.monitoring_type == kind)
        ]

    def _agent(self, agent_id: str) -> Agent:
        agent = self._state.agent(agent_id)
        if agent is None:
            raise NoSuchThingError("No Agent matches the given query.")
        return agent

    def _ping(self, _: Request, agent_id: str) -> Reply:
        agent = self._agent(agent_id)
        reachable = not agent.offline and not self._state.settings.bus_down
        return json_reply({"name": agent.hostname, "status": "online" if reachable else "offline"})

    def _run_script(self, request: Request, agent_id: str) -> Reply:
        """Whatever happens it is 200, and the text says what happened."""
        agent, body = self._agent(agent_id), request.members()
        given = {name: body[name] for name in _SCRIPT_NEEDS}
        if given["output"] != "wait":
            return json_reply(f"Script {given['script']} will now be run on {agent.hostname}")
        if self._state.settings.bus_down:
            return json_reply("natsdown")
        return json_reply("timeout" if agent.offline else f"{agent.hostname}: script output\n")

    def _command(self, request: Request, agent_id: str) -> Reply:
        agent, body = self._agent(agent_id), request.members()
        given = {name: body[name] for name in _COMMAND_NEEDS}
        if self._state.settings.bus_down:
            return json_reply("natsdown")
        if agent.offline:
            return json_reply(UNREACHABLE, 400)
        return json_reply(f"{agent.hostname}: ran [{given['cmd']}] in {given['shell']}\n")

    def _reboot(self, _: Request, agent_id: str) -> Reply:
        if self._agent(agent_id).offline or self._state.settings.bus_down:
            return json_reply(UNREACHABLE, 400)
        return json_reply("ok")

    def _all_software(self, request: Request) -> Reply:
        known = [each for each in unordered(list(self._state.agents)) if self._rendering.software(each) is not None]
        return json_reply(array(self._fragments("software", _spoilt(known, request), self._rendering.software)))

    def _software(self, _: Request, agent_id: str) -> Reply:
        return json_reply(self._rendering.software(self._agent(agent_id)) or [])

    def _refresh_software(self, _: Request, agent_id: str) -> Reply:
        return self._reboot(_, agent_id)

    def _url_actions(self, _: Request) -> Reply:
        actions = [self._state.failure_action, self._state.resolved_action]
        shown = [self._rendering.url_action(number, each) for number, each in enumerate(actions, 1) if each is not None]
        return json_reply(shown)

    # ---- alerts

    def _alerts(self, request: Request) -> Reply:
        """The filters as they are: one that is absent, or true, lets everything through."""
        given = request.members()
        alerts = list(self._state.alerts)
        if "top" in given:
            open_ones = [each for each in alerts if not (each.resolved or each.snoozed or each.hidden)]
            open_ones.sort(key=lambda each: each.alert_time)
            shown = [self._rendering.alert(each) for each in open_ones[: int(given["top"])]]
            return json_reply({"alerts_count": len(open_ones), "alerts": shown})
        if any(name in given for name in _ALERT_FILTERS):
            alerts = [alert for alert in alerts if self._passes(alert, given)]
        chosen = _spoilt(alerts, request)
        return json_reply(array([self._state.alerts.json("row", each, self._rendering.alert) for each in chosen]))

    def _passes(self, alert: Alert, given: dict[str, Any]) -> bool:
        if "resolvedFilter" in given and not given["resolvedFilter"] and alert.resolved:
            return False
        if "snoozedFilter" in given and not given["snoozedFilter"] and alert.snoozed:
            return False
        if "severityFilter" in given and alert.severity not in given["severityFilter"]:
            return False
        if "clientFilter" in given:
            agent = None if alert.agent_id is None else self._state.agents.get(alert.agent_id)
            if agent is None or self._state.client_of(agent).id not in given["clientFilter"]:
                return False
        if "timeFilter" in given:
            now = self._accounts.clock.now()
            return now - timedelta(days=int(given["timeFilter"])) < alert.alert_time <= now
        return True

    def _alert(self, alert_id: str) -> Alert:
        alert = self._state.alerts.get(int(alert_id)) if alert_id.isdigit() else None
        if alert is None:
            raise NoSuchThingError("No Alert matches the given query.")
        return alert

    def _change_alert(self, request: Request, alert_id: str) -> Reply:
        alert, given = self._alert(alert_id), request.members()
        match given.get("type"):
            case None:  # any field may be set, with no word of protest
                for name in ("severity", "message", "hidden"):
                    setattr(alert, name, given.get(name, getattr(alert, name)))
                self._state.alerts.touch(alert.id)
            case "resolve":
                self._state.resolve(alert)
            case "snooze":
                if "snooze_days" not in given:
                    return json_reply("Missing 'snoozed_days' when trying to snooze alert", 400)
                self._state.snooze(alert, int(given["snooze_days"]))
            case "unsnooze":
                self._state.unsnooze(alert)
            case _:
                return json_reply("There was an error in the request data", 400)
        return json_reply("ok")

    def _delete_alert(self, _: Request, alert_id: str) -> Reply:
        alert = self._alert(alert_id)
        self._state.resolve(alert)
        self._state.alerts.remove(alert.id)
        return json_reply("ok")

    def _add_alert(self, request: Request) -> Reply:
        given = request.members()
        self._state.add_custom_alert(str(given["severity"]), str(given["message"]))
        return json_reply("ok")

    def _bulk(self, request: Request) -> Reply:
        given = request.members()
        alerts = [alert for each in given["alerts"] if (alert := self._state.alerts.get(int(each))) is not None]
        match given.get("bulk_action"):
            case "resolve":
                for alert in alerts:
                    self._state.resolve(alert)
            case "snooze" if "snooze_days" in given:
                for alert in alerts:
                    self._state.snooze(alert, int(given["snooze_days"]))
            case _:
                return json_reply("The request was invalid", 400)
        return json_reply("ok")

    # ---- the beta API

    def _beta_clients(self, request: Request) -> Reply:
        """A bare array; page parameters mean nothing here."""
        clients = _spoilt(_by_name(self._state.clients), request)
        return json_reply([self._rendering.beta_client(client) for client in clients])

    def _beta_agents(self, request: Request) -> Reply:
        if request.parameter("agent_id") is not None:
            return error_page()
        return self._beta_list(request, self._state.agents, self._rendering.beta_agent)

    def _beta_list(self, request: Request, table: Table[int, Any], render: Callable[[Any], Any]) -> Reply:
        items = self._searched(table, request)
        size = _positive(request.parameter("page_size")) or _BETA_PAGE_SIZE
        size = min(size, _BETA_MOST)
        number = _positive(request.parameter("page") or "1")
        pages = max(1, -(-len(items) // size))
        if number is None or number > pages:
            return json_reply({"detail": "Invalid page."}, 404)
        shown = number
        if Kind.REPEATED_PAGE in request.effects:
            shown = 1
        if Kind.MISSING_PAGE in request.effects:
            shown = number + 1
        rows = _spoilt(items[(shown - 1) * size : shown * size], request)
        has_next = number < pages and not request.effects & {Kind.HALF_LISTING, Kind.EMPTY_LISTING}
        address = f"http://{request.headers.get('host', '')}{request.path}"
        described = {
            "count": len(items),
            "next": _page_address(address, request, number + 1) if has_next else None,
            "previous": _page_address(address, request, number - 1) if number > 1 else None,
        }
        return json_reply({**described, "results": [render(each) for each in rows]})

    def _searched(self, table: Table[int, Any], request: Request) -> list[Any]:
        if table is not self._state.agents:
            return list(table)
        client = request.parameter("client_id")
        site, name = request.parameter("site"), request.parameter("hostname")
        searched = (request.parameter("search") or "").lower()
        return [
            agent
            for agent in self._state.agents
            if (client is None or str(self._state.client_of(agent).id) == client)
            and (site is None or str(agent.site_id) == site)
            and (name is None or agent.hostname == name)
            and searched in agent.hostname.lower()
        ]

    @staticmethod
    def _beta_alone(table: Table[int, Item], render: Callable[[Item], dict[str, Any]]) -> Callable[..., Reply]:
        """By the key in the database, and by nothing else."""

        def answer(_: Request, key: str) -> Reply:
            item = table.get(int(key)) if key.isdigit() else None
            if item is None:
                raise NoSuchThingError("Not found.")
            return json_reply(render(item))

        return answer


def error_page() -> Reply:
    """500 from outside the REST framework."""
    return html_reply(_ERROR_PAGE.format(title="Server Error (500)", text=""), 500)


def not_found_page() -> Reply:
    """404 from outside the REST framework."""
    text = "The requested resource was not found on this server."
    return html_reply(_ERROR_PAGE.format(title="Not Found", text=text), 404, {"Vary": "origin"})


def throttled(wait: int) -> Reply:
    """429 of the REST framework."""
    told = {"detail": f"Request was throttled. Expected available in {wait} seconds."}
    return json_reply(told, 429, {"Retry-After": str(wait)})


def _by_name(table: Table[int, Any]) -> list[Any]:
    return sorted(table, key=lambda each: each.name)


def _positive(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() and int(text) > 0 else None


def _page_address(address: str, request: Request, number: int) -> str:
    """The first page has no number."""
    parameters = {
        name: str(request.parameter(name))
        for name in ("client_id", "hostname", "page_size", "search", "site")
        if request.parameter(name) is not None
    }
    if number > 1:
        parameters["page"] = str(number)
    query = urlencode(sorted(parameters.items()))
    return f"{address}?{query}" if query else address


def _spoilt(items: list[Item], request: Request) -> list[Item]:
    if Kind.EMPTY_LISTING in request.effects:
        return []
    return items[: len(items) // 2] if Kind.HALF_LISTING in request.effects else items
