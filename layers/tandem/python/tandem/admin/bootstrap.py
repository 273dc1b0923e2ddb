"""The one place where admin_api's outside is chosen."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tandem.admin.alert_desk import AlertDesk
from tandem.admin.application import Application
from tandem.admin.authentication import Authenticator
from tandem.admin.desk import DeskStore
from tandem.admin.first_admin import FirstAdmin
from tandem.admin.ingest_log import IngestLog
from tandem.admin.replayers import AlertEventReplayer, QueueReplayer, Replayer, StreamReplayer
from tandem.admin.replaying import Replaying
from tandem.admin.route_table import ROUTES
from tandem.admin.services import NoSchedules, Schedules, Services
from tandem.admin.software_shelf import SoftwareShelf
from tandem.alert_queue import AlertEventQueue
from tandem.archive.reading import AT_ONCE, Archive
from tandem.dead_letters.letters import ALERT_EVENTS, DeadLetters
from tandem.desk.builtin import BuiltinDesk
from tandem.notifications.inbox import Inbox
from tandem.polling.starting import FunctionPolls
from tandem.scheduling.schedules import POLLS, SYNCS, EventBridgeSchedules
from tandem.secrets import SecretsManagerSigningSecrets
from tandem.store.apply import DecisionWriter
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
from tandem.store.numbers import TicketNumbers
from tandem.store.outbound import OutboundResets
from tandem.store.polls import Polls
from tandem.store.previews import Previews
from tandem.store.reads import BatchReader
from tandem.store.remote_links import RemoteLinks
from tandem.store.sign_ins import SignIns
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.queue import DeviceSyncQueue
from tandem.syncing.refresh_queue import DeviceRefreshQueue
from tandem.syncing.starting import SyncStarter
from tandem.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from tandem.connections.opening import Connections

# A request ends after 30 seconds: nothing may wait longer than a part of that.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})

# A replayed record is processed while the caller waits; a function that takes longer has it nevertheless.
_LAMBDA_CONFIG = _CONFIG.merge(Config(read_timeout=6, retries={"total_max_attempts": 1}))

# A preview fetches many small objects side by side.
_S3_CONFIG = _CONFIG.merge(Config(max_pool_connections=AT_ONCE))

_NUMBERS_AT_ONCE = 1  # few tickets are opened by hand: a block of 20 would only tear gaps


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=_CONFIG)


@cache
def _scheduler() -> Any:
    return boto3.client("scheduler", config=_CONFIG)


@cache
def _lambda() -> "LambdaClient":
    return boto3.client("lambda", config=_LAMBDA_CONFIG)


@cache
def _logs() -> "CloudWatchLogsClient":
    return boto3.client("logs", config=_CONFIG)


@cache
def _s3() -> "S3Client":
    return boto3.client("s3", config=_S3_CONFIG)


@cache
def _secrets_manager() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=_CONFIG)


def application(environment: Mapping[str, str] = os.environ) -> Application:
    """The admin API on what the environment names."""
    client = boto3.client("dynamodb", config=_CONFIG)
    name = environment["TABLE_NAME"]
    table = ConfigurationTable(client, name)
    boards, people = Boards(table), People(table)
    lookups = Lookups(client, name)
    writer, numbers = DecisionWriter(client, name, BuiltinDesk()), TicketNumbers(client, name, _NUMBERS_AT_ONCE)
    queue, dead_letters = AlertEventQueue(_sqs, environment["ALERT_QUEUE_URL"]), DeadLetters(client, name)
    contexts, sync_runs = ContextCache(client, name), SyncRuns(client, name)
    sync_queue = DeviceSyncQueue(_sqs, environment.get("DEVICE_SYNC_QUEUE_URL", ""))

    def open_reader(now: datetime) -> BatchReader:
        return BatchReader(client, name, now)

    def open_connections() -> "Connections":
        # What asks RMMs takes its time to import, and most requests ask none.
        from tandem.connections.bootstrap import connections

        return connections(client, _secrets_manager, environment)

    services = Services(
        table=table,
        integrations=Integrations(table),
        organizations=Organizations(table),
        clients=Clients(table),
        boards=boards,
        rules=Rules(table),
        windows=Windows(table),
        people=people,
        listing=Listing(client, name),
        lookups=lookups,
        devices=DeviceRecords(table),
        desk=DeskStore(lookups, writer, numbers),
        alert_desk=AlertDesk(open_reader, contexts, lookups, writer, numbers),
        open_reader=open_reader,
        contexts=contexts,
        archive=Archive(_s3, environment["BUCKET_NAME"]),
        previews=Previews(client, name),
        outbound=OutboundResets(client, name),
        signing_secrets=SecretsManagerSigningSecrets(_secrets_manager, environment["SECRET_PREFIX"]),
        connections=cache(open_connections),
        sign_ins=SignIns(client, name),
        schedules=_schedules(environment, "POLL_FUNCTION_ARN", POLLS),
        sync_schedules=_schedules(environment, "DEVICE_SYNC_FUNCTION_ARN", SYNCS),
        polls=Polls(client, name),
        poll_starter=FunctionPolls(_lambda, environment.get("POLL_FUNCTION_ARN", "")),
        sync_runs=sync_runs,
        sync_starter=SyncStarter(sync_runs, sync_queue),
        sync_queue=sync_queue,
        refreshes=DeviceRefreshQueue(_sqs, environment.get("DEVICE_REFRESH_QUEUE_URL", "")),
        assets=Assets(client, name),
        asset_listing=AssetListing(client, name),
        asset_joins=JoinWriter(client, name),
        fleets=Fleets(client, name),
        software=SoftwareShelf(_s3, environment["BUCKET_NAME"]),
        remote_links=RemoteLinks(client, name),
        audits=Audits(client, name),
        queue=queue,
        dead_letters=dead_letters,
        replaying=Replaying(dead_letters, _replayers(queue, environment)),
        inbox=Inbox(client, name),
        ingest_log=IngestLog(_logs, environment.get("INGEST_LOG_GROUP", "")),
        authenticator=Authenticator(people),
        clock=utc_now,
        tenant=environment.get("TENANT", ""),
        public_url=environment.get("PUBLIC_URL", ""),
    )

    def first_key() -> str:
        answer = _secrets_manager().get_secret_value(SecretId=environment["FIRST_ADMIN_KEY_SECRET_ARN"])
        return answer["SecretString"]

    return Application(services, ROUTES, FirstAdmin(table, boards, people, first_key, utc_now).ensure)


def _schedules(environment: Mapping[str, str], function: str, prefix: str) -> Schedules:
    if "SCHEDULE_GROUP" not in environment or function not in environment:
        return NoSchedules()
    return EventBridgeSchedules(
        _scheduler,
        group=environment["SCHEDULE_GROUP"],
        function=environment[function],
        role=environment["SCHEDULE_ROLE_ARN"],
        prefix=prefix,
    )


def _replayers(queue: AlertEventQueue, environment: Mapping[str, str]) -> dict[str, Replayer]:
    """By source. REPLAY_QUEUES: source → queue URL, STREAM_CONSUMERS: source → function name, both as JSON."""
    queues: dict[str, str] = json.loads(environment.get("REPLAY_QUEUES") or "{}")
    functions: dict[str, str] = json.loads(environment.get("STREAM_CONSUMERS") or "{}")
    return {
        **{source: QueueReplayer(_sqs, url) for source, url in queues.items()},
        **{source: StreamReplayer(_lambda, function) for source, function in functions.items()},
        ALERT_EVENTS: AlertEventReplayer(queue.send),
    }
