"""Mapping organizations to clients: what is written, and what it sets off: waiting alerts are decided again, and a sync
makes assets of the devices."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tandem import telemetry
from tandem.admin.calls import Call
from tandem.admin.redecide import decide_again
from tandem.alert_queue import QueueError
from tandem.assets.naming import suggestions
from tandem.store.configuration.records import ClientRecord, Integration, OrganizationRecord
from tandem.store.errors import StoreError
from tandem.syncing.settings import told_apart

AnyCall = Call[Any, Any]
Change = Callable[[OrganizationRecord], OrganizationRecord]

AT_ONCE = 90
"""Records of one transaction."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What came of it. `organizations`: in the order in which they were given."""

    organizations: tuple[OrganizationRecord, ...]
    alerts_decided_again: int
    device_sync: Literal["begun", "wanted"] | None


def map_organizations(
    call: AnyCall, integration: Integration, changes: Mapping[str, Change], client: ClientRecord | None = None
) -> Mapped:
    """Change these organizations, by external id, also ones that were never seen; `client` is a new one, written
    together with the first of them."""
    integration_id = integration.integration_id
    organizations: list[OrganizationRecord] = []
    is_other_place = False
    wanted = list(changes.items())
    for start in range(0, len(wanted), AT_ONCE):
        chunk = wanted[start : start + AT_ONCE]

        def change(chunk: Sequence[tuple[str, Change]] = chunk) -> list[tuple[OrganizationRecord, OrganizationRecord]]:
            known = {each.external_id: each for each in _known(call, integration_id, [name for name, _ in chunk])}
            pairs = []
            for external_id, one in chunk:
                before = known.get(external_id) or OrganizationRecord(external_id, is_listed=False)
                pairs.append((before, one(before)))
            moved = [after for before, after in pairs if after != before or not before.version]
            if moved or client is not None:
                call.services.organizations.put_several(integration_id, moved, client)
            return pairs

        pairs = call.services.table.retrying(change)
        organizations += [after for _, after in pairs]
        is_other_place = is_other_place or any(_place(before) != _place(after) for before, after in pairs)
    mapped = {each.external_id for each in organizations if each.client_id is not None}
    count = decide_again(call, integration, lambda waits: waits.organization_id in mapped) if mapped else 0
    return Mapped(tuple(organizations), count, _sync(call, integration) if is_other_place else None)


def to_client(client_id: str | None) -> Change:
    """Mapped to that client, or to none; all else stays."""
    return lambda before: replace(before, client_id=client_id)


def suggested(organizations: Collection[OrganizationRecord], clients: Collection[ClientRecord]) -> dict[str, str]:
    """Client ids by external id, of organizations that have none and whose name one client alone has."""
    customers = [each for each in organizations if not each.is_place and each.name is not None]
    found = suggestions(
        ((each.name or "", each.external_id) for each in customers),
        ((each.name, each.client_id) for each in clients),
    )
    return {
        each.external_id: found[each.external_id]
        for each in customers
        if each.client_id is None and each.external_id in found
    }


def _known(call: AnyCall, integration_id: str, external_ids: Sequence[str]) -> list[OrganizationRecord]:
    if len(external_ids) == 1:
        one = call.services.organizations.get(integration_id, external_ids[0])
        return [one] if one is not None else []
    wanted = set(external_ids)
    return [each for each in call.services.organizations.all(integration_id) if each.external_id in wanted]


def _place(organization: OrganizationRecord) -> tuple[str | None, bool]:
    """What decides about the assets of its devices."""
    return organization.client_id, organization.auto_sync


def _sync(call: AnyCall, integration: Integration) -> Literal["begun", "wanted"] | None:
    """Ask for a sync of devices: at once, or after the one that is at work, which has read the mapping before; and
    behind it for what belongs to devices and is told apart from them, which an earlier sync found no assets for. What
    cannot be asked for now comes with the next one by itself."""
    if not integration.is_synced:
        return None
    integration_id, by = integration.integration_id, call.principal.user_id
    try:
        start = call.services.sync_starter.want(integration_id, "devices", by, call.now)
        for kind in told_apart(integration):
            call.services.sync_starter.want(integration_id, kind, by, call.now)
    except (QueueError, StoreError):
        telemetry.log_exception("a sync could not be begun", integration_id=integration_id)
        return None
    return "begun" if start.run is not None else "wanted"
