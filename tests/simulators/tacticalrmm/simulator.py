"""Tactical RMM, simulated: `with TacticalRmm() as tacticalrmm: ...`."""

import json
from datetime import timedelta
from typing import Any, Self

from tests.simulators.messages import Reply, Request, html_reply, json_reply
from tests.simulators.outbox import Attempt, Delivery
from tests.simulators.server import Server
from tests.simulators.simulator import Simulator, operation
from tests.simulators.tacticalrmm.accounts import Accounts, totp
from tests.simulators.tacticalrmm.api import Api, error_page, throttled
from tests.simulators.tacticalrmm.rendering import Rendering
from tests.simulators.tacticalrmm.state import Agent, Alert, Client, Fired, Site, State, UrlAction
from tests.simulators.tacticalrmm.webhooks import actions, button_delivery, delivery

API_KEY = "SIMULATED0TACTICAL0API0KEY000001"
READ_ONLY_KEY = "SIMULATED0TACTICAL0READ0ONLY0001"
NO_ROLE_KEY = "SIMULATED0TACTICAL0NO0ROLE000001"
EXPIRED_KEY = "SIMULATED0TACTICAL0EXPIRED000001"
USERNAME, PASSWORD, TOTP_SECRET = "trmmadmin", "simulated-password", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
USERNAME_WITHOUT_TOTP = "no2fa"
_DASHBOARD = (
    "<!DOCTYPE html><html lang=en><head><title>Tactical RMM</title></head><body><div id=q-app></div></body></html>"
)
_NOT_ALLOWED = (
    "<html>\r\n<head><title>405 Not Allowed</title></head>\r\n"
    "<body>\r\n<center><h1>405 Not Allowed</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


class TacticalRmm(Simulator):
    """One server with two hosts: `url` is the API's (`api.`), `dashboard_url` the dashboard's (`rmm.`).

    There are keys (API_KEY and others that may less) and two users already. `first_id`: where the numbers of alerts
    begin, so that two runs against one Tandem differ.
    """

    name = "tacticalrmm"

    def __init__(self, *, first_id: int = 1, port: int = 0, dashboard_port: int = 0, seed: int | None = None) -> None:
        super().__init__(port=port, seed=seed)
        self.state = State(self.clock, self.random, first_id)
        self.rendering = Rendering(self.state)
        self.accounts = Accounts(self.clock, self.random)
        self.accounts.add_key(API_KEY)
        self.accounts.add_key(READ_ONLY_KEY, may_write=False)
        self.accounts.add_key(NO_ROLE_KEY, may_read=False, may_write=False)
        self.accounts.add_key(EXPIRED_KEY).expires = self.clock.now() - timedelta(days=1)
        self.accounts.add_user(USERNAME, PASSWORD, TOTP_SECRET)
        self.accounts.add_user(USERNAME_WITHOUT_TOTP, PASSWORD)
        self.api = Api(self.state, self.rendering, self.accounts)
        self._dashboard = Server(_dashboard, dashboard_port)

    # ---- the server

    @property
    def dashboard_url(self) -> str:
        """The host that people know, and that is the wrong one for the API."""
        return self._dashboard.url

    def start(self) -> Self:
        self._dashboard.start()
        return super().start()

    def stop(self) -> None:
        self._dashboard.stop()
        super().stop()

    def answer(self, request: Request) -> Reply:
        return self.api.answer(request)

    def error(self, status: int) -> Reply:
        if status == 500:
            return error_page()
        if status == 429:
            reply = throttled(10)
            return Reply(reply.status, reply.body, reply.content_type)
        return json_reply({"detail": f"HTTP {status}"}, status)

    def expired(self, request: Request) -> Reply:
        text = "The token has expired." if "x-api-key" in request.headers else "Invalid token."
        return json_reply({"detail": text}, 401, {"WWW-Authenticate": "Token"})

    def webhooks_due(self) -> list[Delivery]:
        happened, self.state.happened = self.state.happened, []
        return [due for fired in happened if (due := self._delivery(fired)) is not None]

    def deliver(self, delivery: Delivery) -> None:
        """While the agent checks in: the caller waits. Once, whatever comes of it."""
        if self.outbox.is_holding:
            self.outbox.put(delivery)
        else:
            self.outbox.send(delivery)

    def _delivery(self, fired: Fired) -> Delivery | None:
        action = self.state.resolved_action if fired.is_resolve else self.state.failure_action
        ran = fired.alert.resolved_action_run if fired.is_resolve else fired.alert.action_run
        if action is None or ran is not None:
            return None
        self._keep(fired, None)
        what = "resolve" if fired.is_resolve else "trigger"
        made = delivery(action, self.state, fired.alert, f"{what} {fired.alert.id}")
        made.on_attempt = lambda attempt: self._keep(fired, attempt)
        return made

    def _keep(self, fired: Fired, attempt: Attempt | None) -> None:
        """What the receiver answered stands on the alert."""
        with self.lock:
            alert = fired.alert
            status, text = (None, None) if attempt is None else (attempt.status, attempt.text)
            if fired.is_resolve:
                alert.resolved_action_run = self.clock.now()
                alert.resolved_action_retcode, alert.resolved_action_stdout = status, text
            else:
                alert.action_run, alert.action_retcode, alert.action_stdout = self.clock.now(), status, text
            if alert.id in self.state.alerts:
                self.state.alerts.touch(alert.id)

    def state_as_json(self) -> dict[str, Any]:
        return {
            "clients": {each.id: each.name for each in self.state.clients},
            "agents": len(self.state.agents),
            "first_agents": [self.rendering.agent_name(each) for each in self.state.agents.after(None, 20)],
            "open_alerts": [self.rendering.alert(each) for each in self.state.alerts if not each.resolved],
            "resolved_alerts": sum(each.resolved for each in self.state.alerts),
            "dashboard_url": self.dashboard_url,
            "beta_api": self.state.settings.beta_api,
        }

    # ---- what can be done

    @operation
    def add_client(self, name: str, has_template: bool = True) -> Client:
        """A new customer, with a site; without a template it sends no webhooks."""
        return self.state.add_client(name, has_template=has_template)

    @operation
    def rename_client(self, client: int, name: str) -> Client:
        """Gives a customer another name."""
        return self.state.rename_client(client, name)

    @operation
    def add_site(self, client: int, name: str) -> Site:
        """A new place of a customer."""
        return self.state.add_site(client, name)

    @operation
    def add_device(self, client: int, name: str, plat: str = "windows", monitoring_type: str = "server") -> Agent:
        """A new agent."""
        return self.state.add_agent(client, name, plat=plat, monitoring_type=monitoring_type)

    @operation
    def rename_device(self, device: str | int, name: str) -> Agent:
        """Gives an agent another hostname. A device is named by agent_id, hostname or number."""
        return self.state.rename_agent(device, name)

    @operation
    def move_device(self, device: str | int, client: int, site: int | None = None) -> Agent:
        """Moves an agent to another customer."""
        return self.state.move_agent(device, client, site)

    @operation
    def remove_device(self, device: str | int) -> Agent:
        """Removes an agent and its alerts."""
        return self.state.remove_agent(device)

    @operation
    def drift(self) -> int:
        """Every agent that is not away reports again: another last seen, boot time, user and free space."""
        return self.state.drift()

    @operation
    def set_hardware(self, device: str | int, serial_number: str) -> Agent:
        """Gives an agent another serial number."""
        agent = self.state.agent_of(device)
        agent.serial_number = serial_number
        self.state.agents.touch(agent.id)
        return agent

    @operation
    def overlay_device(self, device: str | int, members: dict[str, Any]) -> Agent:
        """Members of an agent's answers as you want them, such as {"serial_number": null}; {} for none."""
        return self.state.overlay(device, members)

    @operation
    def set_software(self, device: str | int, programs: list[dict[str, Any]]) -> Agent:
        """What is installed on an agent: [{"name": "7-Zip", "version": "23.01"}]."""
        return self.state.set_software(device, programs)

    @operation
    def fill_software(self, count: int = 100) -> int:
        """So many programs on each Windows agent."""
        return self.state.fill_software(count)

    @operation
    def set_maintenance(self, device: str | int, on: bool = True) -> Agent:
        """Maintenance mode: no alerts are made."""
        return self.state.set_maintenance(device, on)

    @operation
    def trigger(
        self,
        device: str | int,
        condition: str = "ping",
        severity: str | None = None,
        message: str | None = None,
        hidden: bool = False,
    ) -> Alert | None:
        """Something fails: ping, disk, cpu, service (breaks the JSON), script (backslashes), backup or availability."""
        return self.state.trigger(device, condition, severity=severity, message=message, hidden=hidden)

    @operation
    def clear(self, alert: int) -> Alert:
        """The agent says that all is well again."""
        return self.state.clear(alert)

    @operation
    def add_custom_alert(self, message: str, severity: str = "warning") -> Alert:
        """An alert without an agent."""
        return self.state.add_custom_alert(severity, message)

    @operation
    def set_webhook(self, url: str, secret: str, header: str = "X-Tandem-Secret") -> None:
        """The URL actions and the alert template of docs/connecting.md."""
        self.state.failure_action, self.state.resolved_action = actions(url, header, secret)

    @operation
    def set_url_action(self, event: str, url: str, body: str, headers: dict[str, str] | None = None) -> None:
        """A URL action of your own: event is failure or resolved, body a template."""
        action = UrlAction(f"PSA alert ({event})", url, body, json.dumps(headers or {}))
        if event == "resolved":
            self.state.resolved_action = action
        else:
            self.state.failure_action = action

    @operation
    def press_test_button(self, device: str | int | None = None, event: str = "failure") -> None:
        """The dashboard's test of a URL action, with an agent chosen or with nothing."""
        action = self.state.resolved_action if event == "resolved" else self.state.failure_action
        if action is not None:
            thing = None if device is None else self.state.agent_of(device)
            self.outbox.put(button_delivery(action, self.state, thing))

    @operation
    def switch(self, name: str, on: bool = True) -> None:
        """Switches of the server: beta_api, notify_on_info_alerts, notify_on_warning_alerts, bus_down, agent_actions,
        check_actions, task_actions."""
        if not hasattr(self.state.settings, name):
            raise ValueError(f"there is no switch {name!r}")
        setattr(self.state.settings, name, on)

    @operation
    def expire_tokens(self) -> None:
        """Knox tokens are worth nothing from now on."""
        self.accounts.tokens.clear()

    @operation
    def expire_key(self, key: str = API_KEY) -> None:
        """An API key expires now."""
        self.accounts.keys[key].expires = self.clock.now()

    @operation
    def code(self) -> str:
        """The TOTP code of the user that has one, as of now."""
        return totp(TOTP_SECRET, int(self.clock.epoch()) // 30)


def _dashboard(request: Request) -> Reply:
    """200 and the web app, whatever is asked for; a form cannot be sent to it."""
    return html_reply(_DASHBOARD) if request.method in ("GET", "HEAD") else html_reply(_NOT_ALLOWED, 405)
