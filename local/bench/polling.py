"""A poll of many active alerts of which few are new: what it asks of the RMM and of the table, its time and memory.

The RMMs are the simulators, in this process; the function runs in one of its own, with the real clients.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from local.bench.setting import Setting, UnexpectedOutcomeError
from local.emulator import ROOT
from tandem.alerts.decide import decide
from tandem.alerts.decision import Context, State
from tandem.alerts.models import AlertEvent, DeviceRecord, Provider
from tandem.connections.bootstrap import connections
from tandem.connections.limits import Deadline
from tandem.store.codec import Item
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.records import alert_item, device_item
from tandem.times import utc_now
from tests.simulators import world
from tests.simulators.levelio import simulator as levelio
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.tacticalrmm import simulator as tacticalrmm

Simulated = ninjaone.NinjaOne | tacticalrmm.TacticalRmm | levelio.Level

MANY, VERY_MANY = 2_000, 20_000
NEW = 20
MOST_CALLS = 20
"""DynamoDB calls of a poll: what grows with the alerts is the pages of the index alone."""

MOST_WRITES = 2
"""Write units: the lease, and what came of the poll."""

_CUSTOMERS = 50
_SECONDS = 600.0


@dataclass(frozen=True)
class Poll:
    """One poll. `requests`: to the RMM; `peak_mb`: of the process, `idle_mb` before its first poll."""

    provider: str
    listed: int
    fired: int
    requests: int
    calls: Mapping[str, int]
    reads: float
    writes: float
    seconds: float
    cpu_seconds: float
    idle_mb: float
    peak_mb: float

    @property
    def total_calls(self) -> int:
        """To DynamoDB."""
        return sum(self.calls.values())


def measure(setting: Setting) -> list[Poll]:
    """Many alerts of each vendor; very many of the one that is asked most often."""
    setting.client("s3").create_bucket(Bucket=setting.bucket)
    polls = []
    for vendor in (ninjaone.NinjaOne, tacticalrmm.TacticalRmm, levelio.Level):
        with vendor(seed=1) as simulator:
            polls.append(_measured(setting, simulator, MANY))
    with levelio.Level(seed=1) as simulator:
        polls.append(_measured(setting, simulator, VERY_MANY))
    return polls


def _measured(setting: Setting, simulator: Simulated, size: int) -> Poll:
    provider, credentials = _filled(simulator, size)
    integration = _connected(setting, provider, simulator.url, credentials, size)
    _believe(setting, integration)
    environment = {
        **os.environ,
        **_environment(setting),
        "POLLED_INTEGRATION": integration.integration_id,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-m", "local.bench.polling_function"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        asked, told = _pipes(process)
        said = ""
        while not said.endswith("warm\n"):
            line = told.readline()
            if not line:
                raise UnexpectedOutcomeError(f"a poll of {provider} failed: {said[-500:]}")
            said += line
        before = len(simulator.requests.all())
        asked.write("\n")
        asked.flush()
        rest = told.read()
    if process.returncode:
        raise UnexpectedOutcomeError(f"a poll of {provider} failed: {rest[-500:]}")
    found: dict[str, Any] = json.loads(rest)
    if (found["listed"], found["fired"]) != (size, NEW):
        raise UnexpectedOutcomeError(f"{provider} listed {found['listed']} alerts, {found['fired']} of them new")
    return Poll(provider.value, requests=len(simulator.requests.all()) - before, **found)


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    """Its standard input and output."""
    if process.stdin is None or process.stdout is None:
        raise UnexpectedOutcomeError("the process was started without pipes")
    return process.stdin, process.stdout


def _filled(simulator: Simulated, size: int) -> tuple[Provider, dict[str, str]]:
    """A device with an alert each. Gives the credentials of the simulator."""
    if isinstance(simulator, ninjaone.NinjaOne):
        world.ninjaone(simulator, organizations=_CUSTOMERS, devices=size, alerts=size)
        app = {"client_id": ninjaone.CLIENT_ID, "client_secret": ninjaone.CLIENT_SECRET}
        return Provider.NINJAONE, {"kind": "client_credentials", **app}
    if isinstance(simulator, tacticalrmm.TacticalRmm):
        world.tacticalrmm(simulator, clients=_CUSTOMERS, agents=size, alerts=size)
        return Provider.TACTICALRMM, {"kind": "api_key", "api_key": tacticalrmm.API_KEY}
    world.level(simulator, groups=_CUSTOMERS, devices=size, alerts=size)
    return Provider.LEVELIO, {"kind": "api_key", "api_key": levelio.API_KEY}


def _connected(setting: Setting, provider: Provider, url: str, credentials: dict[str, str], size: int) -> Integration:
    integration = Integration(
        integration_id=f"polled-{provider.value}-{size}",
        provider=provider,
        name=f"{provider.value} of the benchmark",
        status="connected",
        created_at=utc_now(),
        instance_url=url,
        allow_private_address=True,
        requests_per_minute=100_000,  # the pace is the vendor's business, and known
    )
    Integrations(ConfigurationTable(setting.dynamodb, setting.table)).put(integration)
    setting.client("secretsmanager").create_secret(
        Name=f"{setting.environment['SECRET_PREFIX']}/{integration.integration_id}",
        SecretString=json.dumps({"credentials": credentials}),
    )
    return integration


def _environment(setting: Setting) -> dict[str, str]:
    return {
        **setting.environment,
        "ALLOW_PRIVATE_ADDRESSES": "1",
        "SCHEDULE_GROUP": "bench",
        "SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/bench",
    }


def _believe(setting: Setting, integration: Integration) -> None:
    """Tandem knows all the devices, and all of the alerts but the new ones."""
    opening = connections(
        setting.dynamodb, lambda: setting.client("secretsmanager"), {**os.environ, **_environment(setting)}
    )
    rmm = opening.open(integration, Deadline(_SECONDS, time.monotonic))
    events = [each for each in rmm.active_alerts() if isinstance(each, AlertEvent)]
    devices = [
        DeviceRecord(integration.integration_id, each.external_id, each.name, each.organization_id, version=1)
        for each in rmm.devices()
    ]
    items = [device_item(each) for each in devices]
    items += _alerts(events[NEW:], integration)
    for start in range(0, len(items), 25):
        setting.dynamodb.batch_write_item(
            RequestItems={setting.table: [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]}
        )


def _alerts(events: list[AlertEvent], integration: Integration) -> Iterator[Item]:
    """The records that come of them where no rule matches."""
    context = Context(integration.integration_id, integration.provider, integration.name, (), {}, {}, {})
    for event in events:
        alert = decide(event, State(), context, utc_now()).alert
        if alert is not None:
            yield alert_item(alert, utc_now())
