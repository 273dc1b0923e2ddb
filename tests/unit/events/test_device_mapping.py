"""What a change of an asset tells the bus of its devices."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.merging import SILENT
from tandem.assets.models import AgentStatus, Asset, Facts, LinkedDevice, Presence
from tandem.events.changes import events_of
from tandem.events.device_mapping import LONGEST_VALUE, device_events
from tandem.events.fleet_payload import DeviceUpdated
from tandem.events.payload import Event
from tandem.store.asset_records import asset_item
from tandem.store.stream import change_of
from tests.unit.alerts.world import START
from tests.unit.events.stream_records import record_of

CREATED, UPDATED, DELETED = "RMM_DEVICE_CREATED", "RMM_DEVICE_UPDATED", "RMM_DEVICE_DELETED"
ONLINE, OFFLINE = "RMM_DEVICE_ONLINE", "RMM_DEVICE_OFFLINE"

FACTS = Facts(name="PC-1", operating_system="Windows 10", agent_status=AgentStatus.ONLINE, ram_gib=16.0)
DEVICE = LinkedDevice("i1", "d1", FACTS, "o1", "c1", linked_at=START)
ASSET = Asset("asset-1", START, (DEVICE,), updated_at=START, version=1)


def told(before: Asset | None, after: Asset) -> list[Event]:
    """By way of the table's own items and the stream's records."""
    was = asset_item(before) if before is not None else None
    return events_of(change_of(record_of(was, asset_item(after))), "acme")


def with_facts(asset: Asset = ASSET, **facts: Any) -> Asset:
    device = replace(asset.devices[0], facts=replace(asset.devices[0].facts, **facts))
    return with_device(device, asset=asset)


def with_device(*devices: LinkedDevice, asset: Asset = ASSET, **more: Any) -> Asset:
    return replace(asset, devices=devices, version=asset.version + 1, **more)


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


def detail(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.detail())
    return found


def changes(event: Event) -> list[dict[str, Any]]:
    assert isinstance(event, DeviceUpdated)
    return [each.model_dump(exclude_none=True) for each in event.changes]


def test_a_new_asset_is_a_new_device_with_all_that_names_it() -> None:
    (event,) = told(None, ASSET)
    assert detail(event) == {
        "schema_version": 1,
        "event_id": event.event_id,
        "occurred_at": "2026-11-21T08:00:00.000000Z",
        "tenant_id": "acme",
        "integration_id": "i1",
        "external_device_id": "d1",
        "asset_id": "asset-1",
        "client_id": "c1",
        "device_name": "PC-1",
        "external_organization_id": "o1",
        "agent_status": "online",
        "linked_by": "device",
    }
    assert (event.name, event.subject_id) == (CREATED, "asset-1")


def test_a_device_that_is_found_to_be_a_known_machine_is_new_and_says_how_it_was_found() -> None:
    other = LinkedDevice("i2", "x", Facts(name="pc"), "o9", "c1", linked_by="serial_number")
    (event,) = told(ASSET, with_device(DEVICE, other))
    assert event.name == CREATED
    assert (detail(event)["integration_id"], detail(event)["linked_by"]) == ("i2", "serial_number")


def test_a_change_is_told_by_its_fields_with_their_values() -> None:
    after = with_facts(operating_system="Windows 11", ram_gib=32.0, serial_number="S1", tags=("a", "b"))
    (event,) = told(ASSET, after)
    assert event.name == UPDATED
    assert sorted(changes(event), key=lambda each: str(each["field"])) == [
        {"field": "operating_system", "before": "Windows 10", "after": "Windows 11"},
        {"field": "ram_gib", "before": 16.0, "after": 32.0},
        {"field": "serial_number", "after": "S1"},
        {"field": "tags", "after": "a, b"},
    ]


def test_a_value_that_is_too_long_is_told_by_its_name_alone() -> None:
    (event,) = told(ASSET, with_facts(location="x" * (LONGEST_VALUE + 1)))
    assert changes(event) == [{"field": "location"}]


def test_a_move_is_told_with_organization_and_client() -> None:
    moved = replace(DEVICE, organization_id="o2", client_id="c2")
    (event,) = told(ASSET, with_device(moved))
    assert changes(event) == [
        {"field": "client_id", "before": "c1", "after": "c2"},
        {"field": "external_organization_id", "before": "o1", "after": "o2"},
    ]
    assert detail(event)["client_id"] == "c2"


def test_what_a_person_writes_is_no_news_of_the_rmm_but_for_the_client() -> None:
    assert told(ASSET, replace(ASSET, edited={"location": "Cellar", "name": "Front desk"}, version=2)) == []
    assert told(ASSET, replace(ASSET, notes="Loud fan", version=2)) == []
    (event,) = told(ASSET, replace(ASSET, edited={"client_id": "c9"}, version=2))
    assert changes(event) == [{"field": "client_id", "before": "c1", "after": "c9"}]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (AgentStatus.ONLINE, AgentStatus.OFFLINE, [OFFLINE]),
        (AgentStatus.ONLINE, AgentStatus.OVERDUE, [OFFLINE]),
        (AgentStatus.OFFLINE, AgentStatus.OVERDUE, []),
        (AgentStatus.OVERDUE, AgentStatus.ONLINE, [ONLINE]),
        (AgentStatus.OFFLINE, AgentStatus.ONLINE, [ONLINE]),
        (AgentStatus.ONLINE, AgentStatus.UNKNOWN, []),
        (AgentStatus.UNKNOWN, AgentStatus.ONLINE, [ONLINE]),
        (None, AgentStatus.OFFLINE, [OFFLINE]),
        (AgentStatus.ONLINE, AgentStatus.ONLINE, []),
    ],
)
def test_what_a_change_of_the_agents_status_tells(
    before: AgentStatus | None, after: AgentStatus, expected: list[str]
) -> None:
    assert names(told(with_facts(agent_status=before), with_facts(agent_status=after))) == expected


def test_what_is_written_silently_is_told_silently() -> None:
    assert told(ASSET, with_facts(patches_pending=3, has_patches_pending=True)) == []
    assert set(SILENT) == {
        "agent_status", "patches_pending", "patches_failed", "has_patches_pending", "last_patch_scan_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Presence.LISTED, Presence.MISSING, [UPDATED]),
        (Presence.MISSING, Presence.LISTED, [UPDATED]),
        (Presence.MISSING, Presence.RETIRED, [DELETED]),
        (Presence.LISTED, Presence.RETIRED, [DELETED]),
        (Presence.RETIRED, Presence.LISTED, [CREATED]),
        (Presence.RETIRED, Presence.RETIRED, []),
    ],
)
def test_what_a_change_of_presence_tells(before: Presence, after: Presence, expected: list[str]) -> None:
    events = told(with_device(replace(DEVICE, presence=before)), with_device(replace(DEVICE, presence=after)))
    assert names(events) == expected
    if expected == [UPDATED]:
        assert changes(events[0]) == [{"field": "presence", "before": before.value, "after": after.value}]


def test_a_retired_device_tells_nothing_until_it_is_back() -> None:
    gone = with_device(replace(DEVICE, presence=Presence.RETIRED))
    changed = replace(gone.devices[0], facts=Facts(name="other"), client_id="c7")
    assert told(gone, with_device(changed)) == []


def test_several_events_of_one_change_come_in_order() -> None:
    after = replace(DEVICE, facts=replace(FACTS, name="PC-2", agent_status=AgentStatus.OFFLINE))
    assert names(told(ASSET, with_device(after))) == [UPDATED, OFFLINE]
    gone = replace(after, presence=Presence.RETIRED)
    assert names(told(ASSET, with_device(gone))) == [UPDATED, OFFLINE, DELETED]


def test_devices_that_a_person_links_to_another_asset_have_moved_and_are_not_new() -> None:
    other = Asset("asset-2", START, (LinkedDevice("i2", "x", Facts(name="x")),), version=4)
    moved = replace(other.devices[0], linked_by="person")
    (event,) = told(ASSET, with_device(DEVICE, moved))
    assert changes(event) == [{"field": "asset_id", "after": "asset-1"}]
    empty = replace(other, devices=(), linked_to="asset-1", version=5)
    assert told(other, empty) == []
    back = replace(empty, devices=(replace(moved, linked_by="device"),), linked_to=None, version=6)
    (event,) = told(empty, back)
    assert changes(event) == [{"field": "asset_id", "after": "asset-2"}]


def test_the_same_change_is_the_same_event_and_another_is_another() -> None:
    offline, online = with_facts(agent_status=AgentStatus.OFFLINE), with_facts(agent_status=AgentStatus.ONLINE)
    once, twice = told(ASSET, offline), told(ASSET, offline)
    assert once == twice
    later = told(replace(online, version=3), replace(offline, version=4))
    anew = told(replace(ASSET, created_at=START + timedelta(1)), replace(offline, created_at=START + timedelta(1)))
    assert len({event.event_id for event in (*once, *later, *anew)}) == 3
    two = with_device(DEVICE, replace(DEVICE, external_id="d2"))
    assert len({event.event_id for event in told(None, replace(two, version=1))}) == 2


def test_an_asset_that_is_gone_tells_nothing() -> None:
    assert events_of(change_of(record_of(asset_item(ASSET), None)), "acme") == []


# ---- whatever happens


@dataclass
class Follower:
    """Whoever knows devices by events alone."""

    devices: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        said = detail(event)
        assert said["event_id"] not in self.ids
        self.ids.add(said["event_id"])
        key = said["integration_id"], said["external_device_id"]
        if event.name == CREATED:
            assert key not in self.devices
            self.devices[key] = {"online": {"online": True, "offline": False, "overdue": False}}
            self.devices[key]["online"] = self.devices[key]["online"].get(said.get("agent_status"))
        if event.name == DELETED:
            del self.devices[key]
            return
        known = self.devices[key]
        if event.name in (ONLINE, OFFLINE):
            known["online"] = event.name == ONLINE
        known |= {name: said.get(name) for name in ("device_name", "client_id", "external_organization_id")}


states = st.builds(
    LinkedDevice,
    integration_id=st.just("i1"),
    external_id=st.sampled_from(["d1", "d2"]),
    facts=st.builds(
        Facts,
        name=st.sampled_from(["a", "b"]),
        agent_status=st.sampled_from([None, *AgentStatus]),
        ram_gib=st.sampled_from([None, 8.0]),
        patches_pending=st.sampled_from([None, 0, 3]),
    ),
    organization_id=st.sampled_from([None, "o1", "o2"]),
    client_id=st.sampled_from([None, "c1", "c2"]),
    presence=st.sampled_from(Presence),
)


@given(st.lists(st.lists(states, max_size=2, unique_by=lambda each: each.external_id), max_size=8))
def test_whoever_follows_the_events_knows_the_devices(lives: list[list[LinkedDevice]]) -> None:
    follower = Follower()
    before: Asset | None = None
    known: dict[str, LinkedDevice] = {}
    for version, devices in enumerate(lives, 1):
        known |= {each.external_id: each for each in devices}
        if not known:
            continue
        after = Asset("asset-1", START, tuple(known.values()), version=version)
        events = device_events(before, after, "acme", START)
        if before == replace(after, version=version - 1):
            assert events == []
        for event in events:
            follower.hear(event)
        there = {each.external_id: each for each in after.devices if each.presence is not Presence.RETIRED}
        assert {external_id for _, external_id in follower.devices} == set(there)
        for (_, external_id), said in follower.devices.items():
            device, status = there[external_id], there[external_id].facts.agent_status
            if status in (AgentStatus.ONLINE, AgentStatus.OFFLINE, AgentStatus.OVERDUE):
                assert said["online"] is (status is AgentStatus.ONLINE)
            assert said["device_name"] == device.facts.name
            assert said["external_organization_id"] == device.organization_id
        before = after
