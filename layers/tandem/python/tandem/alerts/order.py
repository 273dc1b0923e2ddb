"""The order of an alert's events, whatever order they arrive in (alerts.md, "Order").

An alert's state is a function of three times only: its latest trigger, reset and acknowledge. Each only ever grows,
so any order and any repetition of the same events ends in the same state:

    fires          latest trigger is later than latest reset           (at equal times the reset wins)
    acknowledged   it fires, and latest acknowledge is not before the  (at equal times the acknowledge wins;
                   latest trigger                                       a later firing makes it active again)

An event that can no longer matter, now or together with any event still to come, changes no time: it is stale.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from tandem.alerts.models import Alert, AlertStatus, Kind


@dataclass(frozen=True, slots=True)
class Moments:
    """The latest time of each kind of event that mattered."""

    triggered: datetime | None = None
    reset: datetime | None = None
    acknowledged: datetime | None = None

    @property
    def fires(self) -> bool:
        """The alert fires in the RMM."""
        return self.triggered is not None and (self.reset is None or self.triggered > self.reset)

    @property
    def is_acknowledged(self) -> bool:
        """It fires, and was acknowledged since."""
        return (
            self.fires
            and self.triggered is not None
            and self.acknowledged is not None
            and self.acknowledged >= self.triggered
        )

    def status(self, is_suppressed: bool = False) -> AlertStatus:
        """The status that follows from the times, and from whether a maintenance window holds the alert."""
        if self.triggered is None:
            return AlertStatus.TOMBSTONE
        if self.fires and is_suppressed:
            return AlertStatus.SUPPRESSED
        if self.is_acknowledged:
            return AlertStatus.ACKNOWLEDGED
        return AlertStatus.ACTIVE if self.fires else AlertStatus.RESOLVED

    def with_event(self, kind: Kind, at: datetime) -> "Moments":
        """The times after one more event; the same when that event is stale."""
        match kind:
            case Kind.TRIGGERED:
                # The first trigger is kept even under a later reset: without it the alert would stay a tombstone.
                matters = self.triggered is None or (at > self.triggered and not _at_or_before(at, self.reset))
                return replace(self, triggered=at) if matters else self
            case Kind.RESET:
                matters = not _at_or_before(at, self.reset) and (self.triggered is None or at >= self.triggered)
                return replace(self, reset=at) if matters else self
            case Kind.ACKNOWLEDGED:
                matters = (
                    not _at_or_before(at, self.acknowledged)
                    and not _at_or_before(at, self.reset)
                    and (self.triggered is None or at >= self.triggered)
                )
                return replace(self, acknowledged=at) if matters else self


def _at_or_before(at: datetime, bound: datetime | None) -> bool:
    return bound is not None and at <= bound


def moments_of(alert: Alert | None) -> Moments:
    """The times that a stored alert (or none) stands at."""
    if alert is None:
        return Moments()
    return Moments(alert.last_triggered_at, alert.last_reset_at, alert.last_acknowledged_at)
