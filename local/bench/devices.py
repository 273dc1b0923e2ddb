"""Syncs of a fleet's devices: what they ask of the RMM, the table and the bucket, their time and memory.

The RMMs are the simulators, in a process each; device_sync's real handler runs in one of its own, a fresh one for each
sync, and takes its messages from the emulator's queues.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from local.bench.fleet_vendor import SOFTWARE
from local.bench.meter import Meter
from local.bench.recording import consumed
from local.bench.setting import CLIENT, Setting, UnexpectedOutcomeError
from local.emulator import ROOT
from tandem.alerts.models import Provider
from tandem.assets.news import News
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.sync_records import RunKind, SyncRun
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.queue import DeviceSyncQueue
from tandem.syncing.refresh_message import RefreshMessage
from tandem.syncing.refresh_queue import DeviceRefreshQueue
from tandem.syncing.starting import SyncStarter
from tandem.times import utc_now
from tests.simulators.levelio import simulator as levelio
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.tacticalrmm import simulator as tacticalrmm

MANY, VERY_MANY = 10_000, 100_000
AGENTS_WITH_SOFTWARE = 2_000
CHANGED = 0.01
"""Of the devices are renamed before the third sync."""

GOAL_MB = 200
GOAL_LONGEST_SECONDS = 300.0
"""Of one message: a third of the function's time."""
GOAL_REQUESTS = 0.1
"""A device: listings alone. The smallest pages, Level's, have 100 rows, and there are some of updates beside."""
GOAL_READS = 0.25
"""Read units a device where nothing changed but what changes all the time."""
GOAL_WRITES = 0.25
"""Write units likewise: pages, no devices."""

What = Literal["first", "unchanged", "changed", "software", "software again", "refresh"]
_Made = Callable[[What, int, int, int, int], "FleetSync"]

_CREDENTIALS: dict[Provider, dict[str, str]] = {
    Provider.NINJAONE: {
        "kind": "client_credentials",
        "client_id": ninjaone.CLIENT_ID,
        "client_secret": ninjaone.CLIENT_SECRET,
    },
    Provider.TACTICALRMM: {"kind": "api_key", "api_key": tacticalrmm.API_KEY},
    Provider.LEVELIO: {"kind": "api_key", "api_key": levelio.API_KEY},
}


@dataclass(frozen=True)
class FleetSync:
    """One sync, or a refresh of one device. `requests`: to the RMM by path; `calls`: by service and name. `longest`:
    seconds of the longest message; `waited`: seconds for AWS; `peak_mb`: of the function's process, `idle_mb` before
    its first message."""

    provider: str
    what: What
    devices: int
    listed: int
    created: int
    updated: int
    messages: int
    requests: Mapping[str, int]
    calls: Mapping[str, int]
    reads: float
    table_writes: float
    index_writes: float
    seconds: float
    longest: float
    cpu_seconds: float
    waited: float
    idle_mb: float
    peak_mb: float

    def calls_of(self, service: str) -> int:
        """How many calls of an AWS service."""
        return sum(count for name, count in self.calls.items() if name.startswith(f"{service}."))

    @property
    def total_requests(self) -> int:
        """To the RMM."""
        return sum(self.requests.values())

    @property
    def writes(self) -> float:
        """Write units of the table and its indexes."""
        return self.table_writes + self.index_writes


def measure(setting: Setting, size: int = MANY, providers: Iterable[Provider] = Provider) -> list[FleetSync]:
    """Each vendor with so many devices."""
    setting.client("s3").create_bucket(Bucket=setting.bucket)
    return [each for provider in providers for each in _of_vendor(setting, provider, size)]


def measure_software(setting: Setting) -> list[FleetSync]:
    """The software of AGENTS_WITH_SOFTWARE agents, twice."""
    setting.client("s3").create_bucket(Bucket=setting.bucket)
    with _vendor(SOFTWARE, AGENTS_WITH_SOFTWARE) as vendor:
        fleet = _Fleet(setting, Provider.TACTICALRMM, vendor, AGENTS_WITH_SOFTWARE)
        fleet.sync("first", "devices")
        return [fleet.sync("software", "software"), fleet.sync("software again", "software")]


def _of_vendor(setting: Setting, provider: Provider, size: int) -> Iterator[FleetSync]:
    with _vendor(provider.value, size) as vendor:
        fleet = _Fleet(setting, provider, vendor, size)
        yield fleet.sync("first", "devices")
        vendor.ask("drift")
        yield fleet.sync("unchanged", "devices")
        vendor.ask("drift")
        vendor.ask(f"rename {int(size * CHANGED)}")
        yield fleet.sync("changed", "devices")
        yield fleet.refresh()


class _Vendor:
    """A simulator in a process of its own (fleet_vendor.py)."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url: str = self._answer()["url"]

    def ask(self, command: str) -> Any:
        """What it answers to a command."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{command}\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise UnexpectedOutcomeError("a simulator ended")
        return json.loads(line)


@contextlib.contextmanager
def _vendor(what: str, size: int) -> Iterator[_Vendor]:
    command = [sys.executable, "-m", "local.bench.fleet_vendor", what, str(size)]
    with subprocess.Popen(
        command, cwd=ROOT, env=_own_environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield _Vendor(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()


class _Fleet:
    """An integration with its simulator: its organizations are known, and all are one client's."""

    def __init__(self, setting: Setting, provider: Provider, vendor: _Vendor, size: int) -> None:
        self._setting, self._provider, self._vendor, self._size = setting, provider, vendor, size
        self._meter = Meter()
        self._id = f"synced-{provider.value}-{uuid.uuid4().hex[:8]}"
        self._urls = dict(zip(("steps", "devices"), _queues(setting), strict=True))
        self._runs = SyncRuns(setting.dynamodb, setting.table)
        self._connect()
        self._run("organizations")
        self._map()

    def sync(self, what: What, kind: RunKind) -> FleetSync:
        """One run from its start to its end."""
        run, found = self._run(kind)
        if kind == "devices" and (run.listed, run.failed_devices) != (self._size, 0):
            raise UnexpectedOutcomeError(f"{self._provider} listed {run.listed} devices, and {run.failures}")
        if what == "unchanged" and (run.created, run.updated) != (0, 0):
            raise UnexpectedOutcomeError(f"{run.updated} devices of {self._provider} seem to have changed")
        return found(what, self._size, run.listed, run.created, run.updated)

    def refresh(self) -> FleetSync:
        """One device that somebody spoke of."""
        device = self._vendor.ask("device")
        self._vendor.ask("rename 1")
        integrations = Integrations(ConfigurationTable(self._setting.dynamodb, self._setting.table))
        integration = integrations.get(self._id)
        if integration is not None:
            integrations.put(replace(integration, device_sync_enabled=True))
        queue = DeviceRefreshQueue(lambda: self._setting.sqs, self._urls["devices"])
        queue.send([RefreshMessage(self._id, device, News.CHANGED)], utc_now())
        return self._worked()("refresh", 1, 1, 0, 1)

    def _run(self, kind: RunKind) -> tuple[SyncRun, _Made]:
        queue = DeviceSyncQueue(lambda: self._setting.sqs, self._urls["steps"])
        started = SyncStarter(self._runs, queue).start(self._id, kind, "bench", utc_now())
        if started.run is None:
            raise UnexpectedOutcomeError(f"another run of {self._provider} is at work")
        found = self._worked()
        run = self._runs.run(self._id, started.run.run_id, utc_now())
        if run is None or run.state != "succeeded":
            raise UnexpectedOutcomeError(f"a sync of {self._provider} ended otherwise: {run}")
        return run, found

    def _worked(self) -> _Made:
        """Let the function do what is in its queues. Gives what makes a FleetSync of it."""
        self._vendor.ask("requests")
        with tempfile.TemporaryDirectory() as folder:
            recording = Path(folder) / "calls"
            ended = subprocess.run(
                [sys.executable, "-m", "local.bench.fleet_worker"],
                cwd=ROOT,
                env=self._environment() | {"RECORDING": str(recording), "TMPDIR": folder},
                text=True,
                stdout=subprocess.PIPE,
                check=False,
            )
            found = json.loads(ended.stdout.splitlines()[-1]) if ended.stdout else {"failed": ["it died"]}
            if found.pop("failed") or ended.returncode:
                raise UnexpectedOutcomeError(f"a sync of {self._provider} failed: {ended.stdout[-1500:]}")
            units = consumed(recording, self._meter)
        requests = self._vendor.ask("requests")
        return lambda what, devices, listed, created, updated: FleetSync(
            self._provider.value,
            what,
            devices,
            listed,
            created,
            updated,
            requests=requests,
            reads=units.reads,
            table_writes=units.table_writes,
            index_writes=units.index_writes,
            **found,
        )

    def _connect(self) -> None:
        integration = Integration(
            integration_id=self._id,
            provider=self._provider,
            name=f"{self._provider.value} of the benchmark",
            status="connected",
            created_at=utc_now(),
            instance_url=self._vendor.url,
            allow_private_address=True,
            requests_per_minute=100_000,  # the pace is the vendor's business, and known
            device_sync_enabled=False,  # nothing begins by itself
        )
        Integrations(ConfigurationTable(self._setting.dynamodb, self._setting.table)).put(integration)
        self._setting.client("secretsmanager").create_secret(
            Name=f"{self._setting.environment['SECRET_PREFIX']}/{self._id}",
            SecretString=json.dumps({"credentials": _CREDENTIALS[self._provider]}),
        )

    def _map(self) -> None:
        organizations = Organizations(ConfigurationTable(self._setting.dynamodb, self._setting.table))
        mapped = [replace(each, client_id=CLIENT) for each in organizations.all(self._id)]
        for start in range(0, len(mapped), 90):
            organizations.put_several(self._id, mapped[start : start + 90])

    def _environment(self) -> dict[str, str]:
        return _own_environment() | {
            **self._setting.environment,
            "DEVICE_SYNC_QUEUE_URL": self._urls["steps"],
            "DEVICE_REFRESH_QUEUE_URL": self._urls["devices"],
            "ALLOW_PRIVATE_ADDRESSES": "1",
            "SCHEDULE_GROUP": "bench",
            "SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/bench",
        }


def _queues(setting: Setting) -> Sequence[str]:
    """Of steps, and of single devices, which are not held back here."""
    name = f"bench-{uuid.uuid4().hex[:12]}"
    made = setting.sqs.create_queue
    return (
        made(QueueName=name, Attributes={"VisibilityTimeout": "960"})["QueueUrl"],
        made(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true", "VisibilityTimeout": "960"})["QueueUrl"],
    )


def _own_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
