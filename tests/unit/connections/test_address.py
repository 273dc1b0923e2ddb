"""Which addresses Tandem connects to."""

import ipaddress

import pytest

from tandem.connections.address import AddressRule, is_private_address, is_public, is_this_machine
from tandem.connections.errors import WrongAddress

PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3",  # noqa: S104  it is refused here
    "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.5.4",
    "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "224.0.1.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::808:808", "100::1", "2001:db8::1", "2001:0:808:808::80ff:fffe", "2002:7f00:1::1",
    "2002:a00:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_one(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))
    AddressRule().check("rmm.example.com", [text])


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_what_is_not_on_the_internet_is_refused(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))
    with pytest.raises(WrongAddress, match="not on the public internet"):
        AddressRule().check("rmm.example.com", [text])


def test_one_private_address_among_public_ones_is_enough() -> None:
    with pytest.raises(WrongAddress):
        AddressRule().check("rmm.example.com", ["1.1.1.1", "10.0.0.1"])


def test_a_zone_is_no_way_round() -> None:
    with pytest.raises(WrongAddress):
        AddressRule().check("rmm.example.com", ["fe80::1%eth0"])


@pytest.mark.parametrize("text", ["10.0.0.1", "100.64.0.1", "fd00::1", "fd00:ec3::1", "::ffff:10.0.0.1", *PUBLIC])
def test_who_permits_private_addresses_gets_them(text: str) -> None:
    AddressRule(may_be_private=True).check("rmm.lan", [text])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("169.254.169.254", "link-local"), ("169.254.0.1", "link-local"), ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"), ("::ffff:169.254.169.254", "link-local"),
        ("fd00:ec2::254", "AWS"), ("fd00:ec2:ffff::1", "AWS"),
        ("0.0.0.0", "no address"), ("0.1.2.3", "no address"), ("::", "no address"), ("::a00:1", "no address"),  # noqa: S104
        ("::ffff:0.0.0.0", "no address"),
        ("224.0.0.1", "multicast"), ("239.255.255.250", "multicast"),
        ("ff02::1", "multicast"), ("ff0e::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("64:ff9b::a9fe:a9fe", "hides"), ("64:ff9b::a00:1", "hides"), ("64:ff9b::7f00:1", "hides"),
        ("64:ff9b:1::808:808", "translator"), ("64:ff9b:1:fffe::a00:1", "translator"),
        ("::ffff:0:10.0.0.1", "translator"),
        ("2002:a00:1::1", "hides"), ("2002:7f00:1::1", "hides"), ("2002:a9fe:a9fe::1", "hides"),
        ("2001:0:808:808::f5ff:fffe", "hides"), ("2001:0:a00:1::f7f7:f7f7", "hides"),
    ],
)  # fmt: skip
def test_some_addresses_are_never_connected_to(text: str, why: str) -> None:
    for rule in (AddressRule(may_be_private=True), AddressRule(may_be_private=True, may_be_this_machine=True)):
        with pytest.raises(WrongAddress, match=f"{why}.*never connects"):
            rule.check("rmm.lan", [text])


@pytest.mark.parametrize("text", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_the_machine_that_tandem_runs_on_is_for_the_local_stack_only(text: str) -> None:
    AddressRule(may_be_private=True, may_be_this_machine=True).check("rmm.lan", [text])
    with pytest.raises(WrongAddress, match="itself runs on"):
        AddressRule(may_be_private=True).check("rmm.lan", [text])
    with pytest.raises(WrongAddress, match="public internet"):
        AddressRule(may_be_this_machine=True).check("rmm.lan", [text])


@pytest.mark.parametrize(
    "url",
    ["http://rmm.example.com", "ftp://rmm.example.com", "https://127.1", "https://0x7f.0.0.1", "https://2130706433",
     "https://localhost", "https://rmm.local", "https://[::1]", "https://[fe80::1%25eth0]", "https://①②⑦.0.0.1"],
)  # fmt: skip
def test_a_url_that_tells_by_itself_is_refused_without_asking_the_dns(url: str) -> None:
    with pytest.raises(WrongAddress):
        AddressRule().check_url(url)
    AddressRule(may_be_private=True).check_url(url)


def test_a_public_https_url_is_fine() -> None:
    AddressRule().check_url("https://api.rmm.example.com:8443/base")
    assert not is_private_address("https://api.rmm.example.com")


def test_a_table_on_the_same_machine_is_told_by_its_url() -> None:
    assert all(map(is_this_machine, ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566"]))
    for url in ("https://dynamodb.eu-central-1.amazonaws.com", "https://127.0.0.1.example.com", "https://10.0.0.1"):
        assert not is_this_machine(url)
