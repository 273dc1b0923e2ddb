"""A NinjaOne tenant: organizations, devices, alerts, and the activities that everything leaves behind."""

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.clock import Clock
from tests.simulators.ninjaone.conditions import CONDITIONS, Condition
from tests.simulators.table import Table

SYSTEM_ADMINISTRATOR = 3


@dataclass(slots=True)
class Organization:
    """A customer."""

    id: int
    name: str
    description: str = ""
    approval_mode: str = "AUTOMATIC"


@dataclass(slots=True)
class Location:
    """A place of an organization."""

    id: int
    organization_id: int
    name: str
    address: str = ""


@dataclass(slots=True)
class Device:
    """A node. What is not here, or None, is made from the id when it is shown (rendering.py). Times are epoch seconds.
    `antivirus`: products with their state and that of their definitions. `overlay`: members as they were ordered."""

    id: int
    organization_id: int
    location_id: int
    node_class: str
    display_name: str
    system_name: str
    created: float
    last_contact: float
    last_boot: float
    user: str
    approval_status: str = "APPROVED"
    offline: bool = False
    parent_device_id: int | None = None
    maintenance_until: float = 0.0
    tags: list[str] = field(default_factory=list)
    serial_number: str | None = None
    mac_address: str | None = None
    used_bytes: int = 0
    patches: "Patches | None" = None
    antivirus: list[tuple[str, str, str]] | None = None
    overlay: dict[str, Any] | None = None


@dataclass(slots=True)
class Patches:
    """How many patches a device waits for, and how many failed."""

    pending_os: int = 0
    failed_os: int = 0
    pending_software: int = 0
    failed_software: int = 0


@dataclass
class Alert:
    """An alert that is in force; what is reset is gone and only its activities remain."""

    uid: str
    device_id: int
    condition: Condition
    message: str
    severity: str
    priority: str
    created: float
    updated: float
    acknowledged_by: int | None = None
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Activity:
    """What happened, as the activity log and webhooks tell it. `members`: in the vendor's own names."""

    id: int
    device_id: int | None
    organization_id: int | None
    activity_type: str
    status_code: str
    series_uid: str
    members: dict[str, Any]


class State:
    """Everything that a tenant holds; `happened` is what has not been told by webhook yet."""

    def __init__(self, clock: Clock, dice: random.Random, first_id: int = 1) -> None:
        self._clock = clock
        self._random = dice
        self.organizations: Table[int, Organization] = Table(lambda each: each.id)
        self.locations: Table[int, Location] = Table(lambda each: each.id)
        self.devices: Table[int, Device] = Table(lambda each: each.id)
        self.alerts: dict[str, Alert] = {}
        self.activities: list[Activity] = []
        self.happened: list[Activity] = []
        self.software: dict[int, list[dict[str, Any]]] = {}
        self.programs_each = 5
        self._in_maintenance: set[int] = set()
        self._of_condition: dict[tuple[int, str], str] = {}
        self._counted: dict[int, int] = {}
        self._first_id = first_id
        self._next_activity = 177_000 + first_id

    # ---- the tenant

    def add_organization(self, name: str, description: str = "") -> Organization:
        """A new customer, with a first location."""
        organization = self.organizations.add(Organization(self._new_id(self.organizations), name, description))
        self.add_location(organization.id, "Main Office")
        return organization

    def rename_organization(self, organization_id: int, name: str) -> Organization:
        """Raises KeyError."""
        organization = self.organizations[organization_id]
        organization.name = name
        self.organizations.touch(organization_id)
        return organization

    def add_location(self, organization_id: int, name: str, address: str = "") -> Location:
        """Raises KeyError for an organization that does not exist."""
        self.organizations.touch(organization_id)
        return self.locations.add(Location(self._new_id(self.locations), organization_id, name, address))

    def locations_of(self, organization_id: int) -> list[Location]:
        """In the order of their ids."""
        return [location for location in self.locations if location.organization_id == organization_id]

    def add_device(
        self,
        organization_id: int,
        name: str,
        *,
        location_id: int | None = None,
        node_class: str = "WINDOWS_SERVER",
        approval_status: str = "APPROVED",
        parent_device_id: int | None = None,
        is_news: bool = True,
    ) -> Device:
        """A new node, told as NODE_CREATED unless `is_news` is false. Raises KeyError."""
        now = self._clock.epoch()
        place = location_id or self.locations_of(organization_id)[0].id
        device = self.devices.add(
            Device(
                id=self._new_id(self.devices),
                organization_id=organization_id,
                location_id=self.locations[place].id,
                node_class=node_class,
                display_name=name,
                system_name=name,
                created=now,
                last_contact=now,
                last_boot=float(int(now) - 86_400),
                user=f"{name.upper()}\\user",
                approval_status=approval_status,
                parent_device_id=parent_device_id,
            )
        )
        if is_news:
            self._node_activity(device, "NODE_CREATED", "Node Created", f"Device {name} added")
        return device

    def rename_device(self, device_id: int, name: str) -> Device:
        """Raises KeyError."""
        device = self.devices[device_id]
        device.display_name = name
        self.devices.touch(device_id)
        self._node_activity(device, "NODE_UPDATED", "Node Updated", f"Device {name} updated")
        return device

    def move_device(self, device_id: int, organization_id: int, location_id: int | None = None) -> Device:
        """To another organization, at its first location unless one is given. Raises KeyError."""
        device = self.devices[device_id]
        device.location_id = location_id or self.locations_of(organization_id)[0].id
        device.organization_id = organization_id
        self.devices.touch(device_id)
        self._node_activity(device, "NODE_UPDATED", "Node Updated", f"Device {device.display_name} moved")
        return device

    def approve_device(self, device_id: int, status: str = "APPROVED") -> Device:
        """Raises KeyError."""
        device = self.devices[device_id]
        device.approval_status = status
        self.devices.touch(device_id)
        self._node_activity(device, "NODE_MANUALLY_APPROVED", "Node Manually Approved", "Device approved")
        return device

    def remove_device(self, device_id: int) -> Device:
        """With its alerts, of which nothing more is told. Raises KeyError."""
        device = self.devices.remove(device_id)
        for alert in self.alerts_of(device_id):
            self._forget(alert)
        self._node_activity(device, "NODE_DELETED", "Node Deleted", f"Device {device.display_name} removed")
        return device

    def drift(self) -> int:
        """Every device that is not offline reports again: another last contact, boot time, user and free space, and
        nothing else. Gives how many."""
        now = self._clock.epoch()
        reporting = [device for device in self.devices if not device.offline]
        for device in reporting:
            device.last_contact = now - self._random.randrange(600)
            device.last_boot = float(int(now) - self._random.randrange(30 * 86_400))
            device.user = f"{device.system_name.upper()}\\user{self._random.randrange(9)}"
            device.used_bytes = self._random.randrange(20) * 1024**3
        self.devices.touch_all()
        return len(reporting)

    def overlay(self, device_id: int, members: dict[str, Any]) -> Device:
        """Raises KeyError."""
        device = self.devices[device_id]
        device.overlay = members or None
        self.devices.touch(device_id)
        return device

    def start_maintenance(self, device_id: int, seconds: float) -> Device:
        """Alerts of the device are off for so long. Raises KeyError."""
        device = self.devices[device_id]
        device.maintenance_until = self._clock.epoch() + seconds
        self._in_maintenance.add(device_id)
        self.devices.touch(device_id)
        return device

    def end_maintenance(self, now: float) -> None:
        """Of the devices whose time is over."""
        for device_id in list(self._in_maintenance):
            device = self.devices.get(device_id)
            if device is None or device.maintenance_until <= now:
                self._in_maintenance.discard(device_id)
            if device is not None and device.maintenance_until <= now:
                device.maintenance_until = 0.0
                self.devices.touch(device_id)

    def set_offline(self, device_id: int, offline: bool) -> Device:
        """Without an alert. Raises KeyError."""
        self._set_offline(self.devices[device_id], offline)
        return self.devices[device_id]

    def install(self, device_id: int, programs: list[dict[str, Any]]) -> None:
        """These and no others, told as SOFTWARE_UPDATED. Raises KeyError."""
        device = self.devices[device_id]
        self.software[device_id] = programs
        self._node_activity(
            device, "SOFTWARE_UPDATED", "Software Updated", f"Software of {device.display_name} changed"
        )

    # ---- alerts

    def trigger(
        self,
        device_id: int,
        condition: str = "memory",
        *,
        severity: str | None = None,
        message: str | None = None,
        is_news: bool = True,
    ) -> Alert | None:
        """The condition is met: a new alert, or the one that is in force already; None while in maintenance.

        Raises KeyError for a device or condition that does not exist.
        """
        watched, device = CONDITIONS[condition], self.devices[device_id]
        now = self._clock.epoch()
        in_force = self._of_condition.get((device_id, watched.uid))
        if in_force is not None:
            self.alerts[in_force].updated = now
            return self.alerts[in_force]
        if now < device.maintenance_until:
            return None
        if condition == "offline":
            self._set_offline(device, True)
        alert = Alert(
            uid=self.new_uid(),
            device_id=device_id,
            condition=watched,
            message=message or watched.message,
            severity=(severity or watched.severity).upper(),
            priority=watched.priority,
            created=now,
            updated=now,
            params={"duration": 5, "end_date": int(now * 1000), "target": watched.source_name, "unit": "%"},
        )
        self.alerts[alert.uid] = alert
        self._of_condition[device_id, watched.uid] = alert.uid
        self._counted[device_id] = self._counted.get(device_id, 0) + 1
        if is_news:
            self._alert_activity(alert, "TRIGGERED", "Triggered", alert.message, watched.code, alert.params)
        return alert

    def clear(self, uid: str) -> Alert:
        """The condition is no longer met. Raises KeyError for an alert that is not in force."""
        alert = self._forget(self.alerts[uid])
        params = {"target": alert.condition.source_name, "value": 61.2, "unit": "%"}
        self._alert_activity(alert, "RESET", "Reset", alert.condition.reset_message, alert.condition.reset_code, params)
        return alert

    def acknowledge(self, uid: str, user_id: int = SYSTEM_ADMINISTRATOR) -> Alert:
        """By a technician. Raises KeyError for an alert that is not in force."""
        alert = self.alerts[uid]
        alert.acknowledged_by, alert.updated = user_id, self._clock.epoch()
        self._alert_activity(
            alert, "ACKNOWLEDGED", "Acknowledged", "Condition acknowledged", "condition_acknowledged", {}, user_id
        )
        return alert

    def reset(self, uid: str, user_id: int | None, data: dict[str, Any] | None = None) -> Alert:
        """By hand or through the API: told like any other reset. Raises KeyError for an alert that is not in force."""
        alert = self._forget(self.alerts[uid])
        self._alert_activity(alert, "RESET", "Reset", "Condition reset by user", "condition_reset", data or {}, user_id)
        return alert

    def alerts_of(self, device_id: int) -> list[Alert]:
        """Those in force on a device."""
        if not self._counted.get(device_id):
            return []
        return [alert for alert in self.alerts.values() if alert.device_id == device_id]

    def alert_count(self, device_id: int) -> int:
        """How many there are."""
        return self._counted.get(device_id, 0)

    def new_uid(self) -> str:
        """A UUID of this tenant's dice."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    # ---- within

    def _new_id(self, table: "Table[int, Any]") -> int:
        last = [each.id for each in table.before(2**62, 1)]
        return last[0] + 1 if last else self._first_id

    def _set_offline(self, device: Device, offline: bool) -> None:
        device.offline = offline
        self.devices.touch(device.id)

    def _forget(self, alert: Alert) -> Alert:
        del self.alerts[alert.uid]
        del self._of_condition[alert.device_id, alert.condition.uid]
        self._counted[alert.device_id] -= 1
        device = self.devices.get(alert.device_id)
        if alert.condition.source_type == "AGENT_OFFLINE" and device is not None:
            self._set_offline(device, False)
        return alert

    def _alert_activity(
        self,
        alert: Alert,
        status_code: str,
        status: str,
        message: str,
        code: str,
        params: dict[str, Any],
        user_id: int | None = None,
    ) -> None:
        members: dict[str, Any] = {
            "severity": alert.severity,
            "priority": alert.priority,
            "status": status,
            "sourceConfigUid": alert.condition.uid,
            "sourceName": alert.condition.source_name,
            "subject": alert.condition.subject,
            "message": message,
            "type": "Condition",
            "data": {"message": {"code": code, "params": params}},
        }
        if user_id is not None:
            members["userId"] = user_id
        device = self.devices[alert.device_id]
        self._record(device, alert.condition.activity_type, status_code, alert.uid, members)

    def _node_activity(self, device: Device, status_code: str, status: str, message: str) -> None:
        members = {
            "severity": "NONE",
            "priority": "NONE",
            "status": status,
            "message": message,
            "type": "System",
            "userId": SYSTEM_ADMINISTRATOR,
            "data": {},
        }
        self._record(device, "SYSTEM", status_code, self.new_uid(), members)

    def _record(
        self, device: Device, activity_type: str, status_code: str, series_uid: str, members: dict[str, Any]
    ) -> None:
        self._next_activity += 1
        activity = Activity(
            id=self._next_activity,
            device_id=device.id,
            organization_id=device.organization_id,
            activity_type=activity_type,
            status_code=status_code,
            series_uid=series_uid,
            members={"activityTime": self._clock.epoch(), **members},
        )
        self.activities.append(activity)
        self.happened.append(activity)
