"""An organization's things as the API shows them. Sources: openapi/level-v2-openapi.json; vendors.md 3 for the rest."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.simulators.levelio.state import Alert, Device, Group, State
from tests.simulators.table import UnknownKeyError

INCLUDES = (
    "operating_system",
    "cpus",
    "memory",
    "disks",
    "disk_partitions",
    "network_interfaces",
    "security",
)
"""What a device shows only when asked by `include_<name>=true`."""

_SYSTEMS = {
    "Windows": ("Microsoft Windows 11 Pro", "11", "23H2", "Dell Inc.", "OptiPlex 7090"),
    "Mac": ("macOS 14.4.1", "14", "4.1", "Apple Inc.", "MacBookAir10,1"),
    "Linux": ("Ubuntu 22.04.4 LTS", "22", "04", "Supermicro", "SYS-5019"),
}


def seconds(moment: datetime) -> str:
    """`2026-09-08T14:59:00Z`, as the API writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(moment: datetime) -> str:
    """`2026-09-08T15:00:00.000Z`, as webhooks write times."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Rendering:
    """The views of one organization's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def group(self, group: Group) -> dict[str, Any]:
        """Of `/v2/groups`."""
        return {
            "id": group.id,
            "parent_id": group.parent_id,
            "child_ids": [child.id for child in self._state.children(group.id)],
            "name": group.name,
            "device_count": self._state.device_count(group.id),
            "descendent_device_count": self._state.device_count(group.id, with_descendants=True),
        }

    def device(self, device: Device, includes: Iterable[str] = ()) -> dict[str, Any]:
        """Of `/v2/devices`."""
        system, major, minor, manufacturer, model = _SYSTEMS[device.platform]
        shown: dict[str, Any] = {
            "id": device.id,
            "hostname": device.hostname,
            "nickname": device.nickname,
            "role": device.role,
            "group_id": device.group_id,
            "tags": ["kiosk"] if device.number % 10 == 0 else [],
            "flag": None,
            "maintenance_mode": device.maintenance_mode,
            "online": device.online,
            "notes": None,
            "manufacturer": manufacturer,
            "model": model,
            "architecture": "x64",
            "serial_number": f"LV{device.number:07d}",
            "total_memory": 17179869184,
            "memory_slots": 4,
            "cpu_cores": 8,
            "last_logged_in_user": device.user,
            "last_reboot_time": seconds(device.last_reboot_time),
            "last_seen_at": seconds(device.last_seen_at),
            "city": "Chicago",
            "country": "US",
            "security_score": 82,
            "platform": device.platform,
        }
        extra = {
            "operating_system": {
                "full_operating_system": system,
                "major_version": major,
                "minor_version": minor,
                "architecture": "x64",
                "install_date": "2024-01-15T00:00:00Z",
                "end_of_life": False,
            },
            "cpus": [{"model": "Intel(R) Core(TM) i7-10700", "clock_speed": 2900, "cores": 8}],
            "memory": [{"size": 8589934592, "type": "DDR4"}, {"size": 8589934592, "type": "DDR4"}],
            "disks": [{"model": "Samsung SSD 980", "size": 512110190592}],
            "disk_partitions": [
                {
                    "label": "OS",
                    "mount_point": "C:",
                    "encrypted": True,
                    "primary": True,
                    "size": 511101108224,
                    "free_space": device.free_space,
                    "file_system": "NTFS",
                }
            ],
            "network_interfaces": _interfaces(device),
            "security": {
                "score": 82,
                "risk": "low",
                "patch_compliance": waiting_updates(device) == 0,
                "os_end_of_life": False,
                "primary_partition_encrypted": True,
                "firewall_enabled": True,
                "antivirus_provider": "Microsoft Defender",
                "antivirus_status": "enabled",
            },
        }
        shown |= {name: extra[name] for name in INCLUDES if name in includes}
        return shown | (device.overlay or {})

    def alert(self, alert: Alert) -> dict[str, Any]:
        """Of `/v2/alerts`."""
        return {**self._alert(alert, seconds), "resolved_at": _optional(alert.resolved_at)}

    def alert_in_webhook(self, alert: Alert) -> dict[str, Any]:
        """Of a webhook: with milliseconds, and without `resolved_at` while it is active."""
        shown = self._alert(alert, milliseconds)
        return shown if alert.resolved_at is None else shown | {"resolved_at": milliseconds(alert.resolved_at)}

    def _alert(self, alert: Alert, written: Any) -> dict[str, Any]:
        device = self._state.devices.get(alert.device_id)
        return {
            "id": alert.id,
            "device_id": alert.device_id,
            "device_hostname": None if device is None else device.hostname,
            "name": alert.name,
            "description": alert.description,
            "payload": alert.payload,
            "severity": alert.severity,
            "is_resolved": alert.resolved_at is not None,
            "started_at": written(alert.started_at),
        }

    def updates(self, device: Device) -> list[dict[str, Any]]:
        """Of `/v2/updates`: on Windows devices one that is installed, and none to three that wait."""
        if device.platform != "Windows":
            return []
        named = {"device_id": device.id, "device_hostname": device.hostname, "category": "Security Updates"}
        installed = {
            "id": f"upd_{device.number}_1",
            **named,
            "name": "2026-07 Cumulative Update for Windows 11 (KB5059000)",
            "is_available": False,
            "installed_on": "2026-07-20T03:00:00Z",
        }
        waiting = [
            {
                "id": f"upd_{device.number}_{each + 2}",
                **named,
                "name": f"2026-08 Cumulative Update for Windows 11 (KB506000{each})",
                "is_available": True,
                "installed_on": None,
            }
            for each in range(waiting_updates(device))
        ]
        return [installed, *waiting]


def waiting_updates(device: Device) -> int:
    """How many wait."""
    return device.number // 4 % 4 if device.platform == "Windows" else 0


def update_key(update_id: str) -> tuple[int, int]:
    """Where an update stands in their listing: `upd_<number of the device>_<number>`. Raises UnknownKeyError."""
    parts = update_id.split("_")
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        raise UnknownKeyError(update_id)
    return int(parts[1]), int(parts[2])


def _interfaces(device: Device) -> list[dict[str, Any]]:
    """The one that is hardware, on some devices behind one that a hypervisor makes."""
    low = f"{device.number // 65536 % 256:02x}:{device.number // 256 % 256:02x}:{device.number % 256:02x}"
    common = {"gateway": "10.0.0.1", "dns_servers": "10.0.0.10"}
    address = f"10.{device.number // 65536 % 256 + 1}.{device.number // 256 % 256}.{device.number % 256}"
    hardware = {
        "description": "Intel(R) Ethernet",
        "interface": "Ethernet",
        "mac_address": f"a4:bb:6d:{low}",
        "ip_addresses": [address],
        "label": "Ethernet",
    }
    made = {
        "description": "Hyper-V Virtual Ethernet Adapter",
        "interface": "vEthernet (Default Switch)",
        "mac_address": f"00:15:5d:{low}",
        "ip_addresses": ["172.17.0.1"],
        "label": "vEthernet (Default Switch)",
    }
    return [each | common for each in ([made, hardware] if device.number % 3 == 0 else [hardware])]


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else seconds(moment)
