"""Whose a device is: the client of the deepest organization above it that is mapped to one.

Organizations nest in some RMMs (Level's groups). What the RMM says of their order may be wrong: parents that are not
there end the way up, and a circle is walked once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Skip(StrEnum):
    """Why a device gets no asset. One that has an asset keeps it, and it goes on being updated."""

    NO_ORGANIZATION = "no_organization"
    """The RMM names no organization."""
    ORGANIZATION_NOT_KNOWN = "organization_not_known"
    """Tandem has no record of the organization; it comes with the next sync of organizations."""
    ORGANIZATION_NOT_MAPPED = "organization_not_mapped"
    """Neither it nor any above it is mapped to a client."""
    AUTO_SYNC_OFF = "auto_sync_off"
    """A person switched the sync of its devices off."""
    NOT_APPROVED = "not_approved"
    """It was not let into the RMM (yet)."""
    NO_ASSET = "no_asset"
    """A listing of patches alone shows a device that no listing of devices has shown."""


@dataclass(frozen=True, slots=True)
class OrganizationNode:
    """As much of an organization as placing needs. `parent_id`: the one that it is in."""

    external_id: str
    parent_id: str | None = None
    client_id: str | None = None
    auto_sync: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a device belongs. `client_id`: also of one that is skipped for another reason, if it is known."""

    client_id: str | None = None
    skip: Skip | None = None


class Placements:
    """The clients of all organizations of an integration; each is worked out once."""

    def __init__(self, organizations: Iterable[OrganizationNode]) -> None:
        self._nodes = {each.external_id: each for each in organizations}
        self._placed: dict[str | None, Placement] = {}

    def of(self, organization_id: str | None) -> Placement:
        """Where the devices of this organization belong."""
        placement = self._placed.get(organization_id)
        if placement is None:
            placement = self._placed[organization_id] = self._place(organization_id)
        return placement

    def _place(self, organization_id: str | None) -> Placement:
        if organization_id is None:
            return Placement(skip=Skip.NO_ORGANIZATION)
        if organization_id not in self._nodes:
            return Placement(skip=Skip.ORGANIZATION_NOT_KNOWN)
        is_synced = True
        for node in self._upwards(organization_id):
            # Also the switch of one that is not mapped itself counts: it stands between the device and its client.
            is_synced = is_synced and node.auto_sync
            if node.client_id is not None:
                return Placement(node.client_id, None if is_synced else Skip.AUTO_SYNC_OFF)
        return Placement(skip=Skip.ORGANIZATION_NOT_MAPPED)

    def _upwards(self, organization_id: str) -> Iterator[OrganizationNode]:
        """It, the one that it is in, and so on: each once."""
        walked: set[str] = set()
        here: str | None = organization_id
        while here is not None and here not in walked and here in self._nodes:
            walked.add(here)
            yield self._nodes[here]
            here = self._nodes[here].parent_id
