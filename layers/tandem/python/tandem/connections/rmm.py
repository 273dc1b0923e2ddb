"""The port to an RMM's API. One client a vendor stands behind it (providers/<name>/api.py).

Every method raises VendorError. An iterator may raise in the middle, when a later page fails: who did not reach its end
has no listing, and may conclude nothing from what is missing in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tandem.alerts.models import AlertEvent


@dataclass(frozen=True, slots=True)
class Account:
    """What answered. `name`: for people; `version`: of the server, where it tells."""

    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class OrganizationSeen:
    """A customer as the RMM lists it. `path`: names from the top, such as `Acme / Branch Office`; None at the top."""

    external_id: str
    name: str
    parent_id: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device as the RMM lists it, as far as alerts need it: what it is called and whose it is. `facts` as those of an
    AlertEvent."""

    external_id: str
    name: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnreadableAlert:
    """A row of a listing of alerts that makes no AlertEvent. `reason`: for the log.

    It never stops the rest (W31), and is not absent either: with an `external_alert_id` that alert counts as listed;
    without one nobody knows which alert it is, so the listing shows what it shows and nothing counts as missing in it.
    """

    external_alert_id: str | None
    reason: str


AlertSeen = AlertEvent | UnreadableAlert


class Rmm(Protocol):
    """One integration's RMM, for one piece of work.

    Its AlertEvents are the webhook's (providers/port.py): the same alert has the same id, identity, severity and words,
    whichever way it comes. Their origin is poll; `observed_at` is the time before the listing's first request.
    Names of devices and organizations are there where the listing has them; else a consumer knows them from `devices`.
    """

    def check(self) -> Account:
        """The cheapest request that needs valid credentials."""
        ...

    def organizations(self) -> Iterator[OrganizationSeen]:
        """All customers. A row that cannot be read is left out."""
        ...

    def devices(self) -> Iterator[DeviceSeen]:
        """All devices. A row that cannot be read is left out."""
        ...

    def active_alerts(self) -> Iterator[AlertSeen]:
        """Every alert that fires now, as a triggered event. A row that says itself that it is over is left out."""
        ...

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        """The alert as it is now: a triggered event if it fires, a reset if it is over, None if there is no such alert
        (any more)."""
        ...

    def resolved_alerts(self, since: datetime) -> Iterator[AlertSeen]:
        """History, in no order: of each alert that fired and ended since then its triggered event, which makes no
        ticket, and right after it its reset; or what cannot be read of it. Some that fired before may be among them.
        What the vendor has of older times is not walked through."""
        ...

    def reset(self, external_alert_id: str) -> None:
        """Says that the alert is over. One that is over already, or gone, is no error."""
        ...
