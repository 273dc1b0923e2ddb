"""A tenant whose one integration's devices are synced: table, bucket, the vendor's simulator behind its real client,
and the steps of runs as messages of a queue in memory."""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tandem.assets.models import Asset
from tandem.assets.pages import Arrived
from tandem.connections.fleet import Fleet
from tandem.connections.limits import Deadline
from tandem.connections.vendors import VENDORS
from tandem.store import keys
from tandem.store.asset_apply import PageWriter
from tandem.store.asset_records import asset_from
from tandem.store.assets import Assets
from tandem.store.codec import encode_item
from tandem.store.configuration.clients import Clients
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.records import ClientRecord, Integration, OrganizationRecord
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.fleets import Fleets
from tandem.store.lookups import Lookups
from tandem.store.sync_records import RunKind, SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.documents import SoftwareDocuments
from tandem.syncing.leases import LEASE
from tandem.syncing.message import Step, SyncMessage, decode, encode
from tandem.syncing.staging import BucketStaging
from tandem.syncing.tools import Tools
from tandem.syncing.work import Handled, SyncWork
from tandem.times import utc_now
from tests.integration.kills import items_of
from tests.integration.polling import Simulated, http_of, provider_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

INTEGRATION = "integration-1"


class MemoryQueue:
    """The queue of steps, as texts: each with how often it was delivered."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, int]] = []
        self.sent: list[SyncMessage] = []

    def send(self, messages: Sequence[SyncMessage], delay_seconds: int = 0) -> None:
        self.sent += messages
        self.waiting += [(encode(each), 0) for each in messages]


class NoAlerts:
    """Alerts that are told of assets, as far as a sync knows."""

    def __init__(self) -> None:
        self.arrivals: list[Arrived] = []
        self.caught_up = 0

    def arrived(self, _integration_id: str, arrived: Sequence[Arrived]) -> int:
        self.arrivals += arrived
        return len(arrived)

    def catch_up(self, _integration_id: str) -> int:
        self.caught_up += 1
        return 0


class SyncedTenant:
    """One integration, connected to a simulator. Its clock stands until `pass_time`."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        s3: "S3Client",
        *,
        table: str,
        simulator: Simulated | None = None,
        bucket: str | None = None,
        auto_map: bool = False,
        connect: bool = True,
        queue: MemoryQueue | None = None,
        staging: type[BucketStaging] = BucketStaging,
    ) -> None:
        self.dynamodb, self.table = dynamodb, table
        self._simulator = simulator
        self.now = utc_now()
        self.bucket = bucket or f"test-{uuid.uuid4().hex}"
        if bucket is None:
            s3.create_bucket(Bucket=self.bucket)
        configuration = ConfigurationTable(dynamodb, table)
        self.integrations = Integrations(configuration)
        self.organizations = Organizations(configuration)
        self.clients = Clients(configuration)
        self.runs, self.fleets, self.assets = (
            SyncRuns(dynamodb, table),
            Fleets(dynamodb, table),
            Assets(dynamodb, table),
        )
        self.staging = staging(lambda: s3, self.bucket)
        self.documents = SoftwareDocuments(lambda: s3, self.bucket)
        self.queue, self.alerts = queue or MemoryQueue(), NoAlerts()
        self.wanted: list[str] = []
        if connect:
            self.connect()
        self.tools = Tools(
            runs=self.runs,
            fleets=self.fleets,
            assets=self.assets,
            lookups=Lookups(dynamodb, table),
            pages=PageWriter(dynamodb, table),
            organizations=self.organizations,
            clients=self.clients,
            staging=self.staging,
            documents=self.documents,
            queue=self.queue,
            arrivals=self.alerts,
            clock=lambda: self.now,
            monotonic=time.monotonic,
            opening=self,
            auto_map_organizations=auto_map,
        )
        self.work = SyncWork(self.tools, self.integrations, self.wanted.append)

    def connect(self, **values: Any) -> None:
        at = self.now - timedelta(days=1)
        simulator = self.simulator
        self.integrations.put(
            Integration(INTEGRATION, provider_of(simulator), "The RMM", "connected", at, simulator.url, **values)
        )

    @property
    def simulator(self) -> Simulated:
        assert self._simulator is not None
        return self._simulator

    def open_fleet(self, integration: Integration, deadline: Deadline) -> Fleet:
        http = http_of(self.simulator, deadline)
        return VENDORS[integration.provider].fleet(http, integration.integration_id)

    # ---- what happens

    def pass_time(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    def map_all(self, client_id: str = "c1") -> None:
        """Every organization that is listed belongs to this client from now on."""
        if self.clients.get(client_id) is None:
            self.clients.put(ClientRecord(client_id, "A client"))
        fleet = self.open_fleet(self.integration, Deadline(60, time.monotonic))
        for each in fleet.organizations():
            if not each.is_place:
                self.map(each.external_id, client_id)

    def map(self, organization_id: str, client_id: str | None) -> None:
        key = keys.organization_key(INTEGRATION, organization_id)
        values = {"external_id": organization_id, "client_id": client_id, "auto_sync": True, "version": 1}
        self.dynamodb.put_item(TableName=self.table, Item=encode_item({**key, **values}))

    def begin(self, kind: RunKind = "devices") -> SyncRun | None:
        """A run whose first message is queued; None while another one is at work."""
        self.pass_time(seconds=1)
        run_id = new_run_id(self.now)
        message = SyncMessage(Step.START, INTEGRATION, run_id)
        run = SyncRun(run_id, INTEGRATION, kind, "queued", self.now, "schedule", step=encode(message))
        if not self.runs.begin(run, self.now, self.now + LEASE):
            return None
        self.queue.send([message])
        return run

    def deliver(self, place: int = 0, *, seconds: float = 60, work: SyncWork | None = None) -> Handled:
        """The message at this place, to a function; it stays in the queue if it is to come again."""
        body, received = self.queue.waiting.pop(place)
        handled = (work or self.work).handle(decode(body), Deadline(seconds, time.monotonic), received + 1)
        if handled.again_in is not None:
            self.pass_time(seconds=handled.again_in)
            self.queue.waiting.append((body, received + 1))
        return handled

    def drain(self, dice: random.Random | None = None, until: Callable[[], bool] = lambda: False) -> None:
        """Everything that is queued and what follows from it: in order, or as the dice want it, some of it twice."""
        for _ in range(5_000):
            if not self.queue.waiting or until():
                return
            if dice is None:
                self.deliver()
                continue
            place = dice.randrange(len(self.queue.waiting))
            if dice.random() < 0.2:
                self.queue.waiting.append(self.queue.waiting[place])
            self.deliver(place)
        raise AssertionError("the run goes on and on")

    def sync(self, kind: RunKind = "devices", dice: random.Random | None = None) -> SyncRun:
        """A run from its beginning to its end."""
        run = self.begin(kind)
        assert run is not None
        self.drain(dice)
        return self.run(run)

    # ---- what there is

    @property
    def integration(self) -> Integration:
        found = self.integrations.get(INTEGRATION)
        assert found is not None
        return found

    def run(self, run: SyncRun) -> SyncRun:
        """The run as it is now."""
        found = self.runs.run(INTEGRATION, run.run_id, self.now)
        assert found is not None
        return found

    def listed(self) -> dict[str, Asset]:
        """All assets by their first device's external id."""
        items = [item for item in items_of(self.dynamodb, self.table) if item["sk"]["S"] == "ASSET"]
        return {asset.devices[0].external_id: asset for asset in map(asset_from, items)}

    def organization(self, external_id: str) -> OrganizationRecord:
        found = self.organizations.get(INTEGRATION, external_id)
        assert found is not None
        return found


def at(moment: datetime) -> datetime:
    """As the fleet's pages keep it."""
    return moment.replace(microsecond=0)
