"""Level, simulated: `with Level() as level: ...`."""

from typing import Any

from tests.simulators.levelio.api import Api, Key, refused
from tests.simulators.levelio.rendering import Rendering
from tests.simulators.levelio.state import Alert, Device, Group, State
from tests.simulators.levelio.webhooks import (
    ATTEMPTS,
    DELAY_SECONDS,
    JITTER_SECONDS,
    Automation,
    NativeWebhook,
    by_automation,
    native,
)
from tests.simulators.messages import Reply, Request
from tests.simulators.outbox import Delivery, Outbox
from tests.simulators.simulator import Simulator, operation

API_KEY = "simulated-level-api-key"
READ_ONLY_KEY = "simulated-level-read-only-key"
_MESSAGES = {429: "Too many requests", 500: "Internal server error"}


class Level(Simulator):
    """One organization, with a key that may write and one that may not.

    `retry_delay`: seconds between the attempts of a webhook, in place of Level's own two to three minutes.
    """

    name = "levelio"

    def __init__(self, *, port: int = 0, seed: int | None = None, retry_delay: float | None = None) -> None:
        super().__init__(port=port, seed=seed, outbox=Outbox(ATTEMPTS, self._delay))
        self.retry_delay = retry_delay
        self.state = State(self.clock, self.random)
        self.rendering = Rendering(self.state)
        self.api = Api(self.state, self.rendering)
        self.api.keys = {API_KEY: Key(API_KEY), READ_ONLY_KEY: Key(READ_ONLY_KEY, may_write=False)}
        self.native_webhooks: list[NativeWebhook] = []
        self.automations: list[Automation] = []

    # ---- the server

    def answer(self, request: Request) -> Reply:
        return self.api.answer(request)

    def error(self, status: int) -> Reply:
        return refused(status, _MESSAGES.get(status, f"HTTP {status}"))

    def expired(self, request: Request) -> Reply:
        return refused(401, "Access denied")

    def webhooks_due(self) -> list[Delivery]:
        happened, self.state.happened = self.state.happened, []
        due: list[Delivery] = []
        for each in happened:
            due += [native(each, to, self.rendering) for to in self.native_webhooks if to.wants(each.event_type)]
            made = [by_automation(each, automation, self.state) for automation in self.automations]
            due += [delivery for delivery in made if delivery is not None]
        return due

    def _delay(self, _: int) -> float:
        if self.retry_delay is not None:
            return self.retry_delay
        return DELAY_SECONDS + self.random.uniform(1, JITTER_SECONDS)

    def state_as_json(self) -> dict[str, Any]:
        return {
            "groups": [self.rendering.group(each) for each in self.state.groups.after(None, 50)],
            "devices": len(self.state.devices),
            "first_devices": [self.rendering.device(each) for each in self.state.devices.after(None, 20)],
            "active_alerts": [self.rendering.alert(each) for each in self.state.alerts if each.resolved_at is None],
            "resolved_alerts": sum(each.resolved_at is not None for each in self.state.alerts),
            "automation_runs": self.state.automation_runs,
        }

    # ---- what can be done

    @operation
    def add_group(self, name: str, parent: str | None = None) -> Group:
        """A new group (group_created)."""
        return self.state.add_group(name, parent)

    @operation
    def rename_group(self, group: str, name: str) -> Group:
        """Gives a group another name (group_updated)."""
        return self.state.rename_group(group, name)

    @operation
    def remove_group(self, group: str) -> Group:
        """Removes a group; its devices have none then (group_deleted)."""
        return self.state.remove_group(group)

    @operation
    def add_device(self, name: str, group: str | None = None, platform: str = "Windows") -> Device:
        """A new device (device_created)."""
        return self.state.add_device(name, group, platform=platform)

    @operation
    def rename_device(self, device: str, name: str) -> Device:
        """Gives a device another hostname (device_updated)."""
        return self.state.rename_device(device, name)

    @operation
    def move_device(self, device: str, group: str | None = None) -> Device:
        """Moves a device to another group, or out of all (device_updated)."""
        return self.state.move_device(device, group)

    @operation
    def remove_device(self, device: str) -> Device:
        """Removes a device and its alerts (device_deleted)."""
        return self.state.remove_device(device)

    @operation
    def drift(self) -> int:
        """Every device that is online reports again: another last seen, reboot time, user and free space."""
        return self.state.drift()

    @operation
    def overlay_device(self, device: str, members: dict[str, Any]) -> Device:
        """Members of a device's answers as you want them, such as {"serial_number": null}; {} for none."""
        return self.state.overlay(device, members)

    @operation
    def trigger(
        self, device: str, condition: str = "disk", severity: str | None = None, name: str | None = None
    ) -> Alert:
        """A monitor fires (alert_active): disk, cpu, memory, offline or reboot."""
        return self.state.trigger(device, condition, severity=severity, name=name)

    @operation
    def clear(self, alert: str) -> Alert:
        """The monitor is content again (alert_resolved)."""
        return self.state.resolve(alert)

    @operation
    def set_webhook(self, url: str, secret: str | None, events: list[str] | None = None) -> None:
        """One native webhook in place of those before; without events it sends all."""
        self.native_webhooks = [NativeWebhook(url, secret, None if events is None else frozenset(events))]

    @operation
    def set_automation(self, url: str, headers: dict[str, str] | None = None) -> None:
        """One automation with an HTTP action in place of those before."""
        self.automations = [Automation(url, headers or {})]

    @operation
    def set_retry_delay(self, seconds: float | None = None) -> None:
        """Seconds between a webhook's attempts; null for Level's own two to three minutes."""
        self.retry_delay = seconds

    @operation
    def remove_key(self, key: str = API_KEY) -> None:
        """An API key is worth nothing from now on."""
        self.api.keys.pop(key, None)
