"""What a preview takes over 10,000 archived alerts: seconds, objects and bytes of the archive, read units."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.bench.meter import Meter
from local.bench.setting import CLIENT, Setting
from local.bench.webhooks import PROVIDERS, integration_of
from local.emulator import REGION
from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import AlertStatus, Kind, Rule, RuleActions, RuleConditions, Severity
from tandem.archive.archiver import into_bucket
from tandem.archive.compacting import Compactor
from tandem.archive.objects import objects_of
from tandem.archive.reading import AT_ONCE, Archive, Budget, History
from tandem.previews.preview import Past, Preview, preview_rules
from tandem.store.context import ContextCache

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

ALERTS = 10_000
DAYS = 7
GOAL_SECONDS = 5.0
AS_WRITTEN = "as written"
NARROW_SHARE = 20
"""One alert of so many says what the narrow rule looks for."""

_BATCHING = timedelta(minutes=5)
_BUCKET = "bench-archive"


@dataclass(frozen=True, slots=True)
class PreviewTime:
    """One preview. `rule`: which alerts it takes; `events`: in the archive; `listed`: alerts that fare otherwise."""

    archive: str
    rule: str
    events: int
    listed: int
    complete: bool
    reading_seconds: float
    deciding_seconds: float
    lists: int
    gets: int
    object_bytes: int
    read_units: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.reading_seconds + self.deciding_seconds


def measure(setting: Setting) -> list[PreviewTime]:
    """A rule that concerns some alerts on the archive as it is written and as it is kept, and one that concerns all."""
    calls: Counter[str] = Counter()
    client = _s3(setting)
    client.meta.events.register("before-call.s3.*", lambda model, **_: calls.update([model.name]))
    client.create_bucket(Bucket=_BUCKET)
    until = datetime.now(UTC).replace(microsecond=0)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(into_bucket(client, _BUCKET), _objects(until)))
    narrow, broad = _rule("one alert in 20", RuleConditions(keywords=("printer",))), _rule("all", RuleConditions())
    fresh = _preview(setting, client, calls, until, narrow, AS_WRITTEN)
    for days in range(DAYS, -1, -1):
        Compactor(client, _BUCKET).compact(until - timedelta(days=days))
    return [fresh, *(_preview(setting, client, calls, until, rule, "compacted") for rule in (narrow, broad))]


def _preview(
    setting: Setting, client: "S3Client", calls: Counter[str], until: datetime, rule: Rule, archive_is: str
) -> PreviewTime:
    meter = Meter()
    dynamodb: DynamoDBClient = setting.dynamodb
    meter.attach(dynamodb.meta.events)
    calls.clear()
    began = time.perf_counter()
    contexts = ContextCache(dynamodb, setting.table)
    contexts.refresh(1)
    context = contexts.context(integration_of(PROVIDERS[0]))
    if context is None:
        raise LookupError("the integration of the measurement is not there")
    archive = Archive(lambda: client, _BUCKET)
    since = until - timedelta(days=DAYS)
    history: History = archive.read([context.integration_id], since, until, Budget(seconds=60))
    read = time.perf_counter()
    found: Preview = preview_rules(Past(history.events, since, until), context, [rule, *context.rules])
    decided = time.perf_counter()
    return PreviewTime(
        archive=archive_is,
        rule=rule.name,
        events=len(history.events),
        listed=len(found.fates),
        complete=history.complete and found.covered_from <= since,
        reading_seconds=read - began,
        deciding_seconds=decided - read,
        lists=calls["ListObjectsV2"],
        gets=calls["GetObject"],
        object_bytes=history.object_bytes,
        read_units=meter.take().units.reads,
    )


def _objects(until: datetime) -> Iterator[Any]:
    """As event_archiver writes them: a batch each five minutes."""
    batches: dict[datetime, list[AppliedEvent]] = {}
    for event in _events(until):
        since = (until - event.applied_at) // _BATCHING
        batches.setdefault(until - since * _BATCHING, []).append(event)
    for number, batch in enumerate(batches.values()):
        yield from objects_of(batch, f"{number:020d}")


def _events(until: datetime) -> Sequence[AppliedEvent]:
    step = timedelta(days=DAYS) / (ALERTS + 1)
    fired = [_fired(number, until - timedelta(days=DAYS) + number * step) for number in range(1, ALERTS + 1)]
    return [event for each in fired for event in (each, _reset(each))]


def _fired(number: int, at: datetime) -> AppliedEvent:
    what = "The printer is out of paper" if number % NARROW_SHARE == 0 else "Disk C: is 97 percent full"
    return AppliedEvent(
        event_id=f"{number:020d}",
        alert_id=f"alert{number:015d}",
        integration_id=integration_of(PROVIDERS[0]),
        provider=PROVIDERS[0],
        kind=Kind.TRIGGERED,
        identity=f"condition-{number % 5}",
        severity=Severity.MODERATE,
        message=f"{what} on workstation {number % 3000} (measured {number} times since the last restart)",
        occurred_at=at,
        applied_at=at.replace(microsecond=0),
        sequence=10**20 + number,
        status=AlertStatus.ACTIVE,
        external_alert_id=f"external-{number}",
        external_device_id=str(number % 3000),
        device_name=f"WORKSTATION-{number % 3000}",
        organization_id="1",
        organization_name="Acme Corp",
        client_id=CLIENT,
        activity_type="CONDITION",
        source_type="CONDITION_DISK_USAGE",
        ticket_id=f"ticket{number:014d}",
    )


def _reset(fired: AppliedEvent) -> AppliedEvent:
    at = fired.applied_at + timedelta(seconds=20)
    return replace(
        fired,
        event_id=f"{fired.event_id}r",
        kind=Kind.RESET,
        occurred_at=at,
        applied_at=at,
        sequence=fired.sequence + 10**6,
        status=AlertStatus.RESOLVED,
    )


def _rule(name: str, conditions: RuleConditions) -> Rule:
    return Rule("new", name, True, 0, conditions, RuleActions(create_ticket=False))


def _s3(setting: Setting) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=setting.emulator.endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the emulator's
        config=Config(max_pool_connections=AT_ONCE, s3={"addressing_style": "path"}),
    )
