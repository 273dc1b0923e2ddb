"""Everything outside that the routes use; `bootstrap.py` picks the real ones, tests pass their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tandem.admin.alert_desk import AlertDesk
from tandem.admin.authentication import Authenticator
from tandem.admin.desk import DeskStore
from tandem.admin.ingest_log import IngestLog
from tandem.admin.replaying import Replaying
from tandem.admin.software_shelf import SoftwareShelf
from tandem.alerts.models import AlertEvent
from tandem.archive.reading import Archive
from tandem.dead_letters.letters import DeadLetters
from tandem.notifications.inbox import Inbox
from tandem.polling.starting import PollStarter
from tandem.secrets import SigningSecrets
from tandem.store.asset_joins import JoinWriter
from tandem.store.asset_listing import AssetListing
from tandem.store.assets import Assets
from tandem.store.audits import Audits
from tandem.store.configuration.boards import Boards
from tandem.store.configuration.clients import Clients
from tandem.store.configuration.devices import DeviceRecords
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.people import People
from tandem.store.configuration.rules import Rules
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.configuration.windows import Windows
from tandem.store.context import ContextCache
from tandem.store.fleets import Fleets
from tandem.store.listing import Listing
from tandem.store.lookups import Lookups
from tandem.store.outbound import OutboundResets
from tandem.store.polls import Polls
from tandem.store.previews import Previews
from tandem.store.reads import BatchReader
from tandem.store.remote_links import RemoteLinks
from tandem.store.sign_ins import SignIns
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.queue import DeviceSyncQueue
from tandem.syncing.refresh_queue import DeviceRefreshQueue
from tandem.syncing.starting import Starter

if TYPE_CHECKING:
    from tandem.connections.opening import Connections


class Schedules(Protocol):
    """When integrations have their turn, of polls or of device syncs. Both raise SchedulesUnavailableError."""

    def put(self, integration_id: str, interval_minutes: int) -> None:
        """Have the integration's turn come so often from now on."""
        ...

    def remove(self, integration_id: str) -> None:
        """Have it come no more."""
        ...


class NoSchedules:
    """Where nothing is done by the clock."""

    def put(self, integration_id: str, interval_minutes: int) -> None:
        """Nothing happens."""

    def remove(self, integration_id: str) -> None:
        """Nothing happens."""


class EventQueue(Protocol):
    """Where alert events are handed to the processor."""

    def send(self, events: Sequence[AlertEvent]) -> None:
        """Hand over these events, all or with an error. Raises QueueError."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What a request may use."""

    table: ConfigurationTable
    integrations: Integrations
    organizations: Organizations
    clients: Clients
    boards: Boards
    rules: Rules
    windows: Windows
    people: People
    listing: Listing
    lookups: Lookups
    devices: DeviceRecords
    desk: DeskStore
    alert_desk: AlertDesk
    outbound: OutboundResets
    open_reader: Callable[[datetime], BatchReader]
    contexts: ContextCache
    archive: Archive
    previews: Previews
    signing_secrets: SigningSecrets
    connections: "Callable[[], Connections]"
    schedules: Schedules
    sync_schedules: Schedules
    polls: Polls
    poll_starter: PollStarter
    sync_runs: SyncRuns
    sync_starter: Starter
    sync_queue: DeviceSyncQueue
    refreshes: DeviceRefreshQueue
    assets: Assets
    asset_listing: AssetListing
    asset_joins: JoinWriter
    fleets: Fleets
    software: SoftwareShelf
    remote_links: RemoteLinks
    audits: Audits
    sign_ins: SignIns
    queue: EventQueue
    dead_letters: DeadLetters
    replaying: Replaying
    ingest_log: IngestLog
    inbox: Inbox
    authenticator: Authenticator
    clock: Callable[[], datetime]
    tenant: str
    public_url: str
