"""A batch of the table's changes as the alert events that it tells of.

An alert holds only the beginning of a long message; the whole one is written beside it in the same transaction, so it
mostly comes in the same batch. Where it does not, it is asked for: patterns and keywords look at the whole message.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from tandem.alerts.decide import LISTED_MESSAGE_BYTES
from tandem.alerts.history import AppliedEvent, applied_events
from tandem.alerts.limits import cut_bytes, is_cut
from tandem.alerts.models import Kind
from tandem.store import keys
from tandem.store.records import alert_from
from tandem.store.stream import Change

_ALERT = keys.alert_key("")
_MESSAGE = keys.message_key("")

ReadMessages = Callable[[Collection[str]], Mapping[str, str]]
"""The whole messages that are kept for these alerts, by the alert's id."""


def events_of(changes: Iterable[Change], read_messages: ReadMessages) -> list[AppliedEvent]:
    """The events, in the order of the changes. Raises whatever an item that Tandem did not write makes the reading of
    it raise."""
    events: list[AppliedEvent] = []
    whole: dict[tuple[str, str], str] = {}
    for change in changes:
        if change.after is None:
            continue
        if _is_of(_ALERT, change):
            before = alert_from(change.before) if change.before is not None else None
            events += applied_events(before, alert_from(change.after), change.at, int(change.sequence_number))
        elif _is_of(_MESSAGE, change):
            message = change.after["message"]["S"]
            whole[keys.alert_id_of(change.pk), _beginning(message)] = message
    return _with_whole_messages(events, whole, read_messages)


def _with_whole_messages(
    events: list[AppliedEvent], whole: dict[tuple[str, str], str], read_messages: ReadMessages
) -> list[AppliedEvent]:
    """Only firings are matched against rules, so only they need the whole message. One that is gone, or of a later
    firing, leaves the beginning."""
    cut = [event for event in events if event.kind is Kind.TRIGGERED and is_cut(event.message)]
    missing = {event.alert_id for event in cut if _place(event) not in whole}
    if missing:
        kept = read_messages(missing)
        whole = {(alert_id, _beginning(message)): message for alert_id, message in kept.items()} | whole
    wanted = {_place(event) for event in cut} & whole.keys()
    return [
        replace(event, message=whole[_place(event)])
        if event.kind is Kind.TRIGGERED and _place(event) in wanted
        else event
        for event in events
    ]


def _place(event: AppliedEvent) -> tuple[str, str]:
    return event.alert_id, event.message


def _beginning(message: str) -> str:
    return cut_bytes(message, LISTED_MESSAGE_BYTES)


def _is_of(kind: keys.Key, change: Change) -> bool:
    return change.sk == kind["sk"] and change.pk.startswith(kind["pk"])
