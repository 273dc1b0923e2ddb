"""What the records of an asset's devices say by it."""

from dataclasses import replace

from tandem.assets.editing import edit, give_back
from tandem.assets.models import AgentStatus, AssetType, Facts
from tandem.assets.pages import AssetWrite
from tandem.assets.places import ticket_facts
from tests.unit.assets.world import INTEGRATION, World, at, device

SERIAL = "5CG1234ABC"


def of(write: AssetWrite | None) -> AssetWrite:
    assert write is not None
    return write


def test_a_ticket_is_told_what_the_machine_is_and_where() -> None:
    facts = Facts(
        asset_type=AssetType.VM_GUEST,
        operating_system="Windows Server 2022",
        os_version="21H2",
        manufacturer="Dell",
        model="R640",
        serial_number=SERIAL,
        location="Main office",
        lan_addresses=("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"),
    )
    assert ticket_facts(facts) == {
        "Device type": "vm guest",
        "Operating system": "Windows Server 2022 21H2",
        "Model": "Dell R640",
        "Serial number": SERIAL,
        "Location": "Main office",
        "Address": "10.0.0.1, 10.0.0.2, 10.0.0.3",
    }
    assert ticket_facts(Facts()) == {}


def test_what_stands_in_another_word_already_is_told_once_and_a_long_fact_is_cut() -> None:
    facts = Facts(operating_system="macOS 14.1", os_version="14.1", manufacturer="Dell", model="Dell R640")
    assert ticket_facts(facts) == {"Operating system": "macOS 14.1", "Model": "Dell R640"}
    assert len(ticket_facts(Facts(location="x" * 1000))["Location"].encode()) <= 120


def test_a_record_is_written_when_what_it_says_changes_and_not_for_what_moves_all_the_time() -> None:
    world = World()
    world.sync(device("1", operating_system="Windows 10"))
    (decision,) = world.sync(
        device("1", operating_system="Windows 10", agent_status=AgentStatus.OFFLINE, patches_pending=3, cpu_cores=4)
    )
    assert [write.devices for write in decision.writes] == [()]
    world.sync(device("1", operating_system="Windows 11"))
    assert world.records["1"].asset_facts == {"Operating system": "Windows 11"}


def test_the_client_follows_the_organization_and_goes_with_it() -> None:
    world = World()
    said = []
    for organization in ("1", "2", "3"):
        world.sync(device("1", organization))
        said.append((world.records["1"].organization_id, world.records["1"].asset_client_id))
    assert said == [("1", "acme"), ("2", "globex"), ("3", None)]


def test_a_persons_word_in_the_asset_reaches_the_records_of_all_its_devices_and_is_taken_back() -> None:
    world = World()
    world.sync(device("1", serial_number=SERIAL))
    asset = replace(world.asset_of("1"))
    other = replace(asset.devices[0], integration_id="i2", external_id="x")
    asset = replace(asset, devices=(*asset.devices, other))
    write = of(edit(asset, {"client_id": "globex", "location": "Cellar"}, "user:u1", at(3)))
    assert [(each.integration_id, each.external_id) for each in write.devices] == [(INTEGRATION, "1"), ("i2", "x")]
    assert {(each.client_id, each.client_by_person, each.facts["Location"]) for each in write.devices} == {
        ("globex", True, "Cellar")
    }
    write = of(give_back(write.asset, ["client_id"], "user:u1", at(4)))
    assert {(each.client_id, each.client_by_person) for each in write.devices} == {("acme", False)}
    assert of(edit(write.asset, {"client_id": None}, "user:u1", at(5))).devices[0].client_by_person is False
