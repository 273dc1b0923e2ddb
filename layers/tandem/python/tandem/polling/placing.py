"""The devices of polled alerts find their organization, so that the alerts find their client.

Not every RMM's list of alerts says whose the device is (Tactical RMM names the client without its number, Level and
NinjaOne name the device only). The RMM's devices are listed when that is not known of one yet, at most once a poll.

    an alert that fires      its event is completed; the decision about it writes the device record, with the alert
    an alert that waits for  a webhook named no organization either: the device record is written here, and the alert
    a mapping already        is handed over again to be decided
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from tandem import telemetry
from tandem.alerts.models import AlertEvent, DeviceRecord, Kind
from tandem.connections.errors import VendorError
from tandem.connections.rmm import DeviceSeen, Rmm
from tandem.ids import derived_id

SOUGHT_AGAIN_AFTER = timedelta(hours=1)
"""Devices that only waiting alerts ask for are listed no more often: the RMM may not list them at all."""


class DeviceBeliefs(Protocol):
    """What is known of devices and organizations."""

    def devices(self, integration_id: str, external_device_ids: Iterable[str]) -> dict[str, DeviceRecord]:
        """These device records by external id, as far as they are there."""
        ...

    def organization_names(self, integration_id: str, external_ids: Iterable[str]) -> dict[str, str]:
        """The names of those of these organizations that have a record with one."""
        ...

    def teach(self, device: DeviceRecord) -> bool:
        """Write the record, whose version is one more than was read; False if somebody else wrote it first."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """`events`: those that were given, completed, and the waiting alerts' that found their organization. `warning`: a
    sentence, if the RMM does not let its devices be listed. `sought`: the devices were listed."""

    events: list[AlertEvent]
    warning: str | None = None
    sought: bool = False


def place_all(
    integration_id: str,
    events: Sequence[AlertEvent],
    waiting: Sequence[AlertEvent],
    rmm: Rmm,
    beliefs: DeviceBeliefs,
    began_at: datetime,
    sought_at: datetime | None,
) -> Placed:
    """Completes what fires. `waiting`: the listed events of alerts that wait for a mapping and whose organization is
    unknown; `sought_at`: when the devices were listed last.

    Raises VendorError when the RMM cannot list its devices now, but may be able to later: an alert that is decided
    without its client may go to the wrong one. If it never will, the alerts go on as they are.
    """
    firing = [event for event in events if event.kind is Kind.TRIGGERED]
    may_seek_for_waiting = sought_at is None or began_at - sought_at >= SOUGHT_AGAIN_AFTER
    asking = [*firing, *waiting] if may_seek_for_waiting else firing
    wanted = {device for event in asking if (device := _homeless(event)) is not None}
    records = beliefs.devices(integration_id, wanted) if wanted else {}
    unknown = frozenset(device for device in wanted if not _leads_somewhere(records.get(device)))
    seen: Mapping[str, DeviceSeen] = {}
    warning = None
    if unknown:
        try:
            seen = {each.external_id: each for each in rmm.devices() if each.external_id in unknown}
        except VendorError as error:
            if error.may_pass:
                raise
            warning = str(error)
    names = _Names(rmm, beliefs, integration_id)
    names.want(_organizations(firing, records, seen))
    completed = [_completed(event, records, seen, names) if event.kind is Kind.TRIGGERED else event for event in events]
    again = list(_decided_again(waiting, records, seen, names, beliefs, began_at))
    return Placed(completed + again, warning, bool(unknown) and warning is None)


class _Names:
    """Names of organizations: from Tandem's records, else from the RMM's list."""

    def __init__(self, rmm: Rmm, beliefs: DeviceBeliefs, integration_id: str) -> None:
        self._rmm = rmm
        self._beliefs = beliefs
        self._integration_id = integration_id
        self._known: dict[str, str] = {}

    def want(self, organization_ids: Iterable[str]) -> None:
        """Look these up. A name is for people: without it, the alert goes on."""
        wanted = frozenset(organization_ids)
        if not wanted:
            return
        self._known = self._beliefs.organization_names(self._integration_id, wanted)
        if wanted <= self._known.keys():
            return
        try:
            for each in self._rmm.organizations():
                if each.external_id in wanted:
                    self._known.setdefault(each.external_id, each.name)
        except VendorError as error:
            telemetry.log(
                logging.WARNING,
                "organizations not listed",
                integration_id=self._integration_id,
                error=type(error).__name__,
            )

    def of(self, organization_id: str | None) -> str | None:
        """The name, if it is known."""
        return self._known.get(organization_id) if organization_id is not None else None


def _homeless(event: AlertEvent) -> str | None:
    """The event's device, if the event does not say whose it is."""
    return event.external_device_id if event.organization_id is None else None


def _leads_somewhere(record: DeviceRecord | None) -> bool:
    return record is not None and (record.organization_id is not None or record.client_id is not None)


def _organizations(
    events: Iterable[AlertEvent], records: Mapping[str, DeviceRecord], seen: Mapping[str, DeviceSeen]
) -> Iterator[str]:
    """The organizations of events that do not name them."""
    for event in events:
        device = seen.get(event.external_device_id or "")
        record = records.get(event.external_device_id or "")
        found = event.organization_id or (device and device.organization_id) or (record and record.organization_id)
        if found and event.organization_name is None and not (device and device.organization_name):
            yield found


def _completed(
    event: AlertEvent, records: Mapping[str, DeviceRecord], seen: Mapping[str, DeviceSeen], names: _Names
) -> AlertEvent:
    device = seen.get(event.external_device_id or "") if event.organization_id is None else None
    if device is None:
        record = records.get(event.external_device_id or "")
        known = event.organization_id or (record.organization_id if record is not None else None)
        return replace(event, organization_name=event.organization_name or names.of(known))
    return replace(
        event,
        organization_id=device.organization_id,
        organization_name=event.organization_name or device.organization_name or names.of(device.organization_id),
        device_name=event.device_name or device.name,
        facts={**device.facts, **event.facts},
    )


def _decided_again(
    waiting: Iterable[AlertEvent],
    records: Mapping[str, DeviceRecord],
    seen: Mapping[str, DeviceSeen],
    names: _Names,
    beliefs: DeviceBeliefs,
    began_at: datetime,
) -> Iterator[AlertEvent]:
    """The events of waiting alerts whose organization is known now. Their device records are written first: a mapping
    of the organization that arrives later finds the alert by them."""
    taught: set[str] = set()
    for event in waiting:
        external_id = event.external_device_id
        device = seen.get(external_id or "")
        if external_id is None or device is None or device.organization_id is None:
            continue
        if external_id not in taught:
            taught.add(external_id)
            before = records.get(external_id) or DeviceRecord(event.integration_id, external_id)
            beliefs.teach(_learnt(before, device, began_at))
        again = derived_id("poll", event.alert_id, "placed", began_at.isoformat())
        yield replace(_completed(event, records, seen, names), event_id=again)


def _learnt(before: DeviceRecord, device: DeviceSeen, at: datetime) -> DeviceRecord:
    return replace(
        before,
        name=device.name or before.name,
        organization_id=device.organization_id,
        facts={**before.facts, **device.facts},
        learnt_at=at,
        version=before.version + 1,
    )
