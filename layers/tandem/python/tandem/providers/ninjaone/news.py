"""NinjaOne's activities that are no alerts, and tell that a device or the organizations are not what they were.

The names are those of the OpenAPI (Activity.activityType and .statusCode). It does not say which status belongs to
which type: those that stand together in its list are taken to belong together, and those of the agent's own watch are
asked for under both types that they may be of.
"""

from collections.abc import Mapping
from typing import Final

from tandem.assets.news import News

_DELETED: Final = ("NODE_DELETED", "REJECTED_NODE_DELETED")

_NODES: Final = (
    "NODE_CREATED",
    "NODE_UPDATED",
    "NODE_RE_ENROLLED",
    "NODE_IDENTIFICATION_UPDATED",
    "NODE_MANUALLY_APPROVED",
    "NODE_AUTOMATICALLY_APPROVED",
    "NODE_MANUALLY_REJECTED",
    "NODE_AUTOMATICALLY_REJECTED",
    "REJECTED_NODE_CLEARED",
    "MOBILE_DEVICE_UNREGISTERED",
)
_WATCHED: Final = (
    "SYSTEM_REBOOTED",
    "USER_LOGGED_IN",
    "USER_LOGGED_OUT",
    *(
        f"{part}_{change}"
        for part in (
            "ADAPTER",
            "CPU",
            "MEMORY",
            "DISK_DRIVE",
            "DISK_PARTITION",
            "DISK_VOLUME",
            "RAID_CONTROLLER",
            "RAID_PHYSICAL_DRIVE",
            "RAID_LOGICAL_DISK",
        )
        for change in ("ADDED", "REMOVED")
    ),
    "ADAPTER_CONFIG_CHANGED",
    "SOFTWARE_ADDED",
    "SOFTWARE_REMOVED",
    "SOFTWARE_UPDATED",
    "SOFTWARE_OS_UPDATED",
)
_PATCHES: Final = tuple(
    f"PATCH_MANAGEMENT_{what}"
    for what in (
        "SCAN_COMPLETED",
        "APPLY_PATCH_COMPLETED",
        "INSTALLED",
        "INSTALL_FAILED",
        "FAILURE",
        "ROLLBACK_PATCH_COMPLETED",
        "PATCH_APPROVED",
        "PATCH_REJECTED",
    )
)
_NOT_OF_PROGRAMS: Final = ("PATCH_MANAGEMENT_FAILURE", "PATCH_MANAGEMENT_ROLLBACK_PATCH_COMPLETED")
_PROGRAM_PATCHES: Final = tuple(f"SOFTWARE_{each}" for each in _PATCHES if each not in _NOT_OF_PROGRAMS)
"""What begins, or only says something, changes nothing yet."""

_ORGANIZATIONS: Final = tuple(
    f"{what}_{change}" for what in ("CLIENT", "LOCATION") for change in ("CREATED", "UPDATED", "DELETED")
)

ASKED_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "SYSTEM": (*_NODES, *_DELETED, *_ORGANIZATIONS, *_WATCHED),
    "MONITOR": _WATCHED,
    "PATCH_MANAGEMENT": _PATCHES,
    "SOFTWARE_PATCH_MANAGEMENT": _PROGRAM_PATCHES,
}
"""By activity type, the statuses that NinjaOne is asked to post beside those of conditions."""

_TELLING: Final = (
    "NODE_",
    "REJECTED_NODE_",
    "PATCH_MANAGEMENT_",
    "SOFTWARE_",
    "ADAPTER_",
    "CPU_",
    "MEMORY_",
    "DISK_",
    "RAID_",
)
"""How the statuses begin that tell something of a device: whoever set the webhook up may have asked for all."""


def news_of(code: str, is_about_a_device: bool) -> News | None:
    """What an activity with this status tells; None if it is nothing that a sync would show."""
    if code in _ORGANIZATIONS:
        return News.ORGANIZATIONS
    if not is_about_a_device:
        return None
    if code in _DELETED:
        return News.DELETED
    return News.CHANGED if code in (*_NODES, *_WATCHED) or code.startswith(_TELLING) else None
