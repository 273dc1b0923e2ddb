"""A Level organization: groups, devices, alerts, updates. Ids are opaque texts; times are UTC.

Sources: openapi/level-v2-openapi.json and vendors.md 3.
"""

import base64
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.clock import Clock
from tests.simulators.table import Table

SEVERITIES = ("information", "warning", "critical", "emergency")


@dataclass(frozen=True)
class Monitor:
    """What a monitor policy watches, and what its alert says."""

    name: str
    description: str
    payload: str
    severity: str


MONITORS = {
    "disk": Monitor("Low disk space", "Disk free space is below threshold", "4.3% remaining", "critical"),
    "cpu": Monitor("High CPU usage", "CPU usage is above threshold", "97% for 5 minutes", "warning"),
    "memory": Monitor("High memory usage", "Memory usage is above threshold", "93% used", "warning"),
    "offline": Monitor("Device offline", "Device has gone offline", "", "emergency"),
    "reboot": Monitor("Reboot pending", "Device needs a reboot", "Pending for 3 days", "information"),
}


@dataclass(slots=True)
class Group:
    """Groups are a tree; the roots are the customers."""

    id: str
    name: str
    parent_id: str | None = None


@dataclass(slots=True)
class Device:
    """A device; one without a group is allowed."""

    id: str
    number: int
    hostname: str
    group_id: str | None
    platform: str
    role: str | None
    last_seen_at: datetime
    last_reboot_time: datetime
    user: str
    nickname: str | None = None
    online: bool = True
    maintenance_mode: bool = False
    free_space: int = 22_011_707_392
    overlay: dict[str, Any] | None = None
    """Members of its answers that are as somebody wants them, whatever the rest says."""


@dataclass
class Alert:
    """An alert; it stays when it is resolved."""

    id: str
    device_id: str
    name: str
    description: str
    payload: str
    severity: str
    started_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Happened:
    """Something that a webhook may tell. `data`: the resource, or what is left of it."""

    event_type: str
    event_id: str
    occurred_at: datetime
    resource: Alert | Device | Group


@dataclass
class State:
    """Everything that an organization holds; `happened` is what has not been told by webhook yet."""

    clock: Clock
    dice: random.Random
    happened: list[Happened] = field(default_factory=list)
    automation_runs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.groups: Table[str, Group] = Table(lambda each: each.id)
        self.devices: Table[str, Device] = Table(lambda each: each.id)
        self.alerts: Table[str, Alert] = Table(lambda each: each.id)
        self._children: dict[str, list[str]] = {}
        self.by_number: dict[int, str] = {}
        self._open: dict[tuple[str, str], str] = {}
        self._counts: dict[str | None, int] = {}
        self._numbers = 0

    # ---- the estate

    def add_group(self, name: str, parent_id: str | None = None) -> Group:
        """A customer, or a part of one. Raises KeyError for a parent that does not exist."""
        if parent_id is not None:
            self.groups[parent_id]
        group = self.groups.add(Group(self._id("Group"), name, parent_id))
        if parent_id is not None:
            self._children.setdefault(parent_id, []).append(group.id)
        self.groups.touch_all()
        self._tell("group_created", group)
        return group

    def rename_group(self, group_id: str, name: str) -> Group:
        """Raises KeyError."""
        group = self.groups[group_id]
        group.name = name
        self.groups.touch(group_id)
        self._tell("group_updated", group)
        return group

    def remove_group(self, group_id: str) -> Group:
        """Its devices are without a group then. Raises KeyError."""
        group = self.groups.remove(group_id)
        for device in [each for each in self.devices if each.group_id == group_id]:
            self._put(device, None)
        self.groups.touch_all()
        self._tell("group_deleted", group)
        return group

    def children(self, group_id: str) -> list[Group]:
        """The groups right below."""
        return [self.groups[each] for each in self._children.get(group_id, ()) if each in self.groups]

    def below(self, group_id: str) -> set[str]:
        """The group and all below it."""
        found = {group_id}
        for child in self.children(group_id):
            found |= self.below(child.id)
        return found

    def device_count(self, group_id: str, with_descendants: bool = False) -> int:
        """Devices of a group."""
        groups = self.below(group_id) if with_descendants else {group_id}
        return sum(self._counts.get(each, 0) for each in groups)

    def add_device(
        self,
        hostname: str,
        group_id: str | None = None,
        *,
        platform: str = "Windows",
        role: str | None = "workstation",
        is_news: bool = True,
    ) -> Device:
        """A new device. Raises KeyError for a group that does not exist."""
        if group_id is not None:
            self.groups[group_id]
        now = self.clock.now()
        identifier = self._id("Device")
        device = self.devices.add(
            Device(
                id=identifier,
                number=self._numbers,
                hostname=hostname,
                group_id=group_id,
                platform=platform,
                role=role,
                last_seen_at=now,
                last_reboot_time=now - timedelta(days=1),
                user=f"{hostname}\\reception",
            )
        )
        self.by_number[device.number] = device.id
        self._counts[group_id] = self._counts.get(group_id, 0) + 1
        self.groups.touch_all()
        if is_news:
            self._tell("device_created", device)
        return device

    def rename_device(self, device_id: str, hostname: str) -> Device:
        """Raises KeyError."""
        device = self.devices[device_id]
        device.hostname = hostname
        self.devices.touch(device_id)
        self._tell("device_updated", device)
        return device

    def move_device(self, device_id: str, group_id: str | None) -> Device:
        """Raises KeyError."""
        if group_id is not None:
            self.groups[group_id]
        device = self.devices[device_id]
        self._put(device, group_id)
        self._tell("device_updated", device)
        return device

    def remove_device(self, device_id: str) -> Device:
        """With its alerts. Raises KeyError."""
        device = self.devices.remove(device_id)
        self._counts[device.group_id] -= 1
        self.groups.touch_all()
        for alert in [each for each in self.alerts if each.device_id == device_id]:
            self.alerts.remove(alert.id)
            self._open.pop((device_id, alert.name), None)
        self._tell("device_deleted", device)
        return device

    def drift(self) -> int:
        """Every device that is online reports again: another last seen, reboot time, user and free space. Gives how
        many."""
        now = self.clock.now()
        reporting = [device for device in self.devices if device.online]
        for device in reporting:
            device.last_seen_at = now - timedelta(seconds=self.dice.randrange(600))
            device.last_reboot_time = now - timedelta(seconds=self.dice.randrange(30 * 86_400))
            device.user = f"{device.hostname}\\user{self.dice.randrange(9)}"
            device.free_space = self.dice.randrange(10**9, 4 * 10**11)
        self.devices.touch_all()
        return len(reporting)

    def overlay(self, device_id: str, members: dict[str, Any]) -> Device:
        """Raises KeyError."""
        device = self.devices[device_id]
        device.overlay = members or None
        self.devices.touch(device_id)
        return device

    # ---- alerts

    def trigger(
        self,
        device_id: str,
        condition: str = "disk",
        *,
        severity: str | None = None,
        name: str | None = None,
        is_news: bool = True,
    ) -> Alert:
        """A monitor fires: a new alert, or the one that is active already.

        Raises KeyError for a device or monitor that does not exist, ValueError for another severity.
        """
        monitor, device = MONITORS[condition], self.devices[device_id]
        severity = severity or monitor.severity
        if severity not in SEVERITIES:
            raise ValueError(f"severity is one of {SEVERITIES}, not {severity!r}")
        key = (device.id, name or monitor.name)
        if key in self._open:
            return self.alerts[self._open[key]]
        if condition == "offline":
            device.online = False
            self.devices.touch(device.id)
        alert = self.alerts.add(
            Alert(
                id=self._id("Alert"),
                device_id=device.id,
                name=key[1],
                description=monitor.description,
                payload=monitor.payload,
                severity=severity,
                started_at=self.clock.now(),
            )
        )
        self._open[key] = alert.id
        if is_news:
            self._tell("alert_active", alert)
        return alert

    def resolve(self, alert_id: str) -> Alert:
        """By the monitor, a person or the API: all the same. Raises KeyError; resolving twice changes nothing."""
        alert = self.alerts[alert_id]
        if alert.resolved_at is None:
            alert.resolved_at = self.clock.now()
            self._open.pop((alert.device_id, alert.name), None)
            self.alerts.touch(alert_id)
            device = self.devices.get(alert.device_id)
            if alert.name == MONITORS["offline"].name and device is not None:
                device.online = True
                self.devices.touch(device.id)
            self._tell("alert_resolved", alert)
        return alert

    # ---- within

    def _put(self, device: Device, group_id: str | None) -> None:
        self._counts[device.group_id] -= 1
        self._counts[group_id] = self._counts.get(group_id, 0) + 1
        device.group_id = group_id
        self.devices.touch(device.id)
        self.groups.touch_all()

    def _id(self, kind: str) -> str:
        self._numbers += 1
        text = f"gid://level/{kind}/{self.dice.getrandbits(32)}{self._numbers:06d}"
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    def _tell(self, event_type: str, resource: Alert | Device | Group) -> None:
        event_id = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        self.happened.append(Happened(event_type, event_id, self.clock.now(), resource))
