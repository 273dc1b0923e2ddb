"""Alerts get the asset that their device has become: from the table's own records through the processor to the table,
and no kill or repetition doubles anything."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alert_queue import QueueError
from tandem.alerts.models import AlertEvent
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.assets.identity import asset_id_of
from tandem.assets.models import Asset, Facts, LinkedDevice
from tandem.assets.pages import Arrived
from tandem.assets.writing import asset_write
from tandem.store.asset_writer import AssetWriter
from tandem.store.codec import encode_item
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.configuration.windows import Windows
from tandem.store.listing import Listing
from tandem.store.lookups import Lookups
from tandem.syncing.arrivals import AlertArrivals
from tests.integration.deployment import configure, messages, of_kind, processor
from tests.unit.alerts.world import START, at, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

ASSET = asset_id_of("i1", "d1")


class Queue:
    """Keeps what was handed over; `refuses`: takes nothing."""

    def __init__(self) -> None:
        self.events: list[AlertEvent] = []
        self.refuses = False

    def send(self, events: Sequence[AlertEvent]) -> None:
        if self.refuses:
            raise QueueError("the queue could not be reached")
        self.events += events

    def take(self) -> list[AlertEvent]:
        taken, self.events = self.events, []
        return taken


class Tenant:
    """A table, a processor and what the sync does of it."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table
        self.queue = Queue()
        self.arrivals = AlertArrivals(Listing(client, table), Lookups(client, table), self.queue, lambda: START)
        self._processor = processor(client, table, lambda: START)

    def hear(self, *events: AlertEvent) -> list[str]:
        """Decides them; what came of each."""
        results = self._processor.process(messages(events))
        assert all(each.decision is not None for each in results), results
        return [each.decision.outcome.value for each in results if each.decision is not None]

    def sync(self, device: str = "d1", client_id: str = "c1") -> None:
        """The device becomes an asset."""
        facts = Facts(name=f"PC-{device}", operating_system="Windows 11", serial_number="5CG1234ABC")
        link = LinkedDevice("i1", device, facts, "o1", client_id, linked_at=START)
        made = Asset(asset_id_of("i1", device), START, (link,), version=1)
        written = AssetWriter(self._client, self._table).write([asset_write(None, made)], START)
        assert written.is_whole

    def arrive(self, *devices: str) -> int:
        return self.arrivals.arrived("i1", [Arrived(each, asset_id_of("i1", each), "c1") for each in devices])

    def only(self, kind: str) -> dict[str, Any]:
        (item,) = self.all(kind)
        return item

    def all(self, kind: str) -> list[dict[str, Any]]:
        """But the counter that is called as tickets are."""
        return [item for item in of_kind(self._client, self._table, kind) if item["pk"] != "COUNTER"]


@pytest.fixture
def tenant(dynamodb: "DynamoDBClient", table_name: str) -> Tenant:
    configure(dynamodb, table_name)
    return Tenant(dynamodb, table_name)


def test_an_alert_on_a_ticket_and_its_ticket_get_the_asset_with_its_facts(tenant: Tenant) -> None:
    tenant.hear(triggered(), triggered(1))
    tenant.sync()
    assert tenant.arrive("d1", "d2") == 1
    events = tenant.queue.take()
    assert tenant.hear(*events) == ["placed"]
    assert (tenant.only("ALERT")["asset_id"], tenant.only("TICKET")["asset_id"]) == (ASSET, ASSET)
    told = [comment for comment in tenant.all("C#") if "known as an asset now" in comment["body"]]
    assert len(told) == 1
    assert "Serial number: 5CG1234ABC" in told[0]["body"]
    assert tenant.only("TRACE")
    assert (tenant.only("CONDITION")["occurrence_count"], tenant.only("ALERT")["occurrence_count"]) == (2, 2)
    assert tenant.hear(*events, *events) == ["ignored", "ignored"], "delivered again"
    assert tenant.arrive("d1") == tenant.arrivals.catch_up("i1") == 0
    assert len(tenant.all("C#")) == 3


def test_an_alert_that_waited_gets_its_ticket_by_the_client_of_its_asset(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    configure(dynamodb, table_name, client_of_o1=None)
    tenant = Tenant(dynamodb, table_name)
    assert tenant.hear(triggered()) == ["needs_mapping"]
    tenant.sync()
    assert tenant.arrive("d1") == 1
    assert tenant.hear(*tenant.queue.take()) == ["ticket_created"]
    assert (tenant.only("TICKET")["client_id"], tenant.only("TICKET")["asset_id"]) == ("c1", ASSET)
    assert "Operating system: Windows 11" in tenant.only("C#")["body"]


def test_what_slipped_through_is_found_when_the_sync_is_done(tenant: Tenant) -> None:
    tenant.hear(*(triggered(number, f"a{number}", device=f"d{number % 3}") for number in range(9)))
    tenant.hear(replace(triggered(0, "b", device="d9", organization=None), organization_name=None))
    for device in ("d0", "d1", "d9"):
        tenant.sync(device)
    assert tenant.arrivals.catch_up("i1") == 7
    tenant.hear(*tenant.queue.take())
    alerts = {item["external_alert_id"]: item.get("asset_id") for item in tenant.all("ALERT")}
    assert alerts["b"] == asset_id_of("i1", "d9"), "no record was kept of its device until the sync"
    assert {name for name, asset_id in alerts.items() if asset_id is None} == {"a2", "a5", "a8"}
    assert tenant.arrivals.catch_up("i1") == 0


def test_more_alerts_than_one_look_shows_are_all_found(tenant: Tenant) -> None:
    tenant.hear(*(triggered(number, f"a{number}") for number in range(130)))
    tenant.sync()
    assert tenant.arrivals.catch_up("i1") == 130
    tenant.queue.take()
    assert tenant.arrive("d1") == 130


def test_a_queue_that_takes_nothing_is_told_and_the_next_attempt_finds_all(tenant: Tenant) -> None:
    tenant.hear(triggered())
    tenant.sync()
    tenant.queue.refuses = True
    with pytest.raises(QueueError):
        tenant.arrive("d1")
    tenant.queue.refuses = False
    assert tenant.arrive("d1") == 1


def test_a_message_that_stands_beside_its_alert_is_decided_whole(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name, client_of_o1=None)
    tenant = Tenant(dynamodb, table_name)
    long = "x" * 1000 + " the end"
    tenant.hear(triggered(message=long))
    tenant.sync()
    tenant.arrive("d1")
    tenant.hear(*tenant.queue.take())
    assert tenant.only("TICKET")["description"].endswith(" the end")


def test_a_window_of_the_asset_holds_what_its_devices_say_from_the_sync_on(
    tenant: Tenant, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    window = MaintenanceWindow("w1", "Repair", asset_id=ASSET, span=Span(at(-60), at(60)))
    Windows(ConfigurationTable(dynamodb, table_name)).add(window)
    assert tenant.hear(triggered(0, "a1", device="d1")) == ["ticket_created"], "nobody knows that it is the asset's"
    tenant.sync()
    tenant.sync("d2")
    assert tenant.hear(triggered(1, "a2", device="d1", identity="check:2")) == ["suppressed"]
    assert tenant.hear(triggered(1, "a3", device="d2")) == ["ticket_created"]
    held = next(item for item in tenant.all("ALERT") if item["external_alert_id"] == "a2")
    assert (held["suppressed_by_window_id"], held["asset_id"]) == ("w1", ASSET)
    tenant.arrivals.catch_up("i1")
    assert tenant.hear(*tenant.queue.take()) == ["placed"], "what was told is told, and only knows its asset"


def test_a_broken_device_record_of_another_integration_is_nobodys_business(
    tenant: Tenant, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    item = encode_item({"pk": "DEVICE#i2#d1", "sk": "DEVICE", "integration_id": "i2"})
    dynamodb.put_item(TableName=table_name, Item=item)
    tenant.hear(triggered())
    assert tenant.arrivals.catch_up("i1") == 0
