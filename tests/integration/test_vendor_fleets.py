"""Tactical RMM's and Level's devices, read from their simulators: real sockets, real oddities, real faults."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tandem.assets.models import AgentStatus, AssetType, Facts
from tandem.connections.errors import BadReply, Forbidden, NotFound, Refused, ServerFailed, VendorError, WrongAddress
from tandem.connections.fleet import DevicePart, DeviceSoftware, Fleet, OrganizationListed, Unreadable
from tandem.connections.limits import Limits
from tandem.providers.levelio.fleet import LevelFleet
from tandem.providers.tacticalrmm.fleet import TacticalFleet
from tests.integration.vendor_fleets import known, level_fleet, listed, parts, single, tactical_fleet
from tests.simulators import world
from tests.simulators.levelio.simulator import Level
from tests.simulators.tacticalrmm.simulator import EXPIRED_KEY, NO_ROLE_KEY, TacticalRmm
from tests.unit.connections.world import World, json
from tests.unit.providers.sound_devices import assert_sound

AGENTS, DEVICES = 30, 250
VOLATILE = {"last_seen_at", "booted_at", "last_user", "free_gib"}


@pytest.fixture
def tactical() -> Iterator[TacticalRmm]:
    with TacticalRmm(seed=1) as simulator:
        world.tacticalrmm(simulator, clients=3, agents=AGENTS)
        yield simulator


@pytest.fixture
def level() -> Iterator[Level]:
    with Level(seed=1) as simulator:
        world.level(simulator, groups=3, devices=DEVICES)
        yield simulator


def asked(simulator: TacticalRmm | Level) -> list[str]:
    return [f"{each.method} {each.path}" for each in simulator.requests.all()]


def agent_of(tactical: TacticalRmm, number: int) -> str:
    return tactical.state.agents[number].agent_id


# ---- Tactical RMM


def test_tacticals_clients_come_with_their_sites_as_places(tactical: TacticalRmm) -> None:
    tactical.add_site(1, "Warehouse")

    found = list(tactical_fleet(tactical).organizations())

    assert [each.external_id for each in found if not each.is_place] == ["1", "2", "3"]
    assert OrganizationListed("site:4", "Warehouse", "1", "Acme Corp / Warehouse", is_place=True) in found
    assert asked(tactical) == ["GET /clients/"]


def test_all_agents_come_by_two_requests_with_their_clients_numbers(tactical: TacticalRmm) -> None:
    found = parts(tactical_fleet(tactical), "agents")

    assert len(found) == AGENTS
    assert {each.organization_id for each in found.values()} == {"1", "2", "3"}
    assert asked(tactical) == ["GET /clients/", "GET /agents/"]
    for each in found.values():
        assert_sound(each)


def test_a_listing_of_one_answer_is_cut_into_pages(tactical: TacticalRmm) -> None:
    world.tacticalrmm(tactical, clients=1, agents=1_000)
    fleet = tactical_fleet(tactical)

    found = list(fleet.pages("agents", None))

    assert [(len(page.rows), page.after) for page in found] == [(1000, "1"), (AGENTS, None)]
    assert fleet.restarts("agents")


def test_a_single_agent_says_what_the_listing_says_and_more(tactical: TacticalRmm) -> None:
    fleet = tactical_fleet(tactical)
    for external_id, listed_part in parts(fleet, "agents").items():
        alone = single(fleet, external_id)
        both = known(listed_part.facts) - {"patches_pending", "patches_failed", "has_patches_pending"}
        assert {name: getattr(alone.facts, name) for name in both} == {
            name: getattr(listed_part.facts, name) for name in both
        }
        assert alone.organization_id == listed_part.organization_id
        assert alone.seen.last_seen_at == listed_part.seen.last_seen_at
        assert {"ram_gib", "disks"} <= known(alone.facts) - known(listed_part.facts)
        assert_sound(DevicePart(external_id, alone.facts, alone.seen))


def test_counts_of_updates_agree_with_what_the_listing_says_of_them(tactical: TacticalRmm) -> None:
    fleet = tactical_fleet(tactical)
    told = set()
    for external_id, listed_part in parts(fleet, "agents").items():
        counted, facts = fleet.patches_of(external_id), listed_part.facts
        told.add(facts.has_patches_pending)
        if facts.has_patches_pending is None:
            assert counted is None
            continue
        assert counted is not None
        assert counted.has_patches_pending is facts.has_patches_pending
        assert facts.patches_pending in (None, counted.patches_pending)
        assert facts.patches_failed in (None, counted.patches_failed)
    assert told == {True, False, None}
    tenth = single(fleet, agent_of(tactical, 10)).facts
    assert (tenth.patches_pending, tenth.patches_failed, tenth.has_patches_pending) == (1, 1, True)


def test_an_agent_that_is_away_long_is_overdue(tactical: TacticalRmm) -> None:
    tactical.trigger(1, "availability")
    fleet = tactical_fleet(tactical)

    assert parts(fleet, "agents")[agent_of(tactical, 1)].facts.agent_status is AgentStatus.OVERDUE
    assert single(fleet, agent_of(tactical, 1)).facts.agent_status is AgentStatus.OVERDUE
    assert parts(fleet, "agents")[agent_of(tactical, 2)].facts.agent_status is AgentStatus.ONLINE


def test_an_agent_that_is_gone_is_none(tactical: TacticalRmm) -> None:
    fleet, gone = tactical_fleet(tactical), agent_of(tactical, 1)
    tactical.remove_device(gone)

    assert fleet.device(gone) is None
    assert fleet.patches_of(gone) is None
    assert fleet.device("too-short") is None
    assert fleet.device("a/../../clients/" + "x" * 20) is None


def test_a_role_that_may_not_see_updates_sees_the_agent_all_the_same(tactical: TacticalRmm) -> None:
    tactical.faults.add("status", status=403, path="/winupdate/", times=None)
    found = single(tactical_fleet(tactical), agent_of(tactical, 10))

    assert found.facts.ram_gib == 16.0
    assert found.facts.patches_pending is None


def test_software_comes_in_one_answer_and_belongs_to_the_agents_of_its_numbers(tactical: TacticalRmm) -> None:
    tactical.set_software(agent_of(tactical, 5), [{"name": "7-Zip", "version": "23.01"}])
    tactical.set_software(agent_of(tactical, 6), [])
    fleet = tactical_fleet(tactical)

    rows = [row for page in fleet.software_pages("software", None) for row in page.rows]

    found = {row.external_id: row.programs for row in rows if isinstance(row, DeviceSoftware)}
    assert len(found) == len(rows)
    assert [(each.name, each.version) for each in found[agent_of(tactical, 5)]] == [("7-Zip", "23.01")]
    assert found[agent_of(tactical, 6)] == ()
    linux = next(each.agent_id for each in tactical.state.agents if each.plat == "linux")
    assert linux not in found
    assert asked(tactical) == ["GET /agents/", "GET /software/"]


def test_software_of_an_agent_that_is_in_no_list_is_named_and_stops_no_other(tactical: TacticalRmm) -> None:
    tactical.faults.add("half_listing", path="^/agents/$")
    rows = [row for page in tactical_fleet(tactical).software_pages("software", None) for row in page.rows]

    reasons = [row.reason for row in rows if isinstance(row, Unreadable)]
    assert reasons
    assert all("is in no list of agents" in reason for reason in reasons)
    assert len(reasons) < len(rows)


def test_much_software_comes_page_by_page(tactical: TacticalRmm) -> None:
    world.tacticalrmm(tactical, clients=1, agents=400)
    tactical.fill_software(20)

    pages = list(tactical_fleet(tactical).software_pages("software", None))

    assert [len(page.rows) for page in pages][:-1] == [200] * (len(pages) - 1)
    assert [page.after for page in pages][-1] is None
    assert all(len(row.programs) == 20 for page in pages for row in page.rows if isinstance(row, DeviceSoftware))


@pytest.mark.parametrize("host", ["api.example.com", "API.example.com", "api.example.com:8443"])
def test_a_link_leads_to_the_agents_page_on_the_dashboard(host: str) -> None:
    link = TacticalFleet(World().http(base_url=f"https://{host}"), "i").remote_access("A" * 40)
    assert link.url == f"https://rmm.{host.partition('.')[2]}/agents/{'A' * 40}"
    assert link.expires_at is None


def test_without_knowing_where_the_dashboard_is_there_is_no_link(tactical: TacticalRmm) -> None:
    with pytest.raises(NotFound, match="dashboard"):
        tactical_fleet(tactical).remote_access("A" * 40)


@pytest.mark.parametrize(
    ("key", "error"), [(EXPIRED_KEY, Refused), (NO_ROLE_KEY, Forbidden)], ids=["expired", "without rights"]
)
def test_a_key_that_may_not_lists_nothing(tactical: TacticalRmm, key: str, error: type[VendorError]) -> None:
    with pytest.raises(error):
        listed(tactical_fleet(tactical, key), "agents")


# ---- Level


def test_levels_groups_come_with_their_paths(level: Level) -> None:
    found = list(level_fleet(level).organizations())

    top = next(each for each in found if each.name == "Acme Corp")
    below = next(each for each in found if each.path == "Acme Corp / Servers")
    assert (top.parent_id, below.parent_id) == (None, top.external_id)
    assert not any(each.is_place for each in found)


def test_levels_devices_come_a_hundred_at_a_time_with_all_that_they_include(level: Level) -> None:
    found = parts(level_fleet(level), "devices")

    assert len(found) == DEVICES
    assert asked(level) == ["GET /v2/devices"] * 3
    assert all(
        {"disks", "mac_addresses", "security_score", "cpu_model"} <= known(each.facts) for each in found.values()
    )
    assert {each.facts.asset_type for each in found.values()} == {AssetType.SERVER, AssetType.WORKSTATION}
    assert all(len(each.facts.mac_addresses) == 1 for each in found.values())
    assert all(each.facts.lan_addresses[0].startswith("10.") for each in found.values())
    for each in found.values():
        assert_sound(each)


def test_a_listing_of_levels_can_be_gone_on_with_anywhere(level: Level) -> None:
    fleet = level_fleet(level)
    whole = list(fleet.pages("devices", None))
    again = next(level_fleet(level).pages("devices", whole[0].after))

    assert not fleet.restarts("devices")
    assert again == whole[1]


def test_waiting_updates_add_up_to_what_a_single_device_says(level: Level) -> None:
    fleet = level_fleet(level)
    counted: dict[str, int] = {}
    for row in listed(fleet, "updates"):
        assert isinstance(row, DevicePart)
        assert row == DevicePart(row.external_id, Facts(patches_pending=row.facts.patches_pending))
        counted[row.external_id] = counted.get(row.external_id, 0) + (row.facts.patches_pending or 0)

    assert len(asked(level)) > 1
    for device in level.state.devices.after(None, 12):
        assert single(fleet, device.id).facts.patches_pending == counted.get(device.id, 0)
    assert 0 < len(counted) < DEVICES


def test_a_single_device_says_what_the_listing_says_and_its_updates(level: Level) -> None:
    fleet = level_fleet(level)
    for external_id, listed_part in list(parts(fleet, "devices").items())[:10]:
        alone = single(fleet, external_id)
        assert replace(alone.facts, patches_pending=None) == listed_part.facts
        assert (alone.seen, alone.organization_id) == (listed_part.seen, listed_part.organization_id)
        assert alone.facts.patches_pending is not None


def test_a_device_of_levels_that_is_gone_is_none(level: Level) -> None:
    gone = next(iter(level.state.devices)).id
    level.remove_device(gone)
    assert level_fleet(level).device(gone) is None


def test_a_key_that_may_not_see_updates_sees_the_device_all_the_same(level: Level) -> None:
    level.faults.add("status", status=403, path="/v2/updates", times=None)
    fleet, device = level_fleet(level), next(iter(level.state.devices)).id

    assert single(fleet, device).facts.patches_pending is None
    with pytest.raises(Forbidden):
        listed(fleet, "updates")
    assert [source.optional for source in fleet.patch_sources] == [True]


def test_a_link_leads_to_the_devices_page_in_level(level: Level) -> None:
    link = level_fleet(level).remote_access("Z2lk/Oi8=")
    assert (link.url, link.expires_at) == ("https://app.level.io/devices/Z2lk%2FOi8%3D", None)


def test_level_has_no_software(level: Level) -> None:
    assert level_fleet(level).software_sources == ()


def test_a_listing_that_goes_in_circles_is_no_listing(level: Level) -> None:
    fleet = level_fleet(level)
    level.faults.add("repeated_page", path="/v2/devices", times=None)

    after = next(fleet.pages("devices", None)).after
    with pytest.raises(BadReply, match="circles"):
        next(fleet.pages("devices", after))
    with pytest.raises(BadReply, match="circles"):
        listed(fleet, "devices")


def test_a_listing_that_never_ends_is_ended() -> None:
    numbers = iter(range(1000))
    endless = World(lambda asked: json({"data": [{"id": f"d{next(numbers)}"}], "has_more": True})(asked))
    fleet = LevelFleet(endless.http(limits=replace(Limits(endless.http().limits.rate), pages=20)), "i")
    with pytest.raises(BadReply, match="more than 20 pages"):
        list(fleet.pages("devices", None))


# ---- both


@pytest.fixture(params=["tactical", "level"])
def fleet_and_simulator(request: pytest.FixtureRequest) -> tuple[Fleet, Any, str]:
    """A fleet, its simulator, and its listing of devices."""
    simulator = request.getfixturevalue(request.param)
    if request.param == "tactical":
        return tactical_fleet(simulator), simulator, "agents"
    return level_fleet(simulator), simulator, "devices"


def test_a_fleet_that_only_reports_again_says_the_same_facts(fleet_and_simulator: tuple[Fleet, Any, str]) -> None:
    fleet, simulator, source = fleet_and_simulator
    before = parts(fleet, source)
    assert simulator.drift() == len(before)
    after = parts(fleet, source)

    assert {each: part.facts for each, part in after.items()} == {each: part.facts for each, part in before.items()}
    assert all(after[each].seen != before[each].seen for each in before)


def test_the_devices_come_from_one_source_and_the_listings_are_those_that_are_named(
    fleet_and_simulator: tuple[Fleet, Any, str],
) -> None:
    fleet, _, source = fleet_and_simulator
    assert [each.name for each in fleet.sources if each.is_devices] == [source]
    assert all(each in fleet.sources for each in fleet.patch_sources)
    with pytest.raises(ValueError, match="no listing"):
        list(fleet.pages("shoes", None))


def test_a_device_of_which_hardly_anything_is_known_is_listed_all_the_same(
    fleet_and_simulator: tuple[Fleet, Any, str],
) -> None:
    fleet, simulator, source = fleet_and_simulator
    first = next(iter(simulator.state.devices if source == "devices" else simulator.state.agents))
    external_id = first.id if source == "devices" else first.agent_id
    keep = {"id", "agent_id", "hostname", "client_name", "client"}
    row = simulator.rendering.device(first) if source == "devices" else simulator.rendering.agent_row(first)
    simulator.overlay_device(external_id, {name: None for name in row if name not in keep})

    found = parts(fleet, source)[external_id]

    assert found.facts.name == first.hostname
    assert found.facts.serial_number is None
    assert_sound(found)


def test_a_row_that_is_no_device_is_named_and_stops_no_other(fleet_and_simulator: tuple[Fleet, Any, str]) -> None:
    fleet, simulator, source = fleet_and_simulator
    first = next(iter(simulator.state.devices if source == "devices" else simulator.state.agents))
    member, device = ("id", first.id) if source == "devices" else ("agent_id", first.agent_id)
    simulator.overlay_device(device, {member: None})

    rows = listed(fleet, source)

    unreadable = [row for row in rows if isinstance(row, Unreadable)]
    assert [member in row.reason for row in unreadable] == [True]
    assert len(rows) == len(simulator.state.devices if source == "devices" else simulator.state.agents)


def test_an_answer_about_another_device_than_was_asked_for_is_none(
    fleet_and_simulator: tuple[Fleet, Any, str],
) -> None:
    fleet, simulator, source = fleet_and_simulator
    member = "id" if source == "devices" else "agent_id"
    one, other = [
        getattr(each, member) for each in (simulator.state.devices if source == "devices" else simulator.state.agents)
    ][:2]
    simulator.overlay_device(one, {member: other})

    with pytest.raises(BadReply, match="it is another"):
        fleet.device(one)


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("html", {}, WrongAddress),
        ("empty_body", {}, BadReply),
        ("truncated", {}, BadReply),
        ("status", {"status": 500}, ServerFailed),
        ("expired_token", {}, Refused),
    ],
)
def test_a_listing_that_fails_in_its_middle_is_none(
    fleet_and_simulator: tuple[Fleet, Any, str], kind: str, options: dict[str, Any], error: type[VendorError]
) -> None:
    fleet, simulator, source = fleet_and_simulator
    simulator.faults.add(kind, path=f"/{source}/?$", after=1 if source == "devices" else 0, times=None, **options)
    with pytest.raises(error):
        listed(fleet, source)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("status", {"status": 429, "retry_after": 0}), ("status", {"status": 502}), ("reset", {}), ("cut_off", {})],
)
def test_a_fault_that_passes_is_not_noticed(
    fleet_and_simulator: tuple[Fleet, Any, str], kind: str, options: dict[str, Any]
) -> None:
    fleet, simulator, source = fleet_and_simulator
    before = parts(fleet, source)
    simulator.faults.add(kind, path=f"/{source}/?$", **options)
    assert parts(fleet, source) == before
