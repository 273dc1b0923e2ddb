"""Whether a device is the same machine as an asset."""

import pytest

from tandem.assets.matching import MACS, Match, MatchKey, match, match_keys, normal_hostname, normal_mac, normal_serial
from tandem.assets.models import AgentStatus, Asset, Facts, LinkedDevice, Presence
from tests.unit.assets.world import START

SERIAL, MAC = "5CG1234ABC", "3c:52:82:11:22:33"
ONLINE, OFFLINE = AgentStatus.ONLINE, AgentStatus.OFFLINE


def asset(
    asset_id: str = "a1",
    integration_id: str = "other",
    client_id: str | None = "acme",
    presence: Presence = Presence.LISTED,
    facts: Facts | None = None,
) -> Asset:
    said = facts or Facts(hostname="pc-1", serial_number=SERIAL, mac_addresses=(MAC,), agent_status=ONLINE)
    return Asset(asset_id, START, (LinkedDevice(integration_id, "x", said, "1", client_id, presence),))


def found(facts: Facts, *assets: Asset, client_id: str = "acme") -> Match:
    owners = {key: each.asset_id for each in assets for device in each.devices for key in match_keys(device.facts)}
    return match("mine", facts, client_id, owners, {each.asset_id: each for each in assets})


@pytest.mark.parametrize(
    "serial",
    [
        "To be filled by O.E.M.",
        "TO BE FILLED BY OEM",
        "System Serial Number",
        "Default string",
        "Default_String",
        "None",
        "N/A",
        "Not Applicable",
        "Not Specified",
        "Not Available",
        "unknown",
        "INVALID",
        "DEFAULT",
        "Serial",
        "T.B.D. by O.E.M.",
        "OEM_Serial",
        "0",
        "00000000",
        "123456789",
        "0123456789",
        "1234567890",
        "987654321",
        "12345678",
        "XXXXXXXX",
        "xxxxxxx1",
        "0000000001",
        "FFFFFFFF",
        "............",
        "OEM",
        "O.E.M.",
        "VMware Virtual Platform",
        "VMware-00 00 00 00 00 00 00 00-00 00 00 00 00 00 00 00",
        "03000200-0400-0500-0006-000700080009",
        "Chassis Serial Number",
        "No Asset Tag",
        "System Product Name",
        "SN12345678",
        "ABC",
        "",
        "   ",
        "シリアル",
    ],
)
def test_a_serial_number_that_many_machines_have_says_nothing(serial: str) -> None:
    assert normal_serial(serial) is None


@pytest.mark.parametrize(
    ("serial", "normal"),
    [
        ("5cg1234abc", "5CG1234ABC"),
        (" PF-2XK99 ", "PF2XK99"),
        ("VMware-56 4d 3a b1 c2 d4 e5 f6-01 23 45 67 89 ab cd ef", "VMWARE564D3AB1C2D4E5F60123456789ABCDEF"),
        ("4523-1179-8843-0021-7712-4490-11", "45231179884300217712449011"),
        ("ec2b1f40-7a3c", "EC2B1F407A3C"),
        ("7JXKL", "7JXKL"),
    ],
)
def test_a_machines_own_serial_number_counts_however_it_is_written(serial: str, normal: str) -> None:
    assert normal_serial(serial) == normal


@pytest.mark.parametrize(
    "mac",
    [
        "00:50:56:C0:00:08",  # VMware's vmnet
        "00-15-5D-01-02-03",  # Hyper-V
        "02:42:ac:11:00:02",  # made up by software
        "01:00:5e:00:00:01",  # for several receivers
        "00:FF:12:34:56:78",  # a VPN's
        "00e0.4c68.0001",  # docking stations
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "20:41:53:59:4e:ff",
        "3c:52:82:11:22",
        "not an address",
        "",
    ],
)
def test_an_address_that_machines_share_says_nothing(mac: str) -> None:
    assert normal_mac(mac) is None


def test_an_address_is_the_same_however_it_is_written() -> None:
    assert {normal_mac(each) for each in ("3C-52-82-11-22-33", "3c52.8211.2233", MAC)} == {"3c5282112233"}


def test_a_hostname_is_the_same_with_its_domain() -> None:
    assert normal_hostname("PC-1.acme.local") == normal_hostname("pc-1 ") == "pc-1"
    assert normal_hostname("localhost.localdomain") is None


def test_a_server_with_hundreds_of_addresses_is_found_by_some() -> None:
    macs = tuple(f"3c:52:82:00:{number // 256:02x}:{number % 256:02x}" for number in range(300))
    assert match_keys(Facts(mac_addresses=macs, serial_number=SERIAL))[0] == MatchKey("serial", SERIAL)
    assert len(match_keys(Facts(mac_addresses=macs))) == MACS


def test_the_same_serial_number_is_the_same_machine() -> None:
    assert found(Facts(serial_number=SERIAL.lower()), asset()) == Match("a1", "serial_number")


def test_an_address_needs_the_same_hostname() -> None:
    assert found(Facts(hostname="PC-1.acme.local", mac_addresses=(MAC,)), asset()) == Match("a1", "mac_address")
    assert found(Facts(hostname="pc-2", mac_addresses=(MAC,)), asset()) == Match()
    assert found(Facts(mac_addresses=(MAC,)), asset()) == Match()


def test_a_machine_of_another_client_is_not_linked_but_named() -> None:
    result = found(Facts(serial_number=SERIAL), asset(), client_id="globex")
    assert result.asset_id is None
    assert [each.asset_id for each in result.like] == ["a1"]
    assert "another client" in result.like[0].reason


def test_an_asset_without_a_client_contradicts_nobody() -> None:
    assert found(Facts(serial_number=SERIAL), asset(client_id=None)).asset_id == "a1"


def test_two_assets_that_fit_are_both_named_and_none_is_linked() -> None:
    by_mac = asset("a2", facts=Facts(hostname="pc-1", mac_addresses=("3c:52:82:99:99:99",)))
    by_serial = asset("a1", facts=Facts(hostname="pc-9", serial_number=SERIAL))
    result = found(
        Facts(hostname="pc-1", serial_number=SERIAL, mac_addresses=("3c:52:82:99:99:99",)), by_serial, by_mac
    )
    assert result.asset_id is None
    assert {each.asset_id for each in result.like} == {"a1", "a2"}


def test_servers_of_one_chassis_that_share_its_serial_number_stay_apart() -> None:
    blade = Facts(hostname="blade-2", serial_number=SERIAL, agent_status=ONLINE)
    result = found(blade, asset(integration_id="mine"))
    assert result.asset_id is None
    assert "both online" in result.like[0].reason


def test_of_two_that_are_offline_under_different_names_nobody_can_tell() -> None:
    there = asset(integration_id="mine", facts=Facts(hostname="pc-1", serial_number=SERIAL, agent_status=OFFLINE))
    result = found(Facts(hostname="pc-2", serial_number=SERIAL, agent_status=OFFLINE), there)
    assert (result.asset_id, "both offline" in result.like[0].reason) == (None, True)
    assert found(Facts(hostname="PC-1", serial_number=SERIAL, agent_status=OFFLINE), there).asset_id == "a1"


@pytest.mark.parametrize(
    "left_behind",
    [
        asset(integration_id="mine", facts=Facts(hostname="old", serial_number=SERIAL, agent_status=OFFLINE)),
        asset(integration_id="mine", presence=Presence.MISSING),
        asset(integration_id="mine", presence=Presence.RETIRED),
    ],
)
def test_an_agent_that_was_installed_anew_finds_the_asset_of_the_one_it_left_behind(left_behind: Asset) -> None:
    fresh = Facts(hostname="new", serial_number=SERIAL, agent_status=ONLINE)
    assert found(fresh, left_behind).asset_id == "a1"


def test_a_machine_that_two_rmms_manage_is_online_in_both_under_any_name() -> None:
    fresh = Facts(hostname="friendly-name", serial_number=SERIAL, agent_status=ONLINE)
    assert found(fresh, asset(integration_id="other")).asset_id == "a1"


def test_a_key_whose_asset_is_not_there_leads_nowhere() -> None:
    assert match("mine", Facts(serial_number=SERIAL), "acme", {MatchKey("serial", SERIAL): "gone"}, {}) == Match()
