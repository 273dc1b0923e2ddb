"""Reading single values of NinjaOne's device rows, where there is more to it than a text, a number or a size.

Each gives None for what says nothing.
"""

import re
from collections.abc import Callable
from typing import Any

from tandem.assets.models import AgentStatus, Disk
from tandem.providers.api_alerts import identifier
from tandem.providers.fields import Fields
from tandem.providers.fleet_values import (
    MOST,
    boolean,
    count,
    each_once,
    free_gib_of_bytes,
    gib_of_bytes,
    ip_v4,
    mac,
    named_apart,
    objects,
    said,
)

_LARGEST_ID = 2**63

_COMES_AND_GOES = re.compile(r"remov|network|compact|cd-?rom|dvd|ram disk", re.IGNORECASE)
"""Volumes that are not the machine's own, in the words of Windows' drive types (Win32_LogicalDisk.DriveType)."""


def agent_status(offline: Any) -> AgentStatus:
    """NinjaOne has no word for overdue."""
    known = boolean(offline)
    if known is None:
        return AgentStatus.UNKNOWN
    return AgentStatus.OFFLINE if known else AgentStatus.ONLINE


def maintenance(value: Any) -> bool | None:
    """Of a Maintenance: PENDING is for later, and FAILED did not begin."""
    status = said(value.get("status")) if isinstance(value, dict) else None
    return None if status is None else status.upper() == "IN_MAINTENANCE"


def release(release_id: str, build: str) -> Callable[[Any], str | None]:
    """`23H2 (22631)` of an object with these members, or the one that it has."""

    def read(system: Any) -> str | None:
        if not isinstance(system, dict):
            return None
        words = each_once((said(system.get(release_id)), said(system.get(build))))
        if not words:
            return None
        return words[0] if len(words) == 1 else f"{words[0]} ({words[1]})"

    return read


def of_the_first(name: str) -> Callable[[Any], str | None]:
    """That member of the first of the objects that has it."""
    return lambda rows: next((text for each in objects(rows) if (text := said(each.get(name))) is not None), None)


def cores(processors: Any) -> int | None:
    """Of all processors together; a row is a socket."""
    return sum(number for each in objects(processors) if (number := count(each.get("numCores"))) is not None) or None


def disks(volumes: Any) -> tuple[Disk, ...] | None:
    """The machine's own volumes."""
    return tuple(Disk(name, gib_of_bytes(each.get("capacity"))) for name, each in _own(volumes).items()) or None


def free(volumes: Any) -> dict[str, float] | None:
    """GiB by the names that `disks` gives them."""
    sizes = ((name, free_gib_of_bytes(each.get("freeSpace"))) for name, each in _own(volumes).items())
    return {name: size for name, size in sizes if size is not None} or None


def lan_addresses(addresses: Any) -> tuple[str, ...] | None:
    """IPv4 only: of IPv6, machines take a new one whenever they like."""
    found = {address for each in _list(addresses) if (address := ip_v4(each)) is not None}
    return tuple(str(each) for each in sorted(found))[:MOST] or None


def mac_addresses(addresses: Any) -> tuple[str, ...] | None:
    """Sorted: NinjaOne repeats some, and may list the same in another order tomorrow."""
    return each_once(sorted(address for each in _list(addresses) if (address := mac(each)) is not None)) or None


def tags(names: Any) -> tuple[str, ...] | None:
    """Sorted, as the others."""
    return each_once(sorted(name for each in _list(names) if (name := said(each)) is not None)) or None


def identifier_of(value: Any) -> str | None:
    """An id, never cut; None for what cannot be one."""
    if type(value) is int:
        return str(value) if -_LARGEST_ID <= value <= _LARGEST_ID else None
    return identifier(Fields({"": value}), "")


def approval(status: Any) -> str | None:
    """As Device.approval."""
    word = said(status)
    return None if word is None else word.lower()


def pending_reason(reason: Any) -> bool | None:
    """That there is none denies nothing: the operating system may know of one (`os.needsReboot`)."""
    return True if isinstance(reason, str) and said(reason) is not None else None


def _own(volumes: Any) -> dict[str, dict[str, Any]]:
    """The fixed volumes by name, sorted by it."""
    found = []
    for each in objects(volumes):
        name = said(each.get("driveLetter")) or said(each.get("name")) or said(each.get("label"))
        if name is not None and _COMES_AND_GOES.search(said(each.get("deviceType")) or "") is None:
            found.append((name, each))
    found = sorted(found, key=lambda each: each[0])[:MOST]
    return dict(zip(named_apart(name for name, _ in found), (each for _, each in found), strict=True))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
