"""Random fleets and what happens to them: after each complete sync the assets are the fleet, and what persons wrote is
untouched."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tandem.assets import order
from tandem.assets.editing import edit, give_back
from tandem.assets.merging import FACTS, is_empty
from tandem.assets.models import AgentStatus, Device, Facts, Presence, Seen
from tandem.assets.order import page_beginning
from tandem.assets.pages import Failure, Listing, Scope
from tandem.assets.placing import OrganizationNode
from tandem.assets.planning import plan_page
from tandem.assets.shown import shown
from tandem.assets.writing import asset_words
from tests.unit.assets.strategies import FACTS as ANY_FACTS
from tests.unit.assets.strategies import devices
from tests.unit.assets.world import World, at

IDS = st.sampled_from([str(number) for number in range(9)] + ["agent-a", "agent-b"])
ORGANIZATIONS = st.sampled_from(["1", "2", "unmapped"])
CLIENTS = {"1": "acme", "2": "globex", "unmapped": None}


class Fleet(RuleBasedStateMachine):
    """An RMM whose fleet changes between syncs. Serial numbers and addresses are each device's own here, so each has
    its own asset."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World([OrganizationNode(place, client_id=client) for place, client in CLIENTS.items()])
        self.fleet: dict[str, Device] = {}
        self.edits: dict[str, dict[str, str]] = {}
        self.said: dict[str, Facts] = {}
        self.is_synced = True

    # What happens in the RMM

    @rule(external_id=IDS, organization_id=ORGANIZATIONS, facts=ANY_FACTS)
    def is_enrolled_or_changes(self, external_id: str, organization_id: str, facts: Facts) -> None:
        own = replace(facts, serial_number=None, mac_addresses=())
        self.fleet[external_id] = Device(external_id, organization_id, facts=own)
        self.is_synced = False

    @rule(external_id=IDS)
    def disappears(self, external_id: str) -> None:
        self.fleet.pop(external_id, None)
        self.is_synced = False

    @rule(minutes=st.integers(1, 99))
    def goes_on(self, minutes: int) -> None:
        seen = Seen(last_seen_at=at(minutes))
        self.fleet = {each: replace(device, seen=seen) for each, device in self.fleet.items()}

    # What persons do

    @precondition(lambda self: self.world.assets)
    @rule(data=st.data(), field=st.sampled_from(["name", "location", "client_id"]), word=st.sampled_from("abc"))
    def is_edited(self, data: st.DataObject, field: str, word: str) -> None:
        asset_id = data.draw(st.sampled_from(sorted(self.world.assets)))
        self.world.write(edit(self.world.assets[asset_id], {field: word}, "user:ada", self.world.now))
        self.edits.setdefault(asset_id, {})[field] = word

    @precondition(lambda self: self.edits)
    @rule(data=st.data())
    def is_given_back(self, data: st.DataObject) -> None:
        asset_id = data.draw(st.sampled_from(sorted(self.edits)))
        fields = self.edits.pop(asset_id)
        self.world.write(give_back(self.world.assets[asset_id], list(fields), "user:ada", self.world.now))

    # Syncs

    @rule()
    def is_synced_whole(self) -> None:
        self.world.sync(*self.fleet.values())
        self._was_listed(self.fleet.values())
        self.is_synced = True

    @rule(pages=st.integers(0, 2))
    def is_synced_but_killed_and_resumed(self, pages: int) -> None:
        self.world.sync(*self.fleet.values(), pages=pages)
        self.world.resume(*self.fleet.values())
        self._was_listed(self.fleet.values())
        self.is_synced = True

    @precondition(lambda self: self.fleet)
    @rule(data=st.data())
    def has_one_row_that_cannot_be_read(self, data: st.DataObject) -> None:
        bad = data.draw(st.sampled_from(sorted(self.fleet)))
        rest = [device for device in self.fleet.values() if device.external_id != bad]
        self.world.sync(*rest, unreadable=[Failure(bad, "bad")])
        self._was_listed(rest)
        self.is_synced = False

    @precondition(lambda self: self.fleet)
    @rule(data=st.data())
    def one_is_asked_for_alone(self, data: st.DataObject) -> None:
        one = self.fleet[data.draw(st.sampled_from(sorted(self.fleet)))]
        self.world.refresh(one)
        self._was_listed([one])

    @rule()
    def long_after_is_retired(self) -> None:
        decisions = self.world.sync(*self.fleet.values())
        self._was_listed(self.fleet.values())
        self.world.now = self.world.now.replace(year=self.world.now.year + 1)
        self.world.retire(decisions, is_confirmed=True)
        self.is_synced = True

    def _was_listed(self, listed: Iterable[Device]) -> None:
        for device in listed:
            if self.world.entry(device.external_id).asset_id is None:
                continue  # what is said of a device that is skipped is nowhere kept
            known = self.said.get(device.external_id, Facts())
            said = {name: value for name in FACTS if not is_empty(value := getattr(device.facts, name))}
            self.said[device.external_id] = replace(known, **said)

    # What holds

    @invariant()
    def every_device_stands_on_its_page_once(self) -> None:
        for beginning, page in self.world.pages.items():
            for external_id in page.entries:
                assert page_beginning(self.world.directory, external_id) == beginning

    @invariant()
    def assets_are_the_fleet_after_a_sync(self) -> None:
        if not self.is_synced:
            return
        for external_id, device in self.fleet.items():
            entry = self.world.entry(external_id)
            assert entry.absent == 0
            if entry.asset_id is None:
                assert device.organization_id == "unmapped"
                continue
            link = self.world.link(external_id)
            assert link.presence is Presence.LISTED
            assert link.organization_id == device.organization_id
            assert link.client_id == CLIENTS[device.organization_id or ""]
            for name in FACTS:
                said = getattr(device.facts, name)
                assert is_empty(said) or getattr(link.facts, name) == said
        listed = {
            device.external_id
            for asset in self.world.assets.values()
            for device in asset.devices
            if device.presence is Presence.LISTED and self.world.entry(device.external_id).absent == 0
        }
        assert listed <= self.fleet.keys()

    @invariant()
    def nothing_that_was_said_is_forgotten(self) -> None:
        for asset in self.world.assets.values():
            for device in asset.devices:
                for name, value in ((name, getattr(device.facts, name)) for name in FACTS):
                    assert not is_empty(value) or is_empty(getattr(self.said[device.external_id], name))

    @invariant()
    def what_persons_wrote_is_shown(self) -> None:
        for asset_id, edits in self.edits.items():
            view = shown(self.world.assets[asset_id])
            for name, value in edits.items():
                assert (view.client_id if name == "client_id" else getattr(view.facts, name)) == value

    @invariant()
    def the_words_are_those_of_the_assets(self) -> None:
        assert self.world.words == {each.asset_id: asset_words(each) for each in self.world.assets.values()}

    @invariant()
    def every_device_has_one_asset(self) -> None:
        devices = [(each.integration_id, each.external_id) for a in self.world.assets.values() for each in a.devices]
        assert len(devices) == len(set(devices))


class SmallPages(Fleet):
    """The same on pages so small that they split all the time."""

    def __init__(self) -> None:
        super().__init__()
        self._page, self._limit = order.PAGE, order.SPLIT_ABOVE
        order.PAGE, order.SPLIT_ABOVE = 2, 4

    def teardown(self) -> None:
        order.PAGE, order.SPLIT_ABOVE = self._page, self._limit


_SETTINGS = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestFleet = Fleet.TestCase
TestFleet.settings = _SETTINGS
TestSmallPages = SmallPages.TestCase
TestSmallPages.settings = _SETTINGS


@settings(max_examples=40)
@given(st.lists(devices(IDS, ORGANIZATIONS), max_size=8, unique_by=lambda each: each.external_id), st.data())
def test_deciding_twice_changes_nothing_whatever_machines_are_alike(listed: list[Device], data: st.DataObject) -> None:
    world = World([OrganizationNode(place, client_id=client) for place, client in CLIENTS.items()])
    for _ in range(data.draw(st.integers(1, 2))):
        world.sync(*(data.draw(st.permutations(listed))))
    for begins, page in world.pages.items():
        listing = Listing(Scope.FLEET, world.now, world.run_id, tuple(listed))
        again = world.decide(plan_page(page, listing, world.placements))
        assert again.writes == ()
        assert replace(again.page, version=page.version) == page
        assert page.begins == begins
    assert {each.agent_status for each in (shown(a).facts for a in world.assets.values())} <= {*AgentStatus, None}
