"""What machines are made of, by kind, as the API shows it. Sources: the observed VM host; the OpenAPI of 2026 for the
others (AgentDevice, VMGuest, MdmDevice, CloudMonitorPing, NMSTarget, UnmanagedDevice)."""

from collections.abc import Callable
from typing import Any

from tests.simulators.ninjaone.state import Device

_SYSTEMS = {
    "WINDOWS_SERVER": ("Windows Server 2022 Standard Edition", "20348", "21H2"),
    "WINDOWS_WORKSTATION": ("Windows 11 Professional Edition", "22631", "23H2"),
    "MAC": ("macOS Sonoma", "23E224", "14.4.1"),
    "LINUX_SERVER": ("Ubuntu 22.04 LTS", "5.15.0", "22.04"),
}
_MODELS = ("OptiPlex 7090", "Latitude 5540", "PowerEdge R650", "ThinkPad T14")

Members = dict[str, Any]
Kind = Callable[[Members, Device], Members]


def kind_of(device: Device) -> Kind:
    """Puts the members of the device's kind on those that every device has."""
    node_class = device.node_class
    if node_class in ("VMWARE_VM_HOST", "HYPERV_VMM_HOST"):
        return _vm_host
    if node_class in ("VMWARE_VM_GUEST", "HYPERV_VMM_GUEST"):
        return _vm_guest
    if node_class in ("ANDROID", "APPLE_IOS", "APPLE_IPADOS"):
        return _mobile
    if node_class == "CLOUD_MONITOR_TARGET":
        return _cloud_monitor
    if node_class.startswith("NMS_"):
        return lambda shown, _: shown | {"deviceType": "NMSTarget"}
    if node_class in ("UNMANAGED_DEVICE", "MANAGED_DEVICE"):
        return lambda shown, _: shown | {"deviceType": "UnmanagedDevice"}
    return _agent


def _agent(shown: Members, device: Device) -> Members:
    return shown | {
        "publicIP": f"203.0.113.{device.id % 250 + 1}",
        "notes": [],
        "deviceType": "AgentDevice",
        "os": operating_system(device),
        "system": computer_system(device),
        "memory": {"capacity": 17179869184},
        "processors": [processor()],
        "volumes": [volume(device)],
        "lastLoggedInUser": device.user,
    }


def _vm_host(shown: Members, device: Device) -> Members:
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


def _vm_guest(shown: Members, device: Device) -> Members:
    return shown | {
        "fullName": device.system_name,
        "lastBootTime": device.last_boot,
        "memorySize": 8589934592,
        "coresPerSocket": 2,
        "cpuCores": 4,
        "powerState": "POWERED_ON",
        "toolStatus": "OK",
        "guestOSFullName": "Ubuntu Linux (64-bit)",
        "snapshotCount": 0,
        "deviceType": "VMGuest",
    }


def _mobile(shown: Members, device: Device) -> Members:
    system = {
        "name": device.system_name,
        "manufacturer": "Google" if device.node_class == "ANDROID" else "Apple",
        "model": "Pixel 8" if device.node_class == "ANDROID" else "iPad (10th generation)",
        "serialNumber": serial_number(device),
        "build": "21F79",
    }
    return shown | {
        "system": system,
        "memory": {"capacity": 8589934592},
        "network": [{"imei": f"{device.id:015d}", "carrier": "Example Mobile"}],
        "deviceType": "MdmDevice",
    }


def _cloud_monitor(shown: Members, device: Device) -> Members:
    shown = {name: value for name, value in shown.items() if name not in ("ipAddresses", "macAddresses")}
    return (
        shown
        | {"enabled": True, "interval": 60, "timeout": 10, "target": f"{device.system_name}.example"}
        | {"deviceType": "CloudMonitorPing"}
    )


def ip_address(device: Device) -> str:
    """A private one, made from the id."""
    return f"10.{device.id // 65536 % 256}.{device.id // 256 % 256}.{device.id % 256}"


def mac_address(device: Device) -> str:
    """A locally administered one, made from the id, unless it was set."""
    return device.mac_address or ":".join(
        ["02", "00", *(f"{device.id >> shift & 255:02x}" for shift in (24, 16, 8, 0))]
    )


def serial_number(device: Device) -> str:
    """Made from the id, unless it was set."""
    return device.serial_number or f"NJ{device.id:08d}"


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
        "freeSpace": 22011707392 + device.id % 1000 * 1_000_000 - device.used_bytes,
        "serialNumber": f"{device.id:08X}",
    }
