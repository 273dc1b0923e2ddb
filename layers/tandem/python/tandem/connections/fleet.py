"""The port to an RMM's devices: what a device sync reads (providers/<name>/fleet.py stands behind it).

Every method raises VendorError, an iterator also in its middle. A listing counts as complete only when its last row was
reached.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tandem.assets.models import Device, Facts, Seen
from tandem.assets.models import Program as Program


@dataclass(frozen=True, slots=True)
class DevicePart:
    """What one listing says of one device; the parts of a device from several listings become one Device. Of a part
    that says nothing of it, `organization_id` is None. `approval`: as Device."""

    external_id: str
    facts: Facts = field(default_factory=Facts)
    seen: Seen = field(default_factory=Seen)
    organization_id: str | None = None
    organization_name: str | None = None
    approval: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that makes no part. `external_id`: if at least that could be read: then the device counts as listed.
    `reason`: names the field and what was expected."""

    external_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """One listing of the RMM. `is_devices`: it says which devices there are; one source of each fleet does. `optional`:
    when it is refused for good (a permission is missing, a part of the API is off), the sync goes on without it and
    says so. `counts_patches`: it lists patches and not devices: `patches_pending` of all its parts of a device add up,
    and a device of which a complete reading has no part has 0. `silence`: the facts of a device of which a complete
    reading has no part, where that says something."""

    name: str
    is_devices: bool = False
    optional: bool = False
    counts_patches: bool = False
    silence: Facts | None = None


@dataclass(frozen=True, slots=True)
class PartPage:
    """A page of a listing. `after`: where the next one begins; None behind the last."""

    rows: tuple[DevicePart | Unreadable, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class DeviceSoftware:
    """All programs of one device that one listing shows; other pages may show more of it."""

    external_id: str
    programs: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class SoftwarePage:
    """As PartPage, of software."""

    rows: tuple[DeviceSoftware | Unreadable, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """A link for a technician. `expires_at`: None of a link to a page that asks for a sign-in of its own."""

    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrganizationListed:
    """A customer, or a place of one, as the RMM lists it. `parent_id`: of one within another; `path`: the names from
    the top, such as `Acme / Branch`. `is_place`: a location or site: shown, but devices are not mapped by it."""

    external_id: str
    name: str
    parent_id: str | None = None
    path: str | None = None
    is_place: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)


class Fleet(Protocol):
    """One integration's devices, for one piece of work."""

    sources: tuple[Source, ...]
    """Of a whole sync, in the order in which they are read. What a later one says of a field does not replace what an
    earlier one said."""

    patch_sources: tuple[Source, ...]
    """Of a sync of patches alone: those of `sources` that tell of patches. Empty: the RMM tells of them only device by
    device (`patches_of`), or not at all."""

    software_sources: tuple[Source, ...]
    """Empty: the RMM has no software inventory."""

    def organizations(self) -> Iterator[OrganizationListed]:
        """All customers and their places."""
        ...

    def pages(self, source: str, after: str | None) -> Iterator[PartPage]:
        """The listing from there on, page by page, each of at most 1,000 rows. What an RMM lists in one answer is cut
        into pages while it is read. A row may come twice, when an RMM makes its reader begin anew."""
        ...

    def restarts(self, source: str) -> bool:
        """The listing cannot be gone on with in its middle: it is one answer, to be read from its beginning to its end
        in one go. `after` of its pages only says that there are more."""
        ...

    def software_pages(self, source: str, after: str | None) -> Iterator[SoftwarePage]:
        """As `pages`, of a software source."""
        ...

    def device(self, external_id: str) -> Device | None:
        """One device with all that the RMM says of it; None if it has no such device (any more)."""
        ...

    def patches_of(self, external_id: str) -> Facts | None:
        """The facts about patches of one device, of an RMM that tells them so; None if it does not."""
        ...

    def remote_access(self, external_id: str) -> RemoteAccess:
        """A link into the device."""
        ...
