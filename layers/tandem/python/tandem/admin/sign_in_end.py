"""The end of a sign-in at NinjaOne: its tokens are kept and the integration is connected, if it still is what it was
when the browser came back. While NinjaOne is asked, somebody may disconnect or remove it, or give it other credentials.

The secret is written first and the record last, as everywhere (connecting.py). Whoever disconnects does it the other
way round, so that one of both sees the other.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tandem.admin.connecting import OWN_SECONDS, AnyCall, connected_with
from tandem.connections.credentials import Kept
from tandem.connections.errors import VendorError
from tandem.store.configuration.records import Integration

if TYPE_CHECKING:
    from tandem.connections.keeping import Tried


def connect_signed_in(
    call: AnyCall, began: Integration, place: Integration, tried: "Tried", state_key: str
) -> Integration | None:
    """The integration, connected at `place`; None if it is not any more what it `began` with, and then nothing of the
    sign-in is kept. Raises VendorError if Tandem's own store of secrets does not answer, StoreError."""
    connections, integration_id = call.services.connections(), began.integration_id
    before = connections.keep_signed_in(integration_id, tried, state_key, connections.deadline(OWN_SECONDS))
    if before is not None:
        connected = call.services.table.retrying(lambda: _record(call, began, place, tried))
        if connected is not None:
            return connected
    present = call.services.integrations.get(integration_id)
    is_ended = present is None or present.credentials is None
    if present is None:
        connections.remove(integration_id)
    elif before is not None:
        left = None if is_ended else before
        connections.take_back(integration_id, tried, left, connections.deadline(OWN_SECONDS))
    if is_ended:
        given = Kept(tried.credentials, tried.address, tried.tokens)
        _revoke(call, place, [given] if before is None else [given, before])
    return None


def _record(call: AnyCall, began: Integration, place: Integration, tried: "Tried") -> Integration | None:
    present = call.services.integrations.get(began.integration_id)
    if present is None or present.credentials is None or _connection(present) != _connection(began):
        return None
    changed = connected_with(replace(present, instance_url=place.instance_url), tried.credentials, call)
    call.services.integrations.put(changed)
    return changed


def _revoke(call: AnyCall, place: Integration, given: Sequence[Kept]) -> None:
    """Nobody has these any more, and they end by themselves: a failure changes nothing."""
    connections = call.services.connections()
    deadline = connections.deadline(OWN_SECONDS)
    for each in given:
        with suppress(VendorError):
            connections.revoke(place, each, deadline)


def _connection(integration: Integration) -> tuple[object, ...]:
    """What says of a record which credentials belong to it. Its status does not: refused ones are signed in anew."""
    return integration.credentials, integration.connected_at, integration.instance_url
