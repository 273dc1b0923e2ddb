"""Which items of the table make events."""

from tandem.events.device_mapping import device_events
from tandem.events.integration_mapping import integration_events
from tandem.events.mapping import alert_events, outbound_events, ticket_events
from tandem.events.payload import Event
from tandem.events.sync_mapping import sync_events
from tandem.store import keys
from tandem.store.asset_records import asset_from
from tandem.store.codec import decode_item
from tandem.store.outbound import outbound_from
from tandem.store.records import alert_from, ticket_from
from tandem.store.stream import Change
from tandem.store.sync_records import run_from

_ALERT = keys.alert_key("")
_TICKET = keys.ticket_key("")
_INTEGRATION = keys.integration_key("")
_OUTBOUND = keys.outbound_key("")
_ASSET = keys.asset_key("")
_RUN = keys.sync_run_key("", "")


def events_of(change: Change, tenant: str) -> list[Event]:
    """The events of one change of the table, in order; none for an item of another sort, or for one that is gone, but
    for an integration.

    Raises whatever an item that is not as Tandem writes it makes the reading of it raise.
    """
    if change.pk == _INTEGRATION["pk"]:
        images = [decode_item(item) if item is not None else None for item in (change.before, change.after)]
        return integration_events(images[0], images[1], tenant, change.at)
    if change.after is None:
        return []
    if _is_of(_ALERT, change):
        before = alert_from(change.before) if change.before is not None else None
        return alert_events(before, alert_from(change.after), tenant, change.at)
    if _is_of(_TICKET, change):
        was = ticket_from(change.before) if change.before is not None else None
        return ticket_events(was, ticket_from(change.after), tenant, change.at)
    if _is_of(_ASSET, change):
        asset = asset_from(change.before) if change.before is not None else None
        return device_events(asset, asset_from(change.after), tenant, change.at)
    if change.pk.startswith(_RUN["pk"]) and change.sk.startswith(_RUN["sk"]):
        run = run_from(change.before) if change.before is not None else None
        return sync_events(run, run_from(change.after), tenant, change.at)
    if _is_of(_OUTBOUND, change):
        wish = outbound_from(change.before) if change.before is not None else None
        return outbound_events(wish, outbound_from(change.after), tenant, change.at)
    return []


def _is_of(kind: keys.Key, change: Change) -> bool:
    return change.sk == kind["sk"] and change.pk.startswith(kind["pk"])
