"""A change of an asset as what it means for its devices. Pure: the same change gives the same events.

                     before                                  after
RMM_DEVICE_CREATED   no such device, or a retired one        listed or missing
RMM_DEVICE_UPDATED   other facts, place, client, presence    (before any other event of the same change)
                     another asset's                         this one's, because a person said so
RMM_DEVICE_ONLINE    not online                              online
RMM_DEVICE_OFFLINE   neither offline nor overdue             offline or overdue
RMM_DEVICE_DELETED   listed or missing                       retired

What a person writes over the RMM's words makes no event, but for the client, which says whose the device is. A retired
device makes none until it is back. A device that leaves the asset for another one is told by that one.
"""

from collections.abc import Iterator
from datetime import datetime

from tandem.assets.merging import changes
from tandem.assets.models import AgentStatus, Asset, FieldChange, FieldValue, LinkedDevice, Presence
from tandem.assets.shown import shown
from tandem.events.fleet_payload import (
    DeviceChange,
    DeviceCreated,
    DeviceDeleted,
    DeviceEvent,
    DeviceOffline,
    DeviceOnline,
    DeviceUpdated,
)
from tandem.events.names import SCHEMA_VERSION
from tandem.events.payload import Event
from tandem.ids import derived_id
from tandem.times import to_text

LONGEST_VALUE = 200
"""Characters. A longer value is not told: a list of addresses or tags, as a rule."""

_BY_PERSON = "person"
_AWAY = frozenset({AgentStatus.OFFLINE, AgentStatus.OVERDUE})


def device_events(before: Asset | None, after: Asset, tenant: str, at: datetime) -> list[Event]:
    """What the change of an asset means, device by device, in order. `at`: when it was written."""
    return [
        event
        for device in after.devices
        for event in _Told(before, after, device, tenant, at).events(_same(before, device))
    ]


def _same(before: Asset | None, device: LinkedDevice) -> LinkedDevice | None:
    key = device.integration_id, device.external_id
    devices = before.devices if before is not None else ()
    return next((each for each in devices if (each.integration_id, each.external_id) == key), None)


class _Told:
    """One device of a changed asset."""

    def __init__(self, before: Asset | None, after: Asset, device: LinkedDevice, tenant: str, at: datetime) -> None:
        self._before = before
        self._asset = after
        self._device = device
        self._tenant = tenant
        self._at = at
        self._client_id = shown(after).client_id

    def events(self, was: LinkedDevice | None) -> Iterator[Event]:
        """`was`: the device in the asset before."""
        now, retired = self._device, Presence.RETIRED
        if was is None and self._came_from_another_asset():
            if now.presence is not retired:
                yield self._updated((FieldChange("asset_id", None, self._asset.asset_id),))
            return
        if was is None or was.presence is retired:
            if now.presence is not retired:
                yield self._event(DeviceCreated, linked_by=now.linked_by)
            return
        changed = tuple(self._changes(was))
        if changed:
            yield self._updated(changed)
        status, status_was = now.facts.agent_status, was.facts.agent_status
        if status is AgentStatus.ONLINE and status_was is not AgentStatus.ONLINE:
            yield self._event(DeviceOnline)
        if status in _AWAY and status_was not in _AWAY:
            yield self._event(DeviceOffline)
        if now.presence is retired:
            yield self._event(DeviceDeleted)

    def _came_from_another_asset(self) -> bool:
        """A person linked it to this asset, or back to its own one."""
        is_back = self._before is not None and not self._before.devices
        return self._device.linked_by == _BY_PERSON or is_back

    def _changes(self, was: LinkedDevice) -> Iterator[FieldChange]:
        now = self._device
        yield from changes(was.facts, now.facts)
        client_was = shown(self._before).client_id if self._before is not None else None
        if client_was != self._client_id:
            yield FieldChange("client_id", client_was, self._client_id)
        if was.organization_id != now.organization_id:
            yield FieldChange("external_organization_id", was.organization_id, now.organization_id)
        if was.presence is not now.presence and now.presence is not Presence.RETIRED:
            yield FieldChange("presence", was.presence.value, now.presence.value)

    def _updated(self, changed: tuple[FieldChange, ...]) -> Event:
        told = [
            DeviceChange(field=each.field, before=_short(each.old), after=_short(each.new)).model_dump()
            for each in changed
        ]
        return self._event(DeviceUpdated, presence=self._device.presence.value, changes=told)

    def _event(self, event: type[DeviceEvent], **more: object) -> Event:
        asset, device = self._asset, self._device
        status = device.facts.agent_status
        # An asset that is gone and made anew counts its versions from 1 once more: its time tells them apart.
        life = (asset.asset_id, to_text(asset.created_at), str(asset.version))
        return event.model_validate(
            {
                "schema_version": SCHEMA_VERSION,
                "event_id": derived_id(event.name, *life, device.integration_id, device.external_id),
                "occurred_at": self._at,
                "tenant_id": self._tenant,
                "integration_id": device.integration_id,
                "external_device_id": device.external_id,
                "asset_id": asset.asset_id,
                "client_id": self._client_id,
                "device_name": device.facts.name,
                "external_organization_id": device.organization_id,
                "agent_status": status.value if status is not None else None,
                **more,
            }
        )


def _short(value: FieldValue) -> FieldValue:
    return None if isinstance(value, str) and len(value) > LONGEST_VALUE else value
