"""What the change of an integration's status tells the bus."""

from collections.abc import Mapping
from typing import Any

import pytest

from tandem.events.changes import events_of
from tandem.events.payload import Event
from tandem.store.codec import Item, encode_item
from tandem.store.stream import change_of
from tests.unit.events.stream_records import record_of

CONNECTED, ENDED, REFUSED = "INTEGRATION_CONNECTED", "INTEGRATION_DISCONNECTED", "INTEGRATION_RECONNECT_REQUIRED"


def item(status: str | None, version: int, **more: Any) -> Item | None:
    """An integration as the table holds it; None for no status."""
    if status is None:
        return None
    values: Mapping[str, Any] = {
        "pk": "INTEGRATION",
        "sk": "i1",
        "integration_id": "i1",
        "provider": "ninjaone",
        "name": "Main",
        "status": status,
        "version": version,
        "secret_hashes": [],
    }
    return encode_item({**values, **more})


def told(before: Item | None, after: Item | None) -> list[Event]:
    return events_of(change_of(record_of(before, after)), "acme")


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        (None, "webhook_only", []),
        (None, "connected", [CONNECTED]),
        ("webhook_only", "connected", [CONNECTED]),
        ("disconnected", "connected", [CONNECTED]),
        ("reconnect_required", "connected", [CONNECTED]),
        ("error", "connected", []),
        ("connected", "connected", []),
        ("connected", "error", []),
        ("connected", "reconnect_required", [REFUSED]),
        ("error", "reconnect_required", [REFUSED]),
        ("reconnect_required", "reconnect_required", []),
        ("connected", "disconnected", [ENDED]),
        ("error", "disconnected", [ENDED]),
        ("reconnect_required", "disconnected", [ENDED]),
        ("webhook_only", "disconnected", []),
        ("disconnected", "disconnected", []),
        ("connected", None, [ENDED]),
        ("reconnect_required", None, [ENDED]),
        ("disconnected", None, []),
        ("webhook_only", None, []),
    ],
)
def test_what_a_change_of_status_tells(before: str | None, after: str | None, names: list[str]) -> None:
    assert [event.name for event in told(item(before, 3), item(after, 4))] == names


def test_the_same_change_is_the_same_event_and_another_is_another() -> None:
    first = told(item("connected", 3), item("disconnected", 4))
    assert first == told(item("connected", 3), item("disconnected", 4))
    again = told(item("connected", 5), item("disconnected", 6))
    removed = told(item("connected", 4), None)
    assert len({event.event_id for event in (*first, *again, *removed)}) == 3


def test_who_must_connect_anew_is_told_why_and_nobody_is_told_a_secret() -> None:
    refused = item("reconnect_required", 4, status_reason="Connect NinjaOne again.", secret_hashes=[{"hash": "h"}])
    (event,) = told(item("connected", 3), refused)
    assert '"reason":"Connect NinjaOne again."' in event.detail()
    assert '"h"' not in event.detail()
    assert event.subject_id == "i1"
