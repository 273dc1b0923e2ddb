"""The RMM's organizations: their records follow its listing, and a person's mapping stays.

new or changed    name, parent and path as listed
listed no more    kept, and marked so: devices may still be in it, and it may come back
a mapping         is a person's. A client with the same name is suggested, if both are alone in having that name;
                  it is mapped only where the tenant file lets names do that, and each suggestion once: who takes it
                  back is heeded
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tandem.assets.naming import suggestions
from tandem.connections.errors import Forbidden, NotFound, Rejected, VendorError
from tandem.connections.fleet import OrganizationListed
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.records import ClientRecord, OrganizationRecord
from tandem.store.errors import ConflictError
from tandem.store.sync_progress import Progress
from tandem.syncing.listing import first_listing, sources_of
from tandem.syncing.message import Step, encode
from tandem.syncing.tools import Task, Tools

AT_ONCE = 90
"""Records of one transaction."""

_LOOKS = 5
_REFUSED_FOR_GOOD = (Forbidden, NotFound, Rejected)


def list_organizations(tools: Tools, task: Task) -> None:
    """Do an `organizations` message: all of them, and then what the run goes on with. Raises as listing.list_page."""
    fleet = tools.fleet(task)
    try:
        progress = _sync(tools, task, list(fleet.organizations()))
    except VendorError as error:
        # What is known of them still places devices, so a sync of devices need not end by this.
        if task.run.kind == "organizations" or not isinstance(error, _REFUSED_FOR_GOOD):
            raise
        progress = Progress(warnings=(f"Organizations were left out: {error}",))
    if task.run.kind == "organizations":
        following = task.next(Step.FINISH)
    else:
        progress = Progress(warnings=progress.warnings)
        following = first_listing(task, sources_of(fleet, task.run.kind))
    tools.runs.advance(task.run, progress, encode(following), tools.clock())
    tools.queue.send([following])


def add_unknown(organizations: Organizations, integration_id: str, unknown: Mapping[str, str | None]) -> None:
    """Records of organizations that devices are in and that no listing has shown yet. Who has one keeps it."""
    for external_id in sorted(unknown):
        try:
            organizations.put(integration_id, OrganizationRecord(external_id, unknown[external_id]))
        except ConflictError:
            continue


def merged(
    known: Iterable[OrganizationRecord],
    listed: Sequence[OrganizationListed],
    clients: Iterable[ClientRecord],
    auto_map: bool,
) -> list[OrganizationRecord]:
    """The records that are to be written. A listing of nothing says nothing."""
    by_id = {each.external_id: each for each in known}
    if not listed:
        return []
    suggested = suggestions(
        ((each.name, each.external_id) for each in listed if not each.is_place),
        ((each.name, each.client_id) for each in clients),
    )
    changed: dict[str, OrganizationRecord] = {}
    for each in listed:
        before = by_id.get(each.external_id) or OrganizationRecord(each.external_id)
        after = replace(
            before,
            name=each.name,
            parent_id=each.parent_id,
            path=each.path or each.name,
            is_place=each.is_place,
            is_listed=True,
            suggested_client_id=suggested.get(each.external_id),
        )
        is_new_suggestion = after.suggested_client_id not in (None, before.suggested_client_id)
        if auto_map and is_new_suggestion and after.client_id is None:
            after = replace(after, client_id=after.suggested_client_id)
        if after != before or not before.version:
            changed[each.external_id] = after
    here = {each.external_id for each in listed}
    for external_id, before in by_id.items():
        if external_id not in here and before.is_listed:
            changed[external_id] = replace(before, is_listed=False)
    return list(changed.values())


def _sync(tools: Tools, task: Task, listed: Sequence[OrganizationListed]) -> Progress:
    clients = tools.clients.all()
    for look in range(_LOOKS):
        known = tools.organizations.all(task.integration_id)
        writes = merged(known, listed, clients, tools.auto_map_organizations)
        try:
            for start in range(0, len(writes), AT_ONCE):
                tools.organizations.put_several(task.integration_id, writes[start : start + AT_ONCE])
            break
        except ConflictError:
            # A person maps one right now: what he wrote is read, and kept.
            if look == _LOOKS - 1:
                raise
    created = sum(not each.version for each in writes)
    updated = len(writes) - created
    return Progress(
        pages_listed=1,
        rows_seen=len(listed),
        listed=len(listed),
        created=created,
        updated=updated,
        unchanged=max(0, len(listed) - len(writes)),
    )
