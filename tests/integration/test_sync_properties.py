"""Random fleets and changes, synced by the real steps on a real table and bucket, with messages that come twice and in
any order, functions that die, and an RMM that fails: after each sync that succeeds the assets are the fleet, after any
other nothing is lost by it, and what persons wrote is always there."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tandem.alerts.models import Provider
from tandem.assets.disappearing import ABSENT_UNTIL_MISSING
from tandem.assets.editing import edit
from tandem.assets.identity import asset_id_of
from tandem.assets.models import AgentStatus, Asset, Facts, Presence, Seen
from tandem.assets.shown import shown
from tandem.connections.errors import BadReply, ServerFailed, VendorError
from tandem.connections.fleet import DevicePart, Fleet, OrganizationListed, PartPage, Source
from tandem.connections.limits import Deadline
from tandem.store.configuration.records import Integration
from tests.emulator import EmulatedAws, create_table
from tests.integration.kills import Sandbox
from tests.integration.syncing import INTEGRATION, SyncedTenant

pytestmark = pytest.mark.emulator

IDS = st.sampled_from(["1", "2", "3", "007", "7", "a", "b", "ä"])
ORGANIZATIONS = {"o1": "c1", "o2": "c2", "o3": None}
PAGE = 2

FLEET, EXTRA = Source("fleet", is_devices=True), Source("extra", optional=True)


class MemoryFleet:
    """An RMM in memory: the port of fleets, no more. `broken`: what it raises instead of so many of its next pages."""

    sources = (EXTRA, FLEET)
    patch_sources: tuple[Source, ...] = ()
    software_sources: tuple[Source, ...] = ()

    def __init__(self) -> None:
        self.devices: dict[str, DevicePart] = {}
        self.broken: list[VendorError | None] = []
        self.does_restart = False

    def organizations(self) -> Iterator[OrganizationListed]:
        return (OrganizationListed(each, each) for each in ORGANIZATIONS)

    def pages(self, source: str, after: str | None) -> Iterator[PartPage]:
        ids = sorted(each for each in self.devices if after is None or self.does_restart or each > after)
        for start in range(0, max(1, len(ids)), PAGE):
            problem = self.broken.pop(0) if self.broken else None
            if problem is not None:
                raise problem
            rows = [self.devices[each] for each in ids[start : start + PAGE]]
            if source == EXTRA.name:
                rows = [DevicePart(each.external_id, Facts(flag="seen", name="worse")) for each in rows]
                rows.append(DevicePart("no device", Facts(flag="seen")))
            yield PartPage(tuple(rows), ids[start + PAGE - 1] if start + PAGE < len(ids) else None)

    def restarts(self, source: str) -> bool:
        return self.does_restart


class Tenant(SyncedTenant):
    """One whose RMM is in memory."""

    fleet: MemoryFleet

    def connect(self, **values: Any) -> None:
        self.fleet = MemoryFleet()
        self.integrations.put(Integration(INTEGRATION, Provider.LEVELIO, "The RMM", "connected", self.now))

    def open_fleet(self, _integration: Integration, _deadline: Deadline) -> Fleet:
        return self.fleet  # type: ignore[return-value]  # what no sync of devices asks for is not there


class Syncs(RuleBasedStateMachine):
    """What happens to one tenant. Serial numbers and addresses are left out, so each device has its own asset."""

    aws: EmulatedAws
    bucket: str

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox()
        bare, dynamodb, s3 = self.aws.client("dynamodb"), self.aws.client("dynamodb"), self.aws.client("s3")
        table = create_table(bare, f"syncs-{uuid.uuid4().hex}")
        for each in (dynamodb, s3):
            self.sandbox.attach(each.meta.events)
        self.tenant = Tenant(dynamodb, s3, table=table, bucket=self.bucket)
        self.edits: dict[str, str] = {}
        self.absent: dict[str, int] = {}
        for organization, client in ORGANIZATIONS.items():
            self.tenant.map(organization, client)

    @initialize(ids=st.sets(IDS, min_size=1), restarts=st.booleans())
    def begins(self, ids: set[str], restarts: bool) -> None:
        self.tenant.fleet.does_restart = restarts
        for external_id in ids:
            self.is_enrolled_or_changes(external_id, "o1", "first", AgentStatus.ONLINE)

    @rule(
        external_id=IDS,
        organization=st.sampled_from(sorted(ORGANIZATIONS)),
        name=st.sampled_from(["first", "second"]),
        status=st.sampled_from(AgentStatus),
    )
    def is_enrolled_or_changes(self, external_id: str, organization: str, name: str, status: AgentStatus) -> None:
        facts = Facts(name=name, agent_status=status)
        self.tenant.fleet.devices[external_id] = DevicePart(
            external_id, facts, Seen(last_seen_at=self.tenant.now), organization
        )

    @rule(external_id=IDS)
    def disappears(self, external_id: str) -> None:
        if len(self.tenant.fleet.devices) > 1:
            self.tenant.fleet.devices.pop(external_id, None)

    @rule(external_id=IDS, location=st.sampled_from(["Berlin", "Paris"]))
    def is_edited(self, external_id: str, location: str) -> None:
        asset = self.tenant.assets.asset(asset_id_of(INTEGRATION, external_id))
        if asset is None:
            return
        write = edit(asset, {"location": location}, "user:1", self.tenant.now)
        if write is not None:
            self.tenant.assets.write(write, self.tenant.now)
        self.edits[external_id] = location

    @rule(
        dice=st.randoms(use_true_random=False),
        deaths=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3),
        faults=st.lists(st.sampled_from([None, ServerFailed("failed"), BadReply("cut")]), max_size=4),
    )
    def is_synced(self, dice: random.Random, deaths: list[tuple[int, int]], faults: list[VendorError | None]) -> None:
        self.tenant.fleet.broken = list(faults)
        run = self.tenant.begin()
        assert run is not None
        for deliveries, call in deaths:
            for _ in range(deliveries):
                if self.tenant.queue.waiting:
                    self.tenant.deliver(dice.randrange(len(self.tenant.queue.waiting)))
            self._die(call)
        self.tenant.drain(dice)
        ended = self.tenant.run(run)
        assert (ended.state, ended.error, ended.warnings) == ("succeeded", None, ())
        assert ended.listed == len(self.tenant.fleet.devices)
        self._is_the_fleet()

    def _die(self, call: int) -> None:
        """A function dies of its message, if it makes so many calls; the message comes again."""
        if not self.tenant.queue.waiting:
            return
        body, received = self.tenant.queue.waiting[0]
        try:
            self.sandbox.kill(self._deliver, call, "before")
        except AssertionError:
            return
        self.tenant.queue.waiting.append((body, received + 1))

    def _deliver(self) -> None:
        self.tenant.deliver()

    @rule()
    def is_synced_in_vain(self) -> None:
        before = self.tenant.listed()
        self.tenant.fleet.broken = [None, *[ServerFailed("failed") for _ in range(50)]]
        if len(self.tenant.fleet.devices) <= PAGE:
            self.tenant.fleet.broken[0] = ServerFailed("failed")

        run = self.tenant.sync()

        self.tenant.fleet.broken = []
        assert run.state == "failed"
        assert self.tenant.listed() == before

    @rule(dice=st.randoms(use_true_random=False), steps=st.integers(0, 9))
    def is_cancelled(self, dice: random.Random, steps: int) -> None:
        run = self.tenant.begin()
        assert run is not None
        for _ in range(steps):
            if self.tenant.queue.waiting:
                self.tenant.deliver()
        if self.tenant.run(run).has_ended:
            self._is_the_fleet()
            return
        has_applied = self.tenant.run(run).pages_done > 0
        self.tenant.runs.request_cancel(run)
        self.tenant.drain(dice)
        assert self.tenant.run(run).state == "cancelled"
        if has_applied:
            self._is_the_fleet()  # all of this fleet is on one page

    @invariant()
    def what_persons_wrote_is_shown(self) -> None:
        assets = self.tenant.listed()
        for external_id, location in self.edits.items():
            assert shown(assets[external_id]).facts.location == location

    @invariant()
    def nobody_has_the_lease(self) -> None:
        assert self.tenant.runs.state(INTEGRATION).lease_run_id is None

    def _is_the_fleet(self) -> None:
        assets: dict[str, Asset] = self.tenant.listed()
        listed = self.tenant.fleet.devices
        for external_id in assets.keys() - listed.keys():
            self.absent[external_id] = self.absent.get(external_id, 0) + 1
        for external_id in listed:
            self.absent.pop(external_id, None)
        for external_id, asset in assets.items():
            is_missing = self.absent.get(external_id, 0) >= ABSENT_UNTIL_MISSING
            (device,) = asset.devices
            assert device.presence is (Presence.MISSING if is_missing else Presence.LISTED)
            if external_id in listed:
                assert device.facts == replace(listed[external_id].facts, flag="seen", name=device.facts.name)
                assert device.organization_id == listed[external_id].organization_id
                assert device.client_id == ORGANIZATIONS[device.organization_id or ""]
        for external_id, part in listed.items():
            assert external_id in assets or ORGANIZATIONS[part.organization_id or ""] is None


def test_after_each_sync_the_assets_are_the_fleet(emulated_aws: EmulatedAws) -> None:
    bucket = f"syncs-{uuid.uuid4().hex}"
    emulated_aws.client("s3").create_bucket(Bucket=bucket)
    machine = type("SyncsHere", (Syncs,), {"aws": emulated_aws, "bucket": bucket})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
