"""A sync that is killed at any call, in the table, the bucket or the queue, and its message delivered again: it ends in
what an undisturbed one writes."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tandem.assets.order import FIRST
from tandem.assets.software import SoftwareDocument
from tandem.store.codec import decode_item
from tandem.store.sync_records import RunKind
from tandem.syncing.message import SyncMessage
from tandem.syncing.staging import BucketStaging
from tests.emulator import EmulatedAws
from tests.integration.kills import Sandbox, items_of, moments, restore
from tests.integration.syncing import INTEGRATION, MemoryQueue, SyncedTenant
from tests.integration.test_outbound_kills import Doors
from tests.simulators import world
from tests.simulators.tacticalrmm.simulator import TacticalRmm

if TYPE_CHECKING:
    from tests.integration.polling import Simulated

pytestmark = pytest.mark.emulator


class DoomedQueue(MemoryQueue):
    """Sending is a call at which the worker may die, too: each message is one."""

    def __init__(self, doors: Doors) -> None:
        super().__init__()
        self._doors = doors

    def send(self, messages: Sequence[SyncMessage], delay_seconds: int = 0) -> None:
        for message in messages:
            self._doors.around(partial(super().send, [message]))


class KeptStaging(BucketStaging):
    """What one death removes is there for the next one."""

    def remove(self, keys: Sequence[str]) -> None:
        super().remove([f"nothing/{key}" for key in keys])


@pytest.fixture
def tactical() -> Iterator[TacticalRmm]:
    with TacticalRmm(seed=1) as simulator:
        world.tacticalrmm(simulator, clients=1, agents=3)
        yield simulator


class Watched:
    """A tenant whose worker may be killed."""

    def __init__(self, aws: EmulatedAws, table: str, simulator: "Simulated") -> None:
        self.sandbox, doors = Sandbox(), Doors()
        self.bare = aws.client("dynamodb")
        dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
        self.tenant = SyncedTenant(
            dynamodb, s3, table=table, simulator=simulator, queue=DoomedQueue(doors), staging=KeptStaging
        )
        self.tenant.map_all()
        for each in (dynamodb.meta.events, s3.meta.events, doors):
            self.sandbox.attach(each)

    def killed_everywhere(self, kind: RunKind) -> int:
        """Runs a sync to its end; each of its messages is delivered undisturbed, and once for each moment at which a
        function may die of it, and then again. Gives how many deaths that were."""
        tenant = self.tenant
        run = tenant.begin(kind)
        assert run is not None
        deaths = 0
        while tenant.queue.waiting:
            before = self._here()
            calls = self.sandbox.count(self._deliver)
            undisturbed, after = self._outcome(), self._here()
            for call, moment in moments(calls):
                self._go_to(before)
                body, received = tenant.queue.waiting[0]
                self.sandbox.kill(self._deliver, call, moment)
                tenant.queue.waiting.insert(0, (body, received + 1))
                self._deliver()
                # A step that begins by moving the run is sent anew under the number that it has then.
                while anew := [body for body, _ in tenant.queue.waiting if body not in undisturbed[1]]:
                    tenant.queue.waiting.remove((anew[0], 0))
                    tenant.queue.waiting.insert(0, (anew[0], 0))
                    self._deliver()
                assert self._outcome() == undisturbed, f"killed {moment} call {call} of {body}"
                deaths += 1
            self._go_to(after)
        assert tenant.run(run).state == "succeeded"
        return deaths

    def _here(self) -> Any:
        tenant = self.tenant
        software = tenant.documents.read(INTEGRATION, FIRST)
        return items_of(self.bare, tenant.table), list(tenant.queue.waiting), software

    def _go_to(self, there: Any) -> None:
        items, waiting, software = there
        restore(self.bare, self.tenant.table, items)
        self.tenant.queue.waiting = list(waiting)
        self.tenant.documents.keep(INTEGRATION, FIRST, software or SoftwareDocument())

    def _outcome(self) -> Any:
        """All that is stored, and the messages that wait: of those, duplicates count once."""
        items, waiting, software = self._here()
        found = {(item["pk"]["S"], item["sk"]["S"]): decode_item(item) for item in items}
        for (_, sk), item in found.items():
            if sk.startswith("RUN#"):
                # An asset that was written before the death is not changed any more by the one who comes after.
                item["updated"] = item.pop("updated", 0) + item.pop("unchanged", 0)
        return found, {body for body, _ in waiting}, software or SoftwareDocument()

    def _deliver(self) -> None:
        """To a function that has only begun."""
        self.tenant.tools.renewed.clear()
        self.tenant.tools.placements.clear()
        self.tenant.deliver()


def test_a_sync_of_devices_may_die_anywhere(emulated_aws: EmulatedAws, table_name: str, tactical: TacticalRmm) -> None:
    watched = Watched(emulated_aws, table_name, tactical)
    tenant = watched.tenant
    tenant.sync()
    # One is to be retired, one has changed, one is new.
    tactical.remove_device(1)
    for _ in range(3):
        tenant.sync()
    tenant.pass_time(days=31)
    tactical.rename_device(2, "RENAMED")
    tactical.add_device(1, "NEW")

    assert watched.killed_everywhere("devices") > 40


def test_a_sync_of_software_may_die_anywhere(emulated_aws: EmulatedAws, table_name: str, tactical: TacticalRmm) -> None:
    watched = Watched(emulated_aws, table_name, tactical)
    watched.tenant.sync()
    tactical.set_software(1, [{"name": "7-Zip", "version": "23.01"}])
    watched.tenant.sync("software")
    tactical.set_software(1, [{"name": "7-Zip", "version": "24.08"}])

    assert watched.killed_everywhere("software") > 20


def test_a_sync_of_patches_may_die_anywhere(emulated_aws: EmulatedAws, table_name: str, tactical: TacticalRmm) -> None:
    watched = Watched(emulated_aws, table_name, tactical)
    watched.tenant.sync()

    assert watched.killed_everywhere("patches") > 20
