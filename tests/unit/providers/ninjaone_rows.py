"""Rows of NinjaOne's device listing and reports, as the OpenAPI of 2026 has them."""

from typing import Any

from tests.simulators.ninjaone.hardware import computer_system, operating_system, processor, volume
from tests.simulators.ninjaone.state import Device

CREATED = 1_742_412_000.5


def simulated(device_id: int = 33, node_class: str = "WINDOWS_WORKSTATION") -> Device:
    """What the simulator makes its rows from."""
    return Device(device_id, 2, 5, node_class, "Front desk", "WS-33", CREATED, CREATED, CREATED, "ACME\\ann")


def agent_row(**members: Any) -> dict[str, Any]:
    """An AgentDevice."""
    device = simulated()
    row: dict[str, Any] = {
        "id": 33,
        "organizationId": 2,
        "locationId": 5,
        "nodeClass": "WINDOWS_WORKSTATION",
        "approvalStatus": "APPROVED",
        "offline": False,
        "displayName": "Front desk",
        "systemName": "WS-33",
        "dnsName": "ws-33.corp.example",
        "netbiosName": "WS-33",
        "created": CREATED,
        "lastContact": 1_742_412_252.744,
        "lastUpdate": 1_742_412_252.744,
        "tags": ["vip", "kiosk"],
        "ipAddresses": ["10.0.0.33", "fe80::d267:26ff:fecb:352", "169.254.7.7"],
        "macAddresses": ["d0-67-26-cb-03-52", "D0:67:26:CB:03:52"],
        "publicIP": "203.0.113.9",
        "deviceType": "AgentDevice",
        "os": operating_system(device),
        "system": computer_system(device),
        "memory": {"capacity": 17_179_869_184},
        "processors": [processor(), processor()],
        "volumes": [volume(device)],
        "lastLoggedInUser": "ACME\\ann",
    }
    return row | members


def health_row(**members: Any) -> dict[str, Any]:
    """A DeviceHealthSummary."""
    row = {
        "deviceId": 33,
        "pendingOSPatchesCount": 3,
        "failedOSPatchesCount": 1,
        "pendingSoftwarePatchesCount": 2,
        "failedSoftwarePatchesCount": 0,
        "pendingRebootReason": "",
        "healthStatus": "HEALTHY",
    }
    return row | members


def antivirus_row(
    device_id: Any = 33, name: str = "Windows Defender", state: Any = "ON", definitions: Any = "Up-to-Date"
) -> dict[str, Any]:
    """A DeviceAntivirusStatus."""
    return {"deviceId": device_id, "productName": name, "productState": state, "definitionStatus": definitions}
