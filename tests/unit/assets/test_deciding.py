"""What a sync makes of one fleet page."""

from dataclasses import replace

import pytest

from tandem.alerts.models import DeviceRecord
from tandem.assets.deciding import decide_page
from tandem.assets.drafts import Drafts
from tandem.assets.editing import edit
from tandem.assets.identity import asset_id_of
from tandem.assets.models import AgentStatus, Facts, FieldChange, Presence, Seen
from tandem.assets.order import FIRST
from tandem.assets.pages import Arrived, DevicePlace, Failure, Known, Listing, PageDecision, Scope
from tandem.assets.placing import OrganizationNode
from tandem.assets.planning import plan_page
from tandem.assets.shown import shown
from tests.unit.assets.world import ACME, INTEGRATION, RETIRE_AFTER, World, at, device

SERIAL = "5CG1234ABC"


def only(decisions: list[PageDecision]) -> PageDecision:
    (decision,) = decisions
    return decision


def test_a_new_device_becomes_an_asset_of_its_organizations_client() -> None:
    world = World()
    decision = only(world.sync(device("1", serial_number=SERIAL)))
    asset = world.asset_of("1")
    assert asset.asset_id == asset_id_of(INTEGRATION, "1")
    assert (asset.created_at, asset.version) == (world.now, 1)
    assert (world.link("1").client_id, world.link("1").linked_by) == ("acme", "device")
    assert (decision.counts.listed, decision.counts.created) == (1, 1)
    (write,) = decision.writes
    assert write.devices == (DevicePlace(INTEGRATION, "1", "PC-1", "1", "acme", facts={"Serial number": SERIAL}),)
    assert [key.value for key in write.claims] == [SERIAL]
    assert [(each.what, each.by) for each in write.history] == [("created", "run:r1")]
    assert "pc1" in write.words_added


def test_of_a_device_that_only_moved_its_last_seen_nothing_is_read_or_written_but_the_page() -> None:
    world = World()
    world.sync(device("1"))
    moved = replace(device("1"), seen=Seen(last_seen_at=at(5), last_user="ada"))
    plan = plan_page(world.page(FIRST), Listing(Scope.FLEET, at(5), "r2", (moved,)), world.placements)
    assert (plan.new_devices, plan.asset_ids, plan.match_keys) == (frozenset(), frozenset(), frozenset())
    decision = decide_page(plan, Known(), at(5), RETIRE_AFTER)
    assert decision.writes == ()
    assert decision.counts.unchanged == 1
    assert decision.page.entries["1"].seen.last_user == "ada"


def test_a_changed_device_changes_its_asset_and_says_so_in_its_history() -> None:
    world = World()
    world.sync(device("1", ram_gib=8.0, serial_number=SERIAL))
    decision = only(world.sync(device("1", ram_gib=16.0)))
    assert decision.counts.updated == 1
    assert world.link("1").facts.ram_gib == 16.0
    assert world.link("1").facts.serial_number == SERIAL, "what is not said any more stays"
    assert world.history[-1].changes == (FieldChange("ram_gib", 8.0, 16.0),)


def test_going_offline_writes_the_asset_without_history() -> None:
    world = World()
    world.sync(device("1"))
    decision = only(world.sync(device("1", agent_status=AgentStatus.OFFLINE)))
    assert [write.history for write in decision.writes] == [()]
    assert shown(world.asset_of("1")).facts.agent_status is AgentStatus.OFFLINE


def test_a_listing_that_says_less_is_read_once_and_writes_nothing() -> None:
    world = World()
    world.sync(device("1", model="X1"))
    first, second = only(world.sync(device("1"))), only(world.sync(device("1")))
    assert (first.writes, second.writes) == ((), ())
    assert first.counts.unchanged == second.counts.unchanged == 1


@pytest.mark.parametrize(
    ("organization", "reason"),
    [
        (None, "no_organization"),
        ("9", "organization_not_known"),
        ("3", "organization_not_mapped"),
        ("4", "auto_sync_off"),
    ],
)
def test_a_device_without_a_client_is_skipped_with_its_reason_in_every_run(
    organization: str | None, reason: str
) -> None:
    world = World([ACME, OrganizationNode("3"), OrganizationNode("4", client_id="acme", auto_sync=False)])
    for _ in range(2):
        decision = only(world.sync(device("1", organization)))
        assert (decision.writes, decision.counts.skipped, decision.counts.listed) == ((), {reason: 1}, 1)
    assert world.entry("1").asset_id is None


def test_a_device_that_was_not_let_in_is_skipped() -> None:
    world = World()
    decision = only(world.sync(replace(device("1"), approval="pending"), replace(device("2"), approval="approved")))
    assert decision.counts.skipped == {"not_approved": 1}
    assert decision.counts.created == 1


def test_organizations_that_nobody_knows_are_named() -> None:
    world = World()
    decision = only(
        world.sync(replace(device("1", "9"), organization_name="Initech"), device("2", "9"), device("3", "8"))
    )
    assert decision.unknown_organizations == {"9": "Initech", "8": None}


def test_a_skipped_device_becomes_an_asset_when_its_organization_is_mapped() -> None:
    world = World([OrganizationNode("1")])
    world.sync(device("1"))
    world.organizations = [ACME]
    assert only(world.sync(device("1"))).counts.created == 1
    assert world.link("1").client_id == "acme"


def test_an_asset_goes_on_being_updated_when_its_organization_is_not_mapped_any_more() -> None:
    world = World()
    world.sync(device("1"))
    world.organizations = [OrganizationNode("1")]
    decision = only(world.sync(device("1", model="X2")))
    assert (decision.counts.updated, decision.counts.skipped) == (1, {})
    assert (world.link("1").facts.model, world.link("1").client_id) == ("X2", "acme")


def test_a_device_that_moves_organization_moves_client() -> None:
    world = World()
    world.sync(device("1", "1"))
    world.sync(device("1", "2"))
    assert shown(world.asset_of("1")).client_id == "globex"
    assert len(world.assets) == 1
    assert set(world.history[-1].changes) == {
        FieldChange("client_id", "acme", "globex"),
        FieldChange("organization_id", "1", "2"),
    }
    assert world.records["1"].organization_id == "2"


def test_a_device_that_moves_to_an_organization_of_nobody_is_nobodys() -> None:
    world = World()
    world.sync(device("1", "1"))
    world.sync(device("1", "9"))
    assert shown(world.asset_of("1")).client_id is None


def test_a_client_that_a_person_chose_stays_when_the_device_moves() -> None:
    world = World()
    world.sync(device("1", "1"))
    world.write(edit(world.asset_of("1"), {"client_id": "initech"}, "user:ada", at(1)))
    world.sync(device("1", "2"))
    assert shown(world.asset_of("1")).client_id == "initech"
    assert world.link("1").client_id == "globex"


def test_a_device_whose_listing_lacks_its_organization_for_once_stays_where_it_is() -> None:
    world = World()
    world.sync(device("1", "1"))
    assert only(world.sync(device("1", None))).counts.unchanged == 1
    assert world.link("1").client_id == "acme"


def test_a_device_that_alerts_knew_before_gets_its_alerts_their_asset() -> None:
    world = World()
    world.records["1"] = DeviceRecord(INTEGRATION, "1", "PC-1", "1")
    decision = only(world.sync(device("1"), device("2")))
    assert decision.arrived == (Arrived("1", asset_id_of(INTEGRATION, "1"), "acme"),)
    assert only(world.sync(device("1"), device("2"))).arrived == ()


# The same machine twice


def test_a_machine_that_was_enrolled_anew_keeps_its_asset() -> None:
    world = World()
    world.sync(device("1", serial_number=SERIAL))
    for _ in range(3):
        world.sync(device("9"))
    decision = only(world.sync(device("9"), device("2", serial_number=SERIAL, model="X2")))
    assert decision.counts.linked == 1
    assert world.asset_of("2") == world.asset_of("1")
    assert world.link("2").linked_by == "serial_number"
    assert shown(world.asset_of("1")).presence is Presence.LISTED
    assert shown(world.asset_of("1")).facts.model == "X2"
    assert world.told("1") == ["created", "missing", "linked", "changed"]


def test_a_machine_that_two_rmms_manage_is_one_asset() -> None:
    one = World()
    one.sync(device("1", serial_number=SERIAL, model="A"))
    other = World(integration_id="i2", assets=one.assets, owners=one.owners, words=one.words)
    other.sync(device("x", serial_number=SERIAL, model="B", cpu_cores=8))
    (asset,) = one.assets.values()
    assert [each.integration_id for each in asset.devices] == [INTEGRATION, "i2"]
    assert (shown(asset).facts.model, shown(asset).facts.cpu_cores) == ("A", 8)
    other.sync(device("x", serial_number=SERIAL, model="C", cpu_cores=8))
    (asset,) = one.assets.values()
    assert (asset.devices[1].facts.model, shown(asset).facts.model) == ("C", "A")


def test_two_new_devices_of_one_page_are_one_machine_too() -> None:
    world = World()
    twin = device("2", serial_number=SERIAL, hostname="pc-1")
    decision = only(world.sync(device("1", serial_number=SERIAL), twin))
    assert (decision.counts.created, decision.counts.linked, len(decision.writes)) == (1, 1, 1)
    assert world.told("1") == ["created", "linked"]
    assert only(world.sync(device("1", serial_number=SERIAL), twin)).counts.unchanged == 2


def test_a_serial_number_at_two_clients_makes_two_assets_and_a_note() -> None:
    world = World()
    world.sync(device("1", "1", serial_number=SERIAL), device("2", "2", serial_number=SERIAL))
    assert len(world.assets) == 2
    assert [each.asset_id for each in world.asset_of("2").maybe_same] == [world.asset_of("1").asset_id]
    assert world.owners[next(iter(world.owners))] == world.asset_of("1").asset_id


def test_a_new_mainboard_gives_the_old_serial_number_free() -> None:
    world = World()
    world.sync(device("1", serial_number=SERIAL))
    world.sync(device("1", serial_number="PF2XK99"))
    assert [key.value for key in world.owners] == ["PF2XK99"]


# Absence


def test_three_complete_listings_without_a_device_make_it_missing() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    for _ in range(2):
        assert only(world.sync(device("2"))).counts.missing == 0
    first_without = at(2)
    assert only(world.sync(device("2"))).counts.missing == 1
    assert (world.link("1").presence, world.link("1").missing_since) == (Presence.MISSING, first_without)
    assert world.told("1") == ["created", "missing"]
    assert only(world.sync(device("2"))).writes == ()


def test_a_device_that_is_listed_in_between_is_counted_from_the_beginning() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    for _ in range(3):
        world.sync(device("2"))
        world.sync(device("2"))
        world.sync(device("1"), device("2"))
    assert world.told("1") == ["created"]


def test_a_device_that_returns_is_listed_again() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    for _ in range(3):
        world.sync(device("2"))
    decision = only(world.sync(device("1"), device("2")))
    assert decision.counts.returned == 1
    assert (world.link("1").presence, world.link("1").missing_since) == (Presence.LISTED, None)
    assert world.told("1") == ["created", "missing", "returned"]
    assert len(world.assets) == 2


def test_a_row_that_cannot_be_read_is_a_failure_but_not_an_absence() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    for _ in range(4):
        decision = only(world.sync(device("2"), unreadable=[Failure("1", "name: not a text")]))
        assert decision.failures == (Failure("1", "name: not a text"),)
        assert (decision.counts.failed, decision.counts.unchanged, decision.counts.listed) == (1, 1, 2)
    assert world.link("1").presence is Presence.LISTED


def test_a_missing_device_whose_row_cannot_be_read_is_there_again() -> None:
    world = World()
    world.sync(device("1", model="X1"), device("2"))
    for _ in range(3):
        world.sync(device("2"))
    decision = only(world.sync(device("2"), unreadable=[Failure("1", "bad")]))
    assert (decision.counts.returned, decision.counts.failed) == (1, 1)
    assert (world.link("1").presence, world.link("1").facts.model) == (Presence.LISTED, "X1")
    assert only(world.sync(device("1", model="X1"), device("2"))).counts.unchanged == 2


def test_a_row_without_an_id_is_a_failure_of_nobody() -> None:
    world = World()
    decision = only(world.sync(device("1"), unreadable=[Failure(None, "no id")]))
    assert (decision.counts.failed, decision.counts.created) == (1, 1)


def test_a_skipped_device_that_is_gone_for_long_is_forgotten() -> None:
    world = World()
    world.sync(device("1", "9"), device("2"))
    for _ in range(3):
        world.sync(device("2"))
    assert set(world.page(FIRST).entries) == {"2"}


def test_an_asset_that_a_person_retired_stays_so_while_the_rmm_lists_the_device() -> None:
    world = World()
    world.sync(device("1"))
    asset = world.asset_of("1")
    retired = tuple(replace(each, presence=Presence.RETIRED) for each in asset.devices)
    world.assets[asset.asset_id] = replace(asset, devices=retired)
    assert only(world.sync(device("1", model="X2"))).counts.updated == 1
    assert world.link("1").presence is Presence.RETIRED


# One device


def test_one_device_asked_for_alone_is_decided_as_in_a_sync_and_the_others_stay() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    before = world.page(FIRST)
    decision = world.refresh(device("1", model="X2"))
    assert world.link("1").facts.model == "X2"
    assert decision.page.entries["2"] == before.entries["2"]
    assert decision.page.run_id == before.run_id
    assert world.history[-1].by == "system"
    assert world.refresh(device("3")).counts.created == 1
    assert only(world.sync(device("1", model="X2"), device("2"), device("3"))).counts.unchanged == 3


def test_one_device_that_the_rmm_does_not_find_is_nothing_but_one_that_it_deleted_is_missing_at_once() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    assert world.gone("1", was_deleted=False).writes == ()
    assert world.entry("1").absent == 0
    world.gone("1", was_deleted=True)
    assert (world.link("1").presence, world.link("1").missing_since) == (Presence.MISSING, world.now)
    assert world.gone("1", was_deleted=True).writes == ()
    assert world.gone("unknown", was_deleted=True).writes == ()
    assert only(world.sync(device("1"), device("2"))).counts.returned == 1


# Patches


def test_a_run_of_patches_changes_the_patches_and_nothing_else() -> None:
    world = World()
    world.sync(device("1", patches_pending=5), device("2"))
    decision = world.patches(device("1", None, name="other", patches_pending=3))
    assert (world.link("1").facts.patches_pending, world.link("1").facts.name) == (3, "PC-1")
    assert (decision.counts.updated, decision.page.entries["2"].absent) == (1, 0)
    assert world.patches(device("1", None, patches_pending=3)).writes == ()


def test_a_sync_after_a_run_of_patches_sees_that_the_patches_changed_back() -> None:
    world = World()
    world.sync(device("1", patches_pending=5))
    world.patches(device("1", None, patches_pending=3))
    world.sync(device("1", patches_pending=5))
    assert world.link("1").facts.patches_pending == 5


def test_a_sync_that_says_nothing_of_patches_leaves_them() -> None:
    world = World()
    world.sync(device("1", patches_pending=5))
    assert only(world.sync(device("1"))).counts.unchanged == 1
    assert world.patches(device("1", None, patches_pending=5)).counts.unchanged == 1


def test_patches_of_a_device_without_an_asset_make_none() -> None:
    world = World()
    decision = world.patches(device("1", patches_pending=5))
    assert (decision.counts.skipped, decision.page.entries, decision.writes) == ({"no_asset": 1}, {}, ())


# Failures and repetition


@pytest.mark.parametrize(
    "bad",
    [
        {"tags": ("x" * 200_000,)},
        {"model": "\ud800"},
        {"last_patch_scan_at": at(0).replace(tzinfo=None)},
    ],
)
def test_one_bad_device_is_named_and_stops_nobody(bad: dict[str, object]) -> None:
    world = World()
    world.sync(device("2", model="X1"))
    decision = only(world.sync(device("1"), device("2", "1", **bad), device("3")))
    assert [each.external_id for each in decision.failures] == ["2"]
    assert (decision.counts.created, decision.counts.failed, decision.counts.listed) == (2, 1, 3)
    assert world.link("2").facts.model == "X1"
    assert only(world.sync(device("1"), device("2", model="X3"), device("3"))).counts.updated == 1


def test_a_fault_of_our_own_in_one_device_stops_nobody_and_it_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.sync(device("1"), device("2"))
    put = Drafts.put

    def broken(self: Drafts, asset: object, *rest: object, **named: object) -> None:
        if shown(asset).facts.name == "PC-1":  # type: ignore[arg-type]
            raise RuntimeError("broken")
        put(self, asset, *rest, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Drafts, "put", broken)
        decision = only(world.sync(device("1", model="X2"), device("2", model="X2")))
    assert decision.failures == (Failure("1", "RuntimeError: broken"),)
    assert (decision.counts.failed, decision.counts.updated) == (1, 1)
    assert only(world.sync(device("1", model="X2"), device("2", model="X2"))).counts.updated == 1


def test_the_same_page_decided_again_over_its_result_writes_nothing() -> None:
    world = World()
    world.sync(device("1"), device("2"), device("3"))
    devices = (device("1", model="X2"), device("4", serial_number=SERIAL), device("5", "9"))
    for _ in range(3):
        world.sync(*devices)
    page = world.page(FIRST)
    again = world.decide(plan_page(page, Listing(Scope.FLEET, world.now, world.run_id, devices), world.placements))
    assert again.writes == ()
    assert replace(again.page, version=page.version) == page


def test_a_page_whose_assets_were_written_before_it_was_killed_ends_the_same_and_counts_what_it_created() -> None:
    world, undisturbed = World(), World()
    devices = (device("1", serial_number=SERIAL), device("2", serial_number=SERIAL), device("3"))
    world.sync(*devices, pages=0)
    assert world.pages == {}
    decision = only(world.resume(*devices))
    assert (decision.writes, decision.counts) == ((), only(undisturbed.sync(*devices)).counts)
    assert world.assets.keys() == undisturbed.assets.keys()


def test_a_page_that_was_killed_counts_what_it_updated_and_not_what_only_looks_changed() -> None:
    world, undisturbed = World(), World()
    for each in (world, undisturbed):
        each.sync(device("1"), device("2", model="X1"), device("3"))
    changed = (device("1", model="X2", patches_pending=3), device("2"), device("3", patches_pending=1))
    world.sync(*changed, pages=0)
    counts = only(world.resume(*changed)).counts
    assert counts == only(undisturbed.sync(*changed)).counts
    assert (counts.updated, counts.unchanged) == (2, 1)


def test_a_page_that_was_killed_counts_what_returned() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    for _ in range(3):
        world.sync(device("2"))
    world.sync(device("1"), device("2"), pages=0)
    counts = only(world.resume(device("1"), device("2"))).counts
    assert (counts.returned, counts.updated, counts.unchanged) == (1, 1, 1)


def test_a_device_that_a_killed_run_called_missing_is_listed_again_by_the_next() -> None:
    world = World()
    world.sync(device("1"), device("2"))
    world.sync(device("2"))
    world.sync(device("2"))
    world.sync(device("2"), pages=0)
    assert world.link("1").presence is Presence.MISSING
    world.sync(device("1"), device("2"))
    assert world.link("1").presence is Presence.LISTED


def test_facts_that_nothing_says_do_not_count_as_a_change() -> None:
    world = World()
    world.sync(device("1", tags=()))
    assert world.entry("1").fingerprint
    plan = plan_page(
        world.page(FIRST), Listing(Scope.FLEET, at(1), "r9", (device("1", tags=(), model="  "),)), world.placements
    )
    assert plan.work == ()
    assert Facts() == Facts(tags=())
