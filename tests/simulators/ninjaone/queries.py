"""`/v2/queries/*`: rows of all devices, page by page with a named cursor.

The name stays the same from page to page while the server remembers how far it came (vendors.md 1.5). A query whose
rows fit on one page answers without a cursor, as was observed.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from tests.simulators.ninjaone.hardware import (
    computer_system,
    ip_address,
    mac_address,
    operating_system,
    processor,
    serial_number,
    volume,
)
from tests.simulators.ninjaone.state import Device, Patches, State

CURSOR_LIVES_SECONDS = 600.0
_CATALOGUE = (
    ("7-Zip 23.01 (x64)", "23.01", "Igor Pavlov", "C:\\Program Files\\7-Zip\\", 5671936),
    ("Google Chrome", "126.0.6478.127", "Google LLC", "C:\\Program Files\\Google\\Chrome\\", 612368384),
    ("Mozilla Firefox (x64 en-US)", "127.0.2", "Mozilla", "C:\\Program Files\\Mozilla Firefox", 231342080),
    ("Microsoft 365 Apps for business", "16.0.17726.20160", "Microsoft Corporation", "", 0),
    ("Zoom Workplace", "6.1.1 (41705)", "Zoom Video Communications, Inc.", "C:\\Program Files\\Zoom", 411041792),
    ("Notepad++ (64-bit x64)", "8.6.8", "Notepad++ Team", "C:\\Program Files\\Notepad++\\", 17825792),
)
_ANTIVIRUS = (("Windows Defender", "ON", "Up-to-Date"),)

Rows = Callable[[State, Device, float], list[dict[str, Any]]]


def software(state: State, device: Device) -> list[dict[str, Any]]:
    """What is installed on a device: as it was set, else some of the catalogue, and of the programs that a large
    inventory is made of."""
    set_by_hand = state.software.get(device.id)
    if set_by_hand is not None:
        return set_by_hand
    few = min(state.programs_each, len(_CATALOGUE) - 1)
    chosen = [_program((device.id + step) % len(_CATALOGUE)) for step in range(few)]
    return chosen + [_program(number) for number in range(len(_CATALOGUE), len(_CATALOGUE) + state.programs_each - few)]


@cache
def _program(number: int) -> dict[str, Any]:
    if number < len(_CATALOGUE):
        name, version, publisher, location, size = _CATALOGUE[number]
    else:
        name, version, publisher = f"Line of Business {number:03d}", f"{number % 9}.{number % 7}.0", "Example Software"
        location, size = f"C:\\Program Files\\Example\\{number:03d}", number * 1_000_000
    return {
        "installDate": "2024-02-01",
        "location": location,
        "name": name,
        "publisher": publisher,
        "size": size,
        "version": version,
        "productCode": f"{{{uuid.uuid5(uuid.NAMESPACE_OID, name)}}}".upper(),
    }


def _antivirus(device: Device, now: float) -> list[dict[str, Any]]:
    """Of Windows only, unless it was set; some have another product, and Windows' own is off then."""
    products = device.antivirus
    if products is None:
        is_other = device.id % 10 == 0
        products = [("Windows Defender", "OFF", "Up-to-Date"), ("Bitdefender", "ON", "Up-to-Date")] if is_other else []
        products = products or list(_ANTIVIRUS)
        products = products if device.node_class.startswith("WINDOWS") else []
    return [
        {
            "productName": name,
            "productState": state,
            "definitionStatus": definitions,
            "version": "4.18.24060.7",
            "deviceId": device.id,
            "timestamp": now,
        }
        for name, state, definitions in products
    ]


def os_patches(device: Device, now: float, installed: bool = False) -> list[dict[str, Any]]:
    """Patches that a device waits for, or that it got: none on most devices, some on a few."""
    if not installed and device.id % 4:
        return []
    row = {
        "id": str(uuid.UUID(int=device.id << 8 | installed, version=4)),
        "name": f"2025-0{device.id % 3 + 1} Cumulative Update for Windows 11 (KB50536{device.id % 100:02d})",
        "severity": "CRITICAL",
        "status": "INSTALLED" if installed else ("APPROVED", "PENDING", "FAILED")[device.id % 3],
        "type": "SECURITY_UPDATES",
        "kbNumber": f"KB50536{device.id % 100:02d}",
        "deviceId": device.id,
        "timestamp": now,
    }
    if installed:
        return [row | {"installedAt": now - 86_400}]
    return [row]


def software_patches(device: Device, now: float, installed: bool = False) -> list[dict[str, Any]]:
    """The same for third-party software."""
    if device.id % 5:
        return []
    row = {
        "id": str(uuid.UUID(int=device.id << 8 | 16 | installed, version=4)),
        "productIdentifier": str(uuid.uuid5(uuid.NAMESPACE_OID, "Google Chrome")),
        "title": "Google Chrome 127",
        "impact": "RECOMMENDED",
        "status": "INSTALLED" if installed else "APPROVED",
        "type": "PATCH",
        "deviceId": device.id,
        "timestamp": now,
    }
    return [row | {"installedAt": now - 86_400}] if installed else [row]


def _counted(device: Device, now: float) -> Patches:
    waiting = [row["status"] for row in os_patches(device, now)]
    failed = waiting.count("FAILED")
    return Patches(len(waiting) - failed, failed, len(software_patches(device, now)))


def _health(state: State, device: Device, now: float) -> list[dict[str, Any]]:
    alerts, patches = state.alert_count(device.id), device.patches or _counted(device, now)
    return [
        {
            "activeThreatsCount": 0,
            "quarantinedThreatsCount": 0,
            "blockedThreatsCount": 0,
            "failedOSPatchesCount": patches.failed_os,
            "pendingOSPatchesCount": patches.pending_os,
            "alertCount": alerts,
            "activeJobCount": 0,
            "failedSoftwarePatchesCount": patches.failed_software,
            "pendingSoftwarePatchesCount": patches.pending_software,
            "pendingRebootReason": "WINDOWS_PM" if device.id % 7 == 0 else "",
            "productsInstallationStatuses": {},
            "offline": device.offline,
            "parentOffline": False,
            "healthStatus": "UNHEALTHY" if alerts else "NEEDS_ATTENTION" if patches.pending_os else "HEALTHY",
            "installationIssuesCount": 0,
            "deviceId": device.id,
        }
    ]


def _network(device: Device) -> dict[str, Any]:
    return {
        "adapterName": "Intel(R) Ethernet",
        "defaultGateway": "10.0.0.1",
        "interfaceType": "ETHERNET",
        "dnsHostName": device.system_name,
        "dnsServers": "10.0.0.10",
        "interfaceIndex": "4",
        "interfaceName": "Ethernet",
        "ipAddress": [ip_address(device)],
        "linkSpeed": "1000000000",
        "macAddress": [mac_address(device)],
        "mtu": "1500",
        "status": "UP",
        "subnetMask": "255.255.0.0",
    }


def _disk(device: Device) -> dict[str, Any]:
    return {
        "bytesPerSector": 512,
        "description": "Disk drive",
        "interfaceType": "SCSI",
        "manufacturer": "(Standard disk drives)",
        "mediaType": "Fixed hard disk media",
        "model": "Samsung SSD 980 PRO 512GB",
        "name": "\\\\.\\PHYSICALDRIVE0",
        "partitionCount": 3,
        "serialNumber": serial_number(device),
        "size": 512105932800,
        "smartCapable": True,
        "status": "OK",
    }


def _with_device(row: dict[str, Any], device: Device, now: float) -> dict[str, Any]:
    return row | {"deviceId": device.id, "timestamp": now}


QUERIES: dict[str, Rows] = {
    "antivirus-status": lambda _, device, now: _antivirus(device, now),
    "software": lambda state, device, now: [_with_device(row, device, now) for row in software(state, device)],
    "os-patches": lambda _, device, now: os_patches(device, now),
    "os-patch-installs": lambda _, device, now: os_patches(device, now, installed=True),
    "software-patches": lambda _, device, now: software_patches(device, now),
    "software-patch-installs": lambda _, device, now: software_patches(device, now, installed=True),
    "device-health": _health,
    "operating-systems": lambda _, device, now: [_with_device(operating_system(device), device, now)],
    "computer-systems": lambda _, device, now: [_with_device(computer_system(device), device, now)],
    "processors": lambda _, device, now: [_with_device(processor(), device, now)],
    "volumes": lambda _, device, now: [_with_device(volume(device), device, now)],
    "disks": lambda _, device, now: [_with_device(_disk(device), device, now)],
    "network-interfaces": lambda _, device, __: [_network(device) | {"deviceId": device.id}],
    "logged-on-users": lambda _, device, __: [
        {"userName": device.user, "logonTime": device.last_boot + 60, "deviceId": device.id}
    ],
}


class CursorGoneError(LookupError):
    """No such cursor, or it has expired."""


@dataclass
class Cursor:
    """How far a walk over a query's rows has come. `first`: its first page, which a repeated page shows again."""

    name: str
    query: str
    rows: Iterator[dict[str, Any]]
    offset: int
    expires: float
    first: list[dict[str, Any]]
    upcoming: list[dict[str, Any]]


class Cursors:
    """The walks that are under way."""

    def __init__(self) -> None:
        self._cursors: dict[str, Cursor] = {}

    def open(self, name: str, query: str, rows: Iterator[dict[str, Any]], now: float) -> Cursor:
        """A walk from the start. One that came to its end answers without rows until it expires."""
        self._cursors = {each.name: each for each in self._cursors.values() if each.expires > now}
        cursor = Cursor(name, query, rows, 0, now + CURSOR_LIVES_SECONDS, [], [])
        self._cursors[name] = cursor
        return cursor

    def find(self, name: str, query: str, now: float) -> Cursor:
        """Raises CursorGoneError."""
        cursor = self._cursors.get(name)
        if cursor is None or cursor.query != query or cursor.expires <= now:
            raise CursorGoneError(name)
        return cursor

    def forget(self) -> None:
        """All of them have expired."""
        self._cursors.clear()

    def page(self, cursor: Cursor, size: int) -> tuple[list[dict[str, Any]], bool]:
        """The next rows, and whether more follow."""
        rows = cursor.upcoming + list(islice(cursor.rows, size + 1 - len(cursor.upcoming)))
        page, cursor.upcoming = rows[:size], rows[size:]
        if not cursor.first:
            cursor.first = page
        cursor.offset += len(page)
        return page, bool(cursor.upcoming)
