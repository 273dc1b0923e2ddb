"""A mapping arrived: live alerts that waited for a client are handed back to the processor (W18).

It happens after the mapping is written, and doing it again does no harm: an alert that no longer waits is left alone
(decide.py). So if it fails half-way, the caller repeats the request.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tandem.admin.calls import Call
from tandem.admin.problems import unavailable
from tandem.alert_queue import QueueError
from tandem.alerts import again
from tandem.alerts.models import Alert, AlertEvent, Origin
from tandem.ids import new_id
from tandem.store.configuration.records import Integration

MOST_SECONDS = 20.0
"""A request ends after 30; what is left is done when the caller repeats it."""

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that waits, and where it belongs by what is known now: a person may have moved its device since."""

    alert: Alert
    organization_id: str | None
    organization_name: str | None


def decide_again(call: Call[Any, Any], integration: Integration, fits: Callable[[Waiting], bool]) -> int:
    """Hand back every live alert of the integration that waits for a client and fits, oldest first. Gives how many.

    Raises Problem 503, telling that the mapping is kept and the request may be repeated, if some could not be handed
    over.
    """
    until = time.monotonic() + MOST_SECONDS
    waiting = [each for each in _waiting(call, integration) if fits(each)]
    handed_over = 0
    for chunk in _chunks(waiting):
        messages = call.services.lookups.full_messages(each.alert for each in chunk)
        try:
            call.services.queue.send([_event(call, each, messages.get(each.alert.alert_id)) for each in chunk])
        except QueueError as error:
            raise _unfinished(handed_over, len(waiting)) from error
        handed_over += len(chunk)
        if time.monotonic() > until and handed_over < len(waiting):
            raise _unfinished(handed_over, len(waiting))
    return handed_over


def _waiting(call: Call[Any, Any], integration: Integration) -> list[Waiting]:
    """The integration's live alerts that wait for a client, oldest first. Read consistently: an alert that began to
    wait before the mapping was written is among them; one that began later has seen the mapping."""
    integration_id = integration.integration_id
    ids = [each.alert_id for each in call.services.lookups.waiting(integration_id, call.now)]
    found = call.services.lookups.alerts(ids, call.now).values()
    alerts = sorted((alert for alert in found if alert.needs_mapping), key=lambda alert: alert.first_seen_at)
    device_ids = {alert.external_device_id for alert in alerts if alert.external_device_id is not None}
    devices = call.services.lookups.devices(integration_id, device_ids)
    waiting = []
    for alert in alerts:
        organization_id, name = alert.organization_id, alert.organization_name
        device = devices.get(alert.external_device_id or "")
        if device is not None and device.organization_id not in (None, organization_id):
            organization_id, name = device.organization_id, None
        waiting.append(Waiting(alert, organization_id, name))
    return waiting


def _event(call: Call[Any, Any], waiting: Waiting, whole_message: str | None) -> AlertEvent:
    event = again.decide_again(waiting.alert, whole_message, Origin.MAPPING, new_id(), call.now)
    return replace(event, organization_id=waiting.organization_id, organization_name=waiting.organization_name)


def _chunks(waiting: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    chunk: list[Waiting] = []
    for each in waiting:
        chunk.append(each)
        if len(chunk) == AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _unfinished(handed_over: int, waiting: int) -> Exception:
    return unavailable(
        f"the mapping is kept, but only {handed_over} of {waiting} waiting alerts were handed back to be decided "
        "again; repeat the request to finish it"
    )
