"""Polls in memory: an RMM that is told what it lists and how it fails, Tandem's view of it, and time that is set."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tandem.alert_queue import QueueError
from tandem.alerts.models import Alert, AlertEvent, DeviceRecord, Origin, Provider
from tandem.connections.errors import VendorError
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Account, AlertSeen, DeviceSeen, OrganizationSeen, Rmm
from tandem.polling.listings import ListingsUnavailableError, decode, encode, key_of
from tandem.polling.poller import Poller
from tandem.polling.reconcile import Difference
from tandem.polling.report import Report
from tandem.polling.work import Around, PollWork
from tandem.store.configuration.records import Integration, Status
from tandem.store.errors import ConflictError
from tandem.store.lookups import WaitingAlert
from tandem.store.polls import PollState, Run
from tandem.syncing.refresh_message import RefreshMessage
from tests.unit.alerts.world import START, World, at

INTEGRATION = Integration("i1", Provider.TACTICALRMM, "Tactical", "connected", START)


def polled(event: AlertEvent) -> AlertEvent:
    """The firing as a listing has it."""
    return replace(event, origin=Origin.POLL)


@dataclass
class FakeRmm:
    """An RMM. `fails_after`: the listing of alerts breaks off behind so many rows with `failure`."""

    active: Sequence[AlertSeen] = ()
    resolved: Sequence[AlertSeen] = ()
    resolved_failure: VendorError | None = None
    listed_devices: Sequence[DeviceSeen] = ()
    listed_organizations: Sequence[OrganizationSeen] = ()
    failure: VendorError | None = None
    fails_after: int = 0
    devices_failure: VendorError | None = None
    asked: list[str] = field(default_factory=list)

    def check(self) -> Account:
        return Account("Fake")

    def organizations(self) -> Iterator[OrganizationSeen]:
        self.asked.append("organizations")
        yield from self.listed_organizations

    def devices(self) -> Iterator[DeviceSeen]:
        self.asked.append("devices")
        if self.devices_failure is not None:
            raise self.devices_failure
        yield from self.listed_devices

    def active_alerts(self) -> Iterator[AlertSeen]:
        self.asked.append("active alerts")
        for place, each in enumerate(self.active):
            if self.failure is not None and place == self.fails_after:
                raise self.failure
            yield each
        if self.failure is not None:
            raise self.failure

    def alert(self, external_alert_id: str) -> AlertEvent | None:
        raise NotImplementedError

    def resolved_alerts(self, since: datetime) -> Iterator[AlertSeen]:
        self.asked.append("resolved alerts")
        for each in self.resolved:
            if not isinstance(each, AlertEvent) or each.received_at >= since:
                yield each
        if self.resolved_failure is not None:
            raise self.resolved_failure

    def reset(self, external_alert_id: str) -> None:
        raise NotImplementedError


@dataclass
class WorldBeliefs:
    """What the world believes."""

    world: World
    names: dict[str, str] = field(default_factory=dict)
    taught: list[DeviceRecord] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    def live_ids(self, integration_id: str) -> frozenset[str]:
        return frozenset(each.alert_id for each in self.world.alerts.values() if each.is_live)

    def alerts(self, alert_ids: Iterable[str], now: datetime) -> dict[str, Alert]:
        wanted = list(alert_ids)
        self.looked_up += wanted
        return {each: self.world.alerts[each] for each in wanted if each in self.world.alerts}

    def waiting(self, integration_id: str, now: datetime) -> list[WaitingAlert]:
        alerts = (self.world.alerts[each] for each in sorted(self.world.waiting))
        return [
            WaitingAlert(each.alert_id, each.organization_id, each.organization_name, each.external_device_id)
            for each in alerts
        ]

    def devices(self, integration_id: str, external_device_ids: Iterable[str]) -> dict[str, DeviceRecord]:
        return {each: self.world.devices[each] for each in external_device_ids if each in self.world.devices}

    def organization_names(self, integration_id: str, external_ids: Iterable[str]) -> dict[str, str]:
        return {each: self.names[each] for each in external_ids if each in self.names}

    def teach(self, device: DeviceRecord) -> bool:
        self.taught.append(device)
        self.world.devices[device.external_device_id] = device
        return True


@dataclass
class MemoryListings:
    """A bucket."""

    objects: dict[str, bytes] = field(default_factory=dict)
    is_down: bool = False

    def write(self, integration_id: str, difference: Difference) -> str:
        if self.is_down:
            raise ListingsUnavailableError("the listing could not be kept: SlowDown")
        key = key_of(integration_id, difference.began_at)
        self.objects[key] = encode(difference)
        return key

    def read(self, keys: Sequence[str]) -> list[Difference]:
        found = []
        for key in keys:
            difference = decode(self.objects[key]) if key in self.objects else None
            if difference is None:
                break
            found.append(difference)
        return found


@dataclass
class WorldQueue:
    """A queue whose messages the world hears at once."""

    world: World
    sent: list[AlertEvent] = field(default_factory=list)
    is_down: bool = False

    def send(self, events: Sequence[AlertEvent]) -> None:
        if self.is_down:
            raise QueueError("the queue could not be reached: EndpointConnectionError")
        self.sent += events
        for event in events:
            self.world.hear(event)


@dataclass
class MemoryPolls:
    """Poll states and runs."""

    states: dict[str, PollState] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def begin(self, integration_id: str, lease_id: str, now: datetime, until: datetime) -> PollState | None:
        holder = self.leases.get(integration_id)
        if holder is not None and holder[1] >= now:
            return None
        self.leases[integration_id] = (lease_id, until)
        return self.states.get(integration_id, PollState(integration_id))

    def end(self, state: PollState, lease_id: str, now: datetime) -> None:
        if self.leases.get(state.integration_id, ("", now))[0] != lease_id:
            raise ConflictError("another poll has it")
        del self.leases[state.integration_id]
        self.states[state.integration_id] = state

    def run(self, integration_id: str, run_id: str, now: datetime) -> Run | None:
        return self.runs.get(run_id)

    def put_run(self, run: Run, now: datetime) -> None:
        self.runs[run.run_id] = run


@dataclass
class MemorySchedules:
    """Schedules."""

    kept: dict[str, int | None] = field(default_factory=dict)

    def put(self, integration_id: str, interval_minutes: int) -> None:
        self.kept[integration_id] = interval_minutes

    def remove(self, integration_id: str) -> None:
        self.kept.pop(integration_id, None)

    def intervals(self) -> Mapping[str, int | None]:
        return dict(self.kept)


@dataclass
class MemoryIntegrations:
    """Integrations."""

    kept: dict[str, Integration] = field(default_factory=lambda: {"i1": INTEGRATION})

    def get(self, integration_id: str) -> Integration | None:
        return self.kept.get(integration_id)

    def all(self) -> list[Integration]:
        return list(self.kept.values())


@dataclass
class MemoryRefreshes:
    """Devices that are to be looked at."""

    sent: list[RefreshMessage] = field(default_factory=list)
    is_broken: bool = False

    def send(self, messages: Sequence[RefreshMessage], now: datetime) -> None:
        if self.is_broken:
            raise QueueError("scripted")
        self.sent += messages


@dataclass
class PolledWorld:
    """One integration that is polled. `opens`: what opening its RMM does instead."""

    world: World = field(default_factory=World)
    rmm: FakeRmm = field(default_factory=FakeRmm)
    listings: MemoryListings = field(default_factory=MemoryListings)
    polls: MemoryPolls = field(default_factory=MemoryPolls)
    schedules: MemorySchedules = field(default_factory=MemorySchedules)
    integrations: MemoryIntegrations = field(default_factory=MemoryIntegrations)
    opens: Callable[[], Rmm] | None = None

    def __post_init__(self) -> None:
        self.beliefs = WorldBeliefs(self.world)
        self.queue = WorldQueue(self.world)
        self.refreshes = MemoryRefreshes()
        self.leases = 0
        self.work = PollWork(
            integrations=self.integrations,
            statuses=self,
            polls=self.polls,
            opening=self,
            poller=Poller(self.beliefs, self.listings, self.queue, lambda: self.world.now),
            beliefs=self.beliefs,
            queue=self.queue,
            schedules=self.schedules,
            around=Around(lambda: self.world.now, lambda: self.world.now.timestamp(), self._fresh_id),
            refreshes=self.refreshes,
        )

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        return self.opens() if self.opens is not None else self.rmm

    def works(self, integration_id: str) -> None:
        integration = self.integrations.kept[integration_id]
        self.integrations.kept[integration_id] = replace(integration, status=Status.CONNECTED)

    def poll(self, minutes: float, *active: AlertSeen, run_id: str | None = None) -> Report:
        """A poll at that time, of an RMM that lists these."""
        self.world.now = at(minutes)
        self.rmm.active = [polled(each) if isinstance(each, AlertEvent) else each for each in active]
        self.queue.sent.clear()
        self.beliefs.looked_up.clear()
        self.rmm.asked.clear()
        return self.work.poll("i1", 600, run_id)

    def failed_poll(self, minutes: float, failure: VendorError, *rows: AlertSeen) -> Report:
        """A poll whose listing breaks off behind these rows."""
        self.rmm.failure, self.rmm.fails_after = failure, len(rows)
        try:
            return self.poll(minutes, *rows)
        finally:
            self.rmm.failure = None

    @property
    def state(self) -> PollState:
        return self.polls.states["i1"]

    def _fresh_id(self) -> str:
        self.leases += 1
        return f"lease-{self.leases}"
