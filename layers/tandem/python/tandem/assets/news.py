"""What is heard of a device between two syncs, and so why it is asked for on its own."""

from enum import StrEnum


class News(StrEnum):
    """Why. Of `ORGANIZATIONS` it is the RMM's organizations that changed, and no device is named."""

    CHANGED = "changed"
    DELETED = "deleted"
    """The RMM said that it was deleted."""
    ALERTED = "alerted"
    """An alert named it, which may be the first that is heard of it."""
    REQUESTED = "requested"
    """A person wants it as it is now."""
    ORGANIZATIONS = "organizations"
