"""A tenant's things as the API shows them. Sources: the observed payloads; the OpenAPI of 2026 for what they lack."""

import uuid
from typing import Any

from tests.simulators.ninjaone.state import Activity, Alert, Device, Location, Organization, State

_SYSTEMS = {
    "WINDOWS_SERVER": ("Windows Server 2022 Standard Edition", "20348", "21H2"),
    "WINDOWS_WORKSTATION": ("Windows 11 Professional Edition", "22631", "23H2"),
    "MAC": ("macOS Sonoma", "23E224", "14.4.1"),
    "LINUX_SERVER": ("Ubuntu 22.04 LTS", "5.15.0", "22.04"),
}
_MODELS = ("OptiPlex 7090", "Latitude 5540", "PowerEdge R650", "ThinkPad T14")


class Rendering:
    """`fields_of_2026`: severity, priority and the condition's name, which the newer specification has and the observed
    tenant did not send."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.fields_of_2026 = False

    def organization(self, organization: Organization) -> dict[str, Any]:
        """Of `/v2/organizations`."""
        return {
            "name": organization.name,
            "description": organization.description,
            "userData": {},
            "nodeApprovalMode": organization.approval_mode,
            "id": organization.id,
        }

    def organization_detailed(self, organization: Organization) -> dict[str, Any]:
        """Of `/v2/organizations-detailed`."""
        locations = [_location(each) for each in self._state.locations_of(organization.id)]
        policies = [{"nodeRoleId": 201, "policyId": 43}, {"nodeRoleId": 202, "policyId": 44}]
        return {**self.organization(organization), "locations": locations, "policies": policies, "settings": {}}

    def location(self, location: Location) -> dict[str, Any]:
        """Of `/v2/locations`."""
        return {**_location(location), "organizationId": location.organization_id}

    def device(self, device: Device) -> dict[str, Any]:
        """Of `/v2/devices`."""
        shown: dict[str, Any] = {"id": device.id}
        if device.parent_device_id is not None:
            shown["parentDeviceId"] = device.parent_device_id
        shown |= {
            "organizationId": device.organization_id,
            "locationId": device.location_id,
            "nodeClass": device.node_class,
            "nodeRoleId": 201,
            "rolePolicyId": 43,
            "approvalStatus": device.approval_status,
            "offline": device.offline,
            "displayName": device.display_name,
            "systemName": device.system_name,
            "dnsName": f"{device.system_name}.corp.example",
            "created": device.created,
            "lastContact": device.last_contact,
            "lastUpdate": device.last_contact,
        }
        if self.fields_of_2026:
            shown["uid"] = str(uuid.UUID(int=device.id, version=4))
        return shown

    def device_detailed(self, device: Device) -> dict[str, Any]:
        """Of `/v2/devices-detailed` and `/v2/device/{id}`: a Windows agent's, or a VM host's own members."""
        number = device.id
        shown = self.device(device) | {
            "ipAddresses": [f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"],
            "macAddresses": [mac_address(device)],
        }
        if device.node_class == "VMWARE_VM_HOST":
            return shown | {
                "cpuMhz": 2195,
                "cpuModel": "Intel(R) Xeon(R) Silver 4114 CPU @ 2.20GHz",
                "htActive": True,
                "htAvailable": True,
                "lastBootTime": device.last_boot,
                "memorySize": 102715461632,
                "model": "ProLiant DL380 Gen10",
                "name": device.system_name,
                "cpuPackages": 2,
                "cpuThreads": 40,
                "serviceTag": serial_number(device),
                "vendor": "HPE",
                "releaseName": "VMware ESXi 8.0.1 build-21813344",
                "version": "8.0.1",
                "buildNumber": "21813344",
                "deviceType": "VMHost",
            }
        return shown | {
            "publicIP": f"203.0.113.{number % 250 + 1}",
            "notes": [],
            "deviceType": "AgentDevice",
            "os": operating_system(device),
            "system": computer_system(device),
            "memory": {"capacity": 17179869184},
            "processors": [processor()],
            "volumes": [volume(device)],
            "lastLoggedInUser": device.user,
        }

    def alert(self, alert: Alert) -> dict[str, Any]:
        """Of `/v2/alerts`."""
        watched = alert.condition
        shown: dict[str, Any] = {
            "uid": alert.uid,
            "deviceId": alert.device_id,
            "message": alert.message,
            "createTime": alert.created,
            "updateTime": alert.updated,
            "sourceType": watched.source_type,
            "sourceConfigUid": watched.uid,
            "sourceName": watched.source_name,
            "subject": watched.subject,
            "data": {"message": {"code": watched.code, "params": alert.params}},
        }
        if alert.acknowledged_by is not None:
            shown["userId"] = alert.acknowledged_by
        if self.fields_of_2026:
            shown |= {
                "priority": alert.priority,
                "severity": alert.severity,
                "conditionName": watched.source_name,
                "conditionHealthStatus": "UNHEALTHY",
                "useGlobalHealthStatus": True,
            }
        return shown

    def activity(self, activity: Activity) -> dict[str, Any]:
        """Of `/v2/activities`, and a webhook's body without what it may expand. Of a condition the observed tenant
        sent neither severity nor priority."""
        members = dict(activity.members)
        if activity.activity_type == "CONDITION" and not self.fields_of_2026:
            del members["severity"], members["priority"]
        shown = {"id": activity.id, "activityTime": members.pop("activityTime"), "deviceId": activity.device_id}
        words = {
            "seriesUid": activity.series_uid,
            "activityType": activity.activity_type,
            "statusCode": activity.status_code,
        }
        return shown | words | members

    def references(self, device: Device) -> dict[str, Any]:
        """A device's organization and location, as a webhook expands them."""
        organization = self._state.organizations[device.organization_id]
        location = self._state.locations[device.location_id]
        return {
            "organization": {
                "name": organization.name,
                "nodeApprovalMode": organization.approval_mode,
                "id": organization.id,
            },
            "location": {"name": location.name, "id": location.id},
        }


def _location(location: Location) -> dict[str, Any]:
    return {"name": location.name, "address": location.address, "description": "", "userData": {}, "id": location.id}


def mac_address(device: Device) -> str:
    """A locally administered one, made from the id."""
    return ":".join(["02", "00", *(f"{device.id >> shift & 255:02x}" for shift in (24, 16, 8, 0))])


def serial_number(device: Device) -> str:
    """Made from the id."""
    return f"NJ{device.id:08d}"


def operating_system(device: Device) -> dict[str, Any]:
    """The `os` of a device."""
    name, build, release = _SYSTEMS.get(device.node_class, _SYSTEMS["WINDOWS_SERVER"])
    return {
        "manufacturer": "Microsoft Corporation" if "Windows" in name else name.split()[0],
        "name": name,
        "architecture": "64-bit",
        "lastBootTime": device.last_boot,
        "buildNumber": build,
        "releaseId": release,
        "servicePackMajorVersion": 0,
        "servicePackMinorVersion": 0,
        "locale": "en-US",
        "language": "English",
        "needsReboot": device.id % 7 == 0,
    }


def computer_system(device: Device) -> dict[str, Any]:
    """The `system` of a device."""
    return {
        "name": device.system_name.upper(),
        "manufacturer": "Dell Inc.",
        "model": _MODELS[device.id % len(_MODELS)],
        "biosSerialNumber": serial_number(device),
        "serialNumber": serial_number(device),
        "domain": "corp.example",
        "domainRole": "Member Server" if "SERVER" in device.node_class else "Member Workstation",
        "numberOfProcessors": 1,
        "totalPhysicalMemory": 17179869184,
        "virtualMachine": False,
        "chassisType": "DESKTOP",
    }


def processor() -> dict[str, Any]:
    """One of a device's `processors`."""
    return {
        "architecture": "x64",
        "maxClockSpeed": 2_900_000_000,
        "clockSpeed": 2_900_000_000,
        "name": "Intel(R) Core(TM) i7-10700 CPU @ 2.90GHz",
        "numCores": 8,
        "numLogicalCores": 16,
    }


def volume(device: Device) -> dict[str, Any]:
    """One of a device's `volumes`."""
    return {
        "name": "C:",
        "driveLetter": "C:",
        "label": "OS",
        "deviceType": "Local Disk",
        "fileSystem": "NTFS",
        "autoMount": True,
        "compressed": False,
        "capacity": 511101108224,
        "freeSpace": 22011707392 + device.id % 1000 * 1_000_000,
        "serialNumber": f"{device.id:08X}",
    }
