"""Reading what RMMs say of a machine, whatever type a value has: out comes one of the asset's units, or None.

Sizes come out in GiB (2^30 bytes), rounded to two places; addresses without their prefix length.
"""

import math
import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_interface
from typing import Any, Final, TypeVar

from tandem.alerts.limits import NAME_BYTES, cut_bytes, cut_name, sound_text
from tandem.connections.fleet import DevicePart, DeviceSoftware, PartPage, SoftwarePage, Unreadable

Row = TypeVar("Row")

ROWS_A_PAGE: Final = 1_000
DEVICES_A_SOFTWARE_PAGE: Final = 200
MOST: Final = 64
"""Of anything that a device has several of: disks, addresses, tags."""

_CUT = "…"
_GIB = 1024.0**3
_LARGEST_GIB = 1024.0**3
"""An exbibyte: what is larger is no size."""

SAYS_NOTHING: Final = frozenset(
    {
        "",
        "-",
        "n/a",
        "na",
        "none",
        "null",
        "unknown",
        "not available",
        "not applicable",
        "not specified",
        "default string",
        "to be filled by o.e.m.",
        "to be filled by oem",
        "system manufacturer",
        "system product name",
        "system serial number",
    }
)
"""Texts, in small letters, that stand where a firmware or an RMM has nothing to say."""

_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_VIRTUAL_ADAPTER = re.compile(
    r"virtual|docker|veth|vpn|\btap\b|\btun\b|tunnel|wintun|wireguard|tailscale|zerotier|loopback|bluetooth|pseudo",
    re.IGNORECASE,
)
_MAC = re.compile(r"[0-9a-f]{12}")
_NO_MACS = frozenset({"000000000000", "ffffffffffff"})


def said(value: Any) -> str | None:
    """A text of at most 255 bytes that says something, or a whole number as one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    text = sound_text(value).strip()
    return None if text.lower() in SAYS_NOTHING else cut_name(text)


def boolean(value: Any) -> bool | None:
    """True or false, and nothing that only looks so."""
    return value if isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """A finite number, or the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(value: Any, most: int = 1_000_000) -> int | None:
    """A whole number from 0 to `most`."""
    found = number(value)
    return int(found) if found is not None and found.is_integer() and 0 <= found <= most else None


def gib_of_bytes(value: Any) -> float | None:
    """Of a number of bytes above 0."""
    found = number(value)
    return None if found is None else gib(found / _GIB)


def gib(value: float) -> float | None:
    """As it is kept: rounded, and above 0."""
    return round(value, 2) if 0 < value <= _LARGEST_GIB else None


def free_gib_of_bytes(value: Any) -> float | None:
    """As gib_of_bytes; nothing free is a size, too."""
    return 0.0 if number(value) == 0 else gib_of_bytes(value)


def ip_v4(value: Any) -> IPv4Address | None:
    """A machine's own IPv4 address, with or without its prefix length; None for one that no machine is reached by
    (127.*, 169.254.*, 0.0.0.0)."""
    if not isinstance(value, str):
        return None
    try:
        found = IPv4Interface(value.strip()).ip
    except ValueError:
        return None
    is_none = found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast
    return None if is_none else found


def is_private(address: IPv4Address) -> bool:
    """Of a network that is nobody's outside (RFC 1918)."""
    return any(address in network for network in _PRIVATE)


def is_virtual_adapter(*names: Any) -> bool:
    """Whether a network adapter of one of these names is made by software. A virtual machine's own is none."""
    return any(isinstance(name, str) and _VIRTUAL_ADAPTER.search(name) is not None for name in names)


def public_address(value: Any) -> str | None:
    """The address that the RMM sees the device come from, IPv4 or IPv6."""
    if not isinstance(value, str):
        return None
    try:
        found = ip_interface(value.strip()).ip
    except ValueError:
        return None
    return None if found.is_unspecified or found.is_loopback else str(found)


def mac(value: Any) -> str | None:
    """`00:11:22:AA:BB:CC`, however it is written."""
    if not isinstance(value, str):
        return None
    digits = re.sub(r"[^0-9a-z]", "", value.lower())
    if _MAC.fullmatch(digits) is None or digits in _NO_MACS:
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of an array; empty if it is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def each_once(values: Iterable[str | None]) -> tuple[str, ...]:
    """Without None and repetitions, in the order told, and not too many."""
    return tuple(dict.fromkeys(value for value in values if value is not None))[:MOST]


def named_apart(names: Iterable[str]) -> Iterator[str]:
    """The names; a second one that is alike gets a number, as in `D: (2)`."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{cut_bytes(name, NAME_BYTES - 8, _CUT)} ({seen[name]})"


def in_pages(rows: Iterable[DevicePart | Unreadable]) -> Iterator[PartPage]:
    """Pages of a listing that the RMM gives in one answer. Their `after` is their number, and says only that there is
    more."""
    return (PartPage(page, after) for page, after in _cut(rows, ROWS_A_PAGE))


def in_software_pages(rows: Iterable[DeviceSoftware | Unreadable]) -> Iterator[SoftwarePage]:
    """The same of software, of which a row holds a device's hundred programs."""
    return (SoftwarePage(page, after) for page, after in _cut(rows, DEVICES_A_SOFTWARE_PAGE))


def _cut(rows: Iterable[Row], most: int) -> Iterator[tuple[tuple[Row, ...], str | None]]:
    page: list[Row] = []
    done = 0
    for row in rows:
        if len(page) == most:
            done += 1
            yield tuple(page), str(done)
            page = []
        page.append(row)
    yield tuple(page), None
