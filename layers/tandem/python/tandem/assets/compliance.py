"""How a client's machines do, counted from assets. What nobody knows is counted as unknown, never as a number: an RMM
that says nothing of patches has no zero patches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from tandem.assets.models import AgentStatus, Presence
from tandem.assets.shown import Shown

UNPROTECTED = "unprotected"
PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class Compliance:
    """Of the assets that are not retired. The four of agent status add up to `assets`.

    `patches_pending`, `patches_failed`: the sums over the assets that say; `without_pending_count`,
    `without_failed_count`: the assets that do not. `assets_with_pending`: with patches pending, also those whose RMM
    says only that. `unprotected`: the antivirus does not protect, or there is none; `protection_unknown`: nobody says.
    """

    assets: int = 0
    online: int = 0
    offline: int = 0
    overdue: int = 0
    status_unknown: int = 0
    missing: int = 0
    assets_with_pending: int = 0
    patches_pending: int = 0
    without_pending_count: int = 0
    patches_failed: int = 0
    without_failed_count: int = 0
    active_alerts: int = 0
    unprotected: int = 0
    protection_unknown: int = 0

    def __add__(self, other: "Compliance") -> "Compliance":
        return Compliance(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})


_NAMES = tuple(each.name for each in fields(Compliance))


def summarize(assets: Iterable[Shown], active_alerts: Mapping[str, int] | None = None) -> dict[str | None, Compliance]:
    """By client id, None for assets without one. `active_alerts`: by asset id."""
    alerts = active_alerts or {}
    counted_of: dict[str | None, Compliance] = {}
    for asset in assets:
        if asset.presence is not Presence.RETIRED:
            counted = _of(asset, alerts.get(asset.asset_id, 0))
            counted_of[asset.client_id] = counted_of.get(asset.client_id, Compliance()) + counted
    return counted_of


def _of(asset: Shown, active_alerts: int) -> Compliance:
    facts = asset.facts
    # The status of a device that is not listed any more is what it was when it still was.
    is_listed = asset.presence is Presence.LISTED
    status = facts.agent_status if is_listed else AgentStatus.UNKNOWN
    has_pending = facts.has_patches_pending if facts.patches_pending is None else facts.patches_pending > 0
    return Compliance(
        assets=1,
        online=status is AgentStatus.ONLINE,
        offline=status is AgentStatus.OFFLINE,
        overdue=status is AgentStatus.OVERDUE,
        status_unknown=status in (None, AgentStatus.UNKNOWN),
        missing=asset.presence is Presence.MISSING,
        assets_with_pending=bool(has_pending),
        patches_pending=facts.patches_pending or 0,
        without_pending_count=facts.patches_pending is None,
        patches_failed=facts.patches_failed or 0,
        without_failed_count=facts.patches_failed is None,
        active_alerts=active_alerts,
        unprotected=facts.antivirus_status == UNPROTECTED,
        protection_unknown=facts.antivirus_status not in (PROTECTED, UNPROTECTED),
    )
