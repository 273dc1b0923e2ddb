"""Device filters: the `df` of listings and queries. NinjaOne's specification does not describe them; vendors.md 1.6 has
what others use."""

import re

from tests.simulators.ninjaone.state import Device


def matches(device: Device, device_filter: str) -> bool:
    """Whether a `df` lets a device through: `org = 1`, `status eq APPROVED`, `class in (MAC,...)`, `loc`, `id`, joined
    by AND. Raises ValueError for one that cannot be read."""
    values = {
        "org": str(device.organization_id),
        "organization": str(device.organization_id),
        "loc": str(device.location_id),
        "id": str(device.id),
        "status": device.approval_status,
        "class": device.node_class,
    }
    for term in re.split(r"\s+(?:AND|and)\s+", device_filter.strip()):
        found = re.fullmatch(r"(\w+)\s*(=|eq|in|notin|not in)\s*(\(.*\)|\S+)", term.strip())
        if found is None or found[1].lower() not in values:
            raise ValueError(f"device filter {term!r}")
        named = [each.strip() for each in found[3].strip("()").split(",")]
        if (values[found[1].lower()] in named) == found[2].startswith("not"):
            return False
    return True
