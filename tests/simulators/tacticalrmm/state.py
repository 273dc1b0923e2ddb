"""A Tactical RMM server: clients, sites, agents, their checks and tasks, alerts, and the webhooks that hang on them.

Sources: tactical-live.md (a real 1.5.1 server) and vendors.md 2.
"""

import random
import string
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.clock import Clock
from tests.simulators.table import Table

AVAILABILITY, CHECK, TASK, CUSTOM = "availability", "check", "task", "custom"
_SEVERITIES = ("info", "warning", "error")


@dataclass(frozen=True)
class Watch:
    """What a check or a task is called, and what an agent says when it fails and when it is well."""

    kind: str
    text: str
    severity: str
    failing: str
    passing: str


WATCHES = {
    "ping": Watch(
        CHECK,
        "a ping check: Ping Check: Gateway ping",
        "error",
        "Request timed out.",
        "Reply from 10.0.0.1",
    ),
    "disk": Watch(
        CHECK,
        "a diskspace check: Disk Space Check: Drive C: -  Warning Threshold: 25% Error Threshold: 10%",
        "error",
        "Total: 500G, Free: 15G",
        "Total: 500G, Free: 250G",
    ),
    "cpu": Watch(
        CHECK,
        "a cpuload check: CPU Load Check -  Warning Threshold: 80% Error Threshold: 95%",
        "warning",
        "Average load: 97%",
        "Average load: 12%",
    ),
    "service": Watch(
        CHECK,
        'a winsvc check: Service Check: Print "Spooler"',
        "warning",
        "Status STOPPED",
        "Status RUNNING",
    ),
    "script": Watch(
        CHECK,
        "a script check: Script Check: Free space",
        "error",
        "C:\\Windows\\Temp\\new file\nline 2\ttab é",
        "ok",
    ),
    "backup": Watch(TASK, "task: Nightly backup", "warning", "Nightly backup", "Nightly backup"),
}
"""By name; `service` has a quote in its text, which breaks webhooks, and `script` backslashes in its output."""


@dataclass(slots=True)
class Client:
    """A customer. `alert_template`: without one nothing is sent."""

    id: int
    name: str
    has_template: bool = True
    contract: str | None = None


@dataclass(slots=True)
class Site:
    """A place of a client."""

    id: int
    client_id: int
    name: str


@dataclass(slots=True)
class Agent:
    """A device. `id` is the key in the database, which only some answers show; the others name it by `agent_id`."""

    id: int
    agent_id: str
    site_id: int
    hostname: str
    monitoring_type: str
    plat: str
    last_seen: datetime
    boot_time: float
    user: str
    asset_tag: str | None = None
    maintenance_mode: bool = False
    offline: bool = False
    free: float = 343.3
    """Of its first volume, in what the server calls GB."""
    serial_number: str | None = None
    """None for one that is made of its number."""
    overlay: dict[str, Any] | None = None
    """Members of its answers that are as somebody wants them, whatever the rest says."""


@dataclass(slots=True)
class Watched:
    """A check or a task of one agent. `output`: what it said last."""

    id: int
    agent_id: int
    watch: Watch
    output: str


@dataclass
class Alert:
    """An alert; it stays when it is resolved. `agent_id`: the agent's key in the database."""

    id: int
    agent_id: int | None
    alert_type: str
    severity: str
    message: str
    alert_time: datetime
    watched_id: int | None = None
    hidden: bool = False
    snoozed: bool = False
    snooze_until: datetime | None = None
    resolved: bool = False
    resolved_on: datetime | None = None
    action_run: datetime | None = None
    action_stdout: str | None = None
    action_retcode: int | None = None
    resolved_action_run: datetime | None = None
    resolved_action_stdout: str | None = None
    resolved_action_retcode: int | None = None


@dataclass
class UrlAction:
    """What is posted where, as a person wrote it. `rest_headers` is JSON in a text."""

    name: str
    pattern: str
    rest_body: str
    rest_headers: str
    rest_method: str = "post"


@dataclass(frozen=True)
class Fired:
    """An alert that has a webhook to send."""

    alert: Alert
    is_resolve: bool


@dataclass
class Settings:
    """The server's switches, as shipped."""

    notify_on_info_alerts: bool = False
    notify_on_warning_alerts: bool = True
    agent_actions: bool = True
    check_actions: bool = True
    task_actions: bool = True
    beta_api: bool = False
    bus_down: bool = False


@dataclass
class State:
    """Everything on the server; `happened` is what has a webhook that was not sent yet."""

    clock: Clock
    dice: random.Random
    first_id: int = 1
    settings: Settings = field(default_factory=Settings)
    failure_action: UrlAction | None = None
    resolved_action: UrlAction | None = None
    happened: list[Fired] = field(default_factory=list)
    software: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clients: Table[int, Client] = Table(lambda each: each.id)
        self.sites: Table[int, Site] = Table(lambda each: each.id)
        self.agents: Table[int, Agent] = Table(lambda each: each.id)
        self.alerts: Table[int, Alert] = Table(lambda each: each.id)
        self.watched: dict[int, Watched] = {}
        self._watched_by: dict[tuple[int, str], int] = {}
        self._agents_by: dict[str, int] = {}
        self._open: dict[tuple[int, str, int | None], int] = {}
        self._agent_counts: dict[int, int] = {}
        self._sites_by: dict[int, list[Site]] = {}

    # ---- the estate

    def add_client(self, name: str, *, has_template: bool = True, contract: str | None = None) -> Client:
        """A new customer with a first site."""
        client = self.clients.add(Client(self._new_id(self.clients, 1), name, has_template, contract))
        self.add_site(client.id, "Headquarters")
        return client

    def rename_client(self, client_id: int, name: str) -> Client:
        """Raises KeyError."""
        client = self.clients[client_id]
        client.name = name
        self.agents.touch_all()
        return client

    def add_site(self, client_id: int, name: str) -> Site:
        """Raises KeyError for a client that does not exist."""
        site = self.sites.add(Site(self._new_id(self.sites, 1), self.clients[client_id].id, name))
        self._sites_by.setdefault(client_id, []).append(site)
        return site

    def sites_of(self, client_id: int) -> list[Site]:
        """In the order of their ids."""
        return list(self._sites_by.get(client_id, ()))

    def add_agent(
        self,
        client_id: int,
        hostname: str,
        *,
        site_id: int | None = None,
        monitoring_type: str = "server",
        plat: str = "windows",
        asset_tag: str | None = None,
    ) -> Agent:
        """A new device, at the client's first site unless one is given. Raises KeyError."""
        now = self.clock.now()
        agent = Agent(
            id=self._new_id(self.agents, 1),
            agent_id="".join(self.dice.choices(string.ascii_letters, k=40)),
            site_id=self.sites[site_id or self.sites_of(client_id)[0].id].id,
            hostname=hostname,
            monitoring_type=monitoring_type,
            plat=plat,
            last_seen=now,
            boot_time=now.timestamp() - 86_400,
            user="svc-backup",
            asset_tag=asset_tag,
        )
        self._agents_by[agent.agent_id] = agent.id
        self._agent_counts[agent.site_id] = self._agent_counts.get(agent.site_id, 0) + 1
        return self.agents.add(agent)

    def agent(self, agent_id: str) -> Agent | None:
        """By the id that the API uses."""
        return self.agents.get(self._agents_by.get(agent_id, -1))

    def agent_of(self, device: str | int) -> Agent:
        """By that id, by hostname, or by the key in the database. Raises KeyError."""
        if isinstance(device, int):
            return self.agents[device]
        found = self.agent(device) or next((each for each in self.agents if each.hostname == device), None)
        if found is None:
            raise KeyError(device)
        return found

    def agent_count(self, site_id: int) -> int:
        """How many agents a site has."""
        return self._agent_counts.get(site_id, 0)

    def rename_agent(self, device: str | int, hostname: str) -> Agent:
        """Raises KeyError."""
        agent = self.agent_of(device)
        agent.hostname = hostname
        self.agents.touch(agent.id)
        return agent

    def move_agent(self, device: str | int, client_id: int, site_id: int | None = None) -> Agent:
        """Raises KeyError."""
        agent = self.agent_of(device)
        self._agent_counts[agent.site_id] -= 1
        agent.site_id = self.sites[site_id or self.sites_of(client_id)[0].id].id
        self._agent_counts[agent.site_id] = self._agent_counts.get(agent.site_id, 0) + 1
        self.agents.touch(agent.id)
        return agent

    def remove_agent(self, device: str | int) -> Agent:
        """With its alerts, of which nothing is told. Raises KeyError."""
        agent = self.agents.remove(self.agent_of(device).id)
        del self._agents_by[agent.agent_id]
        self._agent_counts[agent.site_id] -= 1
        for alert in [each for each in self.alerts if each.agent_id == agent.id]:
            self.alerts.remove(alert.id)
            self._open.pop((agent.id, alert.alert_type, alert.watched_id), None)
        return agent

    def set_maintenance(self, device: str | int, on: bool) -> Agent:
        """While on, alerts are not even made. Raises KeyError."""
        agent = self.agent_of(device)
        agent.maintenance_mode = on
        self.agents.touch(agent.id)
        return agent

    def drift(self) -> int:
        """Every agent that is not away reports again: another last seen, boot time, user and free space. Gives how
        many."""
        now = self.clock.now()
        reporting = [agent for agent in self.agents if not agent.offline]
        for agent in reporting:
            agent.last_seen = now - timedelta(seconds=self.dice.randrange(200))
            agent.boot_time = now.timestamp() - self.dice.randrange(30 * 86_400)
            agent.user = f"user{self.dice.randrange(9)}"
            agent.free = round(self.dice.uniform(20, 400), 1)
        self.agents.touch_all()
        return len(reporting)

    def overlay(self, device: str | int, members: dict[str, Any]) -> Agent:
        """Raises KeyError."""
        agent = self.agent_of(device)
        agent.overlay = members or None
        self.agents.touch(agent.id)
        return agent

    def set_software(self, device: str | int, programs: list[dict[str, Any]]) -> Agent:
        """What is installed; members that are missing are empty. Raises KeyError."""
        agent = self.agent_of(device)
        self.software[agent.id] = programs
        self.agents.touch(agent.id)
        return agent

    def fill_software(self, count: int) -> int:
        """So many programs on each Windows agent, of a catalog twice as large. Gives how many in all."""
        agents = [agent for agent in self.agents if agent.plat == "windows"]
        for agent in agents:
            numbers = ((agent.id + step * 2) % (count * 2) for step in range(count))
            self.software[agent.id] = [
                {
                    "name": f"Program {number:03d}",
                    "version": f"{number % 7}.{agent.id % 3}.0",
                    "publisher": f"Publisher {number % 20}",
                    "install_date": "2026-03-01 00:00:00 +0000 UTC",
                }
                for number in numbers
            ]
        self.agents.touch_all()
        return len(agents) * count

    def status(self, agent: Agent) -> str:
        """online, or overdue once it has been away."""
        return "overdue" if agent.offline else "online"

    def client_of(self, agent: Agent) -> Client:
        """The customer whose device it is."""
        return self.clients[self.sites[agent.site_id].client_id]

    # ---- check-ins

    def trigger(
        self,
        device: str | int,
        condition: str = "ping",
        *,
        severity: str | None = None,
        message: str | None = None,
        hidden: bool = False,
        is_news: bool = True,
    ) -> Alert | None:
        """The agent checks in and something fails: a new alert, or a worse severity of the one that is open, of which
        nothing is sent. None in maintenance mode. `condition`: a name of WATCHES, or availability.

        Raises KeyError for an agent or condition that does not exist, ValueError for another severity.
        """
        agent = self.agent_of(device)
        kind, watched, severity, said = self._failing(agent, condition, severity)
        if severity not in _SEVERITIES:
            raise ValueError(f"severity is one of {_SEVERITIES}, not {severity!r}")
        if agent.maintenance_mode:
            return None
        key = (agent.id, kind, None if watched is None else watched.id)
        if key in self._open:
            alert = self.alerts[self._open[key]]
            if _SEVERITIES.index(severity) > _SEVERITIES.index(alert.severity):
                alert.severity = severity
                self.alerts.touch(alert.id)
            return alert
        alert = self.alerts.add(
            Alert(
                id=self._new_id(self.alerts, self.first_id),
                agent_id=agent.id,
                alert_type=kind,
                severity=severity,
                message=message or said,
                alert_time=self.clock.now(),
                watched_id=None if watched is None else watched.id,
                hidden=hidden,
            )
        )
        self._open[key] = alert.id
        if is_news and self._sends(agent, alert):
            self.happened.append(Fired(alert, is_resolve=False))
        return alert

    def clear(self, alert_id: int) -> Alert:
        """The agent checks in and all is well: the alert is resolved, snoozed or not, and the resolved action runs.
        Raises KeyError for an alert that is not open."""
        alert = self.alerts[alert_id]
        if alert.resolved or alert.agent_id is None:
            raise KeyError(alert_id)
        agent = self.agents[alert.agent_id]
        if alert.watched_id is not None:
            watched = self.watched[alert.watched_id]
            watched.output = watched.watch.passing
        if alert.alert_type == AVAILABILITY:
            agent.offline, agent.last_seen = False, self.clock.now()
            self.agents.touch(agent.id)
        self._resolve(alert)
        if self._sends(agent, alert):
            self.happened.append(Fired(alert, is_resolve=True))
        return alert

    # ---- what the API does to alerts; none of it sends anything

    def resolve(self, alert: Alert) -> None:
        """Resolving twice is no error. The next failure makes a new alert."""
        if not alert.resolved:
            self._resolve(alert)

    def snooze(self, alert: Alert, days: int) -> None:
        """For so many days."""
        alert.snoozed, alert.snooze_until = True, self.clock.now() + timedelta(days=days)
        self.alerts.touch(alert.id)

    def unsnooze(self, alert: Alert) -> None:
        """At once."""
        alert.snoozed, alert.snooze_until = False, None
        self.alerts.touch(alert.id)

    def add_custom_alert(self, severity: str, message: str) -> Alert:
        """One without an agent."""
        new_id = self._new_id(self.alerts, self.first_id)
        return self.alerts.add(Alert(new_id, None, CUSTOM, severity, message, self.clock.now()))

    # ---- within

    def _failing(self, agent: Agent, condition: str, severity: str | None) -> tuple[str, Watched | None, str, str]:
        if condition == AVAILABILITY:
            agent.offline = True
            agent.last_seen = self.clock.now() - timedelta(minutes=40)
            self.agents.touch(agent.id)
            place = self.sites[agent.site_id]
            said = f"{agent.hostname} in {self.clients[place.client_id].name}, {place.name} is overdue."
            return AVAILABILITY, None, severity or "error", said
        watch = WATCHES[condition]
        key = (agent.id, condition)
        if key not in self._watched_by:
            number = len(self.watched) + 81
            self._watched_by[key] = number
            self.watched[number] = Watched(number, agent.id, watch, "")
        watched = self.watched[self._watched_by[key]]
        watched.output = watch.failing
        return watch.kind, watched, severity or watch.severity, f"{agent.hostname} has {watch.text} that failed."

    def _resolve(self, alert: Alert) -> None:
        alert.resolved, alert.resolved_on = True, self.clock.now()
        alert.snoozed, alert.snooze_until = False, None
        self._open.pop((alert.agent_id or 0, alert.alert_type, alert.watched_id), None)
        self.alerts.touch(alert.id)

    def _sends(self, agent: Agent, alert: Alert) -> bool:
        switches = {
            AVAILABILITY: self.settings.agent_actions,
            CHECK: self.settings.check_actions,
            TASK: self.settings.task_actions,
        }
        if alert.severity == "info" and not self.settings.notify_on_info_alerts:
            return False
        if alert.severity == "warning" and not self.settings.notify_on_warning_alerts:
            return False
        return self.client_of(agent).has_template and switches[alert.alert_type]

    def _new_id(self, table: "Table[int, Any]", first: int) -> int:
        last = [each.id for each in table.before(2**62, 1)]
        return last[0] + 1 if last else first
