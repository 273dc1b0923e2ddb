"""Serial numbers, MAC addresses and hostnames that many machines have, so that they tell none from another."""

from collections.abc import Iterable

_SHORTEST_SERIAL = 5  # Dell's service tags have 5 or 7 characters


def _normal(words: Iterable[str]) -> frozenset[str]:
    return frozenset("".join(character for character in word.upper() if character.isalnum()) for word in words)


_PLACEHOLDERS = _normal(
    (
        "0123456789",
        "0123456789AB",
        "0123456789ABC",
        "0123456789ABCDEF",
        "012345678910",
        "0x00000000",
        "03000200-0400-0500-0006-000700080009",  # the UUID of boards whose maker set none, also seen as serial
        "1020304050",
        "112233445566",
        "112233445566778899AA",
        "1234567890AB",
        "1234567890ABCDEF",
        "12345678901234567890",
        "123490EN400015",  # of one maker's tablets, all of them
        "AA:BB:CC:DD:EE:FF",
        "ABCDEF",
        "ABCDEFG",
        "ABCDEFGH",
        "ASSET-1234567890",
        "BSN12345678901234567",
        "BSS-0123456789",
        "BaseBoard",
        "Chassis",
        "ChangeMe",
        "Computer",
        "CzC1234567",
        "Default",
        "Desktop",
        "Dummy",
        "Empty",
        "Evaluation",
        "GB-BXi",
        "HyperV",
        "INVALID",
        "Laptop",
        "MB-1234567890",
        "MotherBoard",
        "NB-1234567890",
        "Parallels",
        "Product",
        "QTFCOK1234567",
        "Serial",
        "SN123456",
        "SN12345678",
        "SerNo12345678",
        "Standard",
        "System S/N",
        "SYS-1234567890",
        "Type1ProductConfigId",
        "Type2 - Board Serial Number",
        "Virtual",
        "VirtualBox",
        "Virtual Machine",
        "VMware",
        "VMware Virtual Platform",
        "VMware, Inc.",
        "XXXXXX",
    )
)

# What stands anywhere in a serial number that is none. As the number itself is normalized, so are these.
_PLACEHOLDER_PARTS = tuple(
    sorted(
        _normal(
            (
                "applicable",
                "asset tag",
                "by O.E.M.",
                "default string",
                "filled by",
                "invalid",
                "no serial",
                "oem serial",
                "to be defined",
                "not available",
                "not defined",
                "not set",
                "not specified",
                "placeholder",
                "serial number",
                "serial no",
                "system serial",
                "system manufacturer",
                "system product",
                "to be filled",
                "to be set",
                "undefined",
                "unknown",
                "unspecified",
                "update me",
            )
        )
    )
)

_ASCENDING = "01234567890123456789012345678901234567890"
_DESCENDING = _ASCENDING[::-1]


def is_junk_serial(normal: str) -> bool:
    """Whether a serial number (letters and digits, capital) says nothing."""
    if len(normal) < _SHORTEST_SERIAL or normal in _PLACEHOLDERS or len(set(normal)) == 1:
        return True
    if any(part in normal for part in _PLACEHOLDER_PARTS):
        return True
    if normal.isdigit() and (normal in _ASCENDING or normal in _DESCENDING):
        return True
    # All alike but for the last character: 0000000001, XXXXXXX1. VMware writes its name before its numbers.
    body = normal.removeprefix("VMWARE")
    return len(set(body[:-1])) <= 1 or set(body) <= {"0", "F"}


# Shared by all machines that have the adapter, or copied from machine to machine.
_SHARED_MACS = (
    "000000000000",
    "00005e0001",  # VRRP's virtual routers
    "00059a3c7800",  # Cisco AnyConnect
    "00059a3c7a00",  # Cisco AnyConnect
    "00090faa0001",  # Fortinet's VPN adapter
    "00090ffe0001",  # Fortinet's VPN adapter
    "000ec6",  # ASIX: adapters and docking stations on USB, carried from machine to machine
    "00155d",  # Hyper-V: switches of hosts, and guests, whose numbers hosts give out without asking one another
    "001c42000008",  # Parallels' host adapters
    "001c42000009",
    "00249b",  # Action Star: docking stations on USB
    "002637bd3942",  # of one maker's adapters, all of them
    "005056c000",  # VMware's vmnet adapters of hosts
    "00e04c",  # Realtek on USB: docking stations, and clones of them with one address for all
    "00ff",  # TAP adapters of VPNs
    "080027000000",  # VirtualBox' unset one
    "080058000001",  # virtual network adapters
    "0a0027",  # VirtualBox' host adapters
    "204153594eff",  # Windows' WAN miniport ("ASYN")
    "204153594e50",
    "3c18a0",  # Luxshare: docking stations on USB
    "44455354",  # Windows' dial-up adapter ("DEST")
    "505054503030",  # Windows' PPTP ("PPTP00")
    "505000000",
    "7a7900",  # Hamachi
    "8cae4c",  # Plugable: docking stations on USB
    "acde48001122",  # the inner bridge of Macs with a T2
)

_LOCAL_OR_MULTICAST = 0b11
"""Bits of the first byte: made up by software, or for several receivers."""


def is_shared_mac(digits: str) -> bool:
    """Whether a MAC address (twelve hexadecimal digits, small letters) tells no machine from another."""
    return bool(int(digits[:2], 16) & _LOCAL_OR_MULTICAST) or digits.startswith(_SHARED_MACS) or len(set(digits)) == 1


_COMMON_HOSTNAMES = frozenset(
    {"", "localhost", "localhost-live", "ubuntu", "debian", "centos", "fedora", "raspberrypi", "kali", "archlinux"}
    | {"pc", "desktop", "laptop", "computer", "server", "workstation", "admin", "user", "windows", "mac", "macbook"}
    | {"macbook-pro", "macbook-air", "imac", "mac-mini", "macmini", "android", "iphone", "ipad", "unknown", "none"}
    | {"host", "vm", "template", "default", "test", "win10", "win11", "esxi", "router", "printer"}
)


def is_junk_hostname(normal: str) -> bool:
    """Whether many machines are called so."""
    return normal in _COMMON_HOSTNAMES
