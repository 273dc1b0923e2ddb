"""The one place where device_sync's outside is chosen."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tandem.alert_queue import AlertEventQueue
from tandem.clients import Clients
from tandem.connections.bootstrap import connections
from tandem.dead_letters.letters import DeadLetters
from tandem.redelivery import Redelivery
from tandem.scheduling import drift
from tandem.scheduling.drift import Mended
from tandem.scheduling.schedules import SYNCS, EventBridgeSchedules
from tandem.store.asset_apply import PageWriter
from tandem.store.assets import Assets
from tandem.store.configuration.clients import Clients as ClientRecords
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.organizations import Organizations
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.fleets import Fleets
from tandem.store.listing import Listing
from tandem.store.lookups import Lookups
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.arrivals import AlertArrivals
from tandem.syncing.documents import SoftwareDocuments
from tandem.syncing.queue import DeviceSyncQueue
from tandem.syncing.received import Message
from tandem.syncing.refresh import RefreshWork
from tandem.syncing.settings import turn_every
from tandem.syncing.staging import BucketStaging
from tandem.syncing.starting import SyncStarter
from tandem.syncing.steps import Steps
from tandem.syncing.tools import Tools
from tandem.syncing.turns import Turns
from tandem.syncing.work import SyncWork
from tandem.times import utc_now

# A step has minutes, and repeating it costs the RMM a listing: better a few tries here.
_aws = Clients(read_timeout=10, max_attempts=4)

REFRESH_SECONDS = 60.0
"""For what RMMs are asked in one batch of single devices: others of the integration wait behind it."""


@dataclass(frozen=True, slots=True)
class Syncing:
    """What the function's three ways in need: steps of runs, single devices, turns by the clock."""

    steps: Steps
    refreshes: RefreshWork
    turns: Turns


def syncing(function_arn: str, environment: Mapping[str, str] = os.environ) -> Syncing:
    """All of it on what the environment names. `function_arn`: this function's."""
    client, name = _aws.dynamodb(), environment["TABLE_NAME"]
    configuration = ConfigurationTable(client, name)
    integrations, runs, lookups = Integrations(configuration), SyncRuns(client, name), Lookups(client, name)
    queue = DeviceSyncQueue(_aws.sqs, environment["DEVICE_SYNC_QUEUE_URL"])
    events = AlertEventQueue(_aws.sqs, environment["ALERT_QUEUE_URL"])
    tools = Tools(
        runs=runs,
        fleets=Fleets(client, name),
        assets=Assets(client, name),
        lookups=lookups,
        pages=PageWriter(client, name),
        organizations=Organizations(configuration),
        clients=ClientRecords(configuration),
        staging=BucketStaging(_aws.s3, environment["BUCKET_NAME"]),
        documents=SoftwareDocuments(_aws.s3, environment["BUCKET_NAME"]),
        queue=queue,
        arrivals=AlertArrivals(Listing(client, name), lookups, events, utc_now),
        clock=utc_now,
        monotonic=time.monotonic,
        opening=connections(client, _aws.secrets_manager, environment),
        auto_map_organizations=environment.get("AUTO_MAP_ORGANIZATIONS") == "1",
    )
    starter = SyncStarter(runs, queue)
    turns = Turns(integrations, runs, starter, _schedules(function_arn, environment))
    work = SyncWork(tools, integrations, lambda integration_id: turns.run_ended(integration_id, utc_now()))
    dead_letters = DeadLetters(client, name)
    return Syncing(
        steps=Steps(work, dead_letters, utc_now),
        refreshes=RefreshWork(tools, integrations, starter, dead_letters, REFRESH_SECONDS),
        turns=turns,
    )


def mend(function_arn: str, environment: Mapping[str, str] = os.environ) -> Mended:
    """The daily check."""
    integrations = Integrations(ConfigurationTable(_aws.dynamodb(), environment["TABLE_NAME"]))
    return drift.mend(integrations, _schedules(function_arn, environment), turn_every)


def steps_queue(environment: Mapping[str, str] = os.environ) -> Redelivery:
    """The queue that steps come from."""
    return Redelivery(_aws.sqs(), environment["DEVICE_SYNC_QUEUE_URL"])


def refresh_queue(environment: Mapping[str, str] = os.environ) -> Redelivery:
    """The queue that single devices come from."""
    return Redelivery(_aws.sqs(), environment["DEVICE_REFRESH_QUEUE_URL"])


def message_of(record: Mapping[str, Any]) -> Message:
    """The message of one record of an SQS event."""
    attributes = record["attributes"]
    sent_at = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    attempts, group_id = int(attributes["ApproximateReceiveCount"]), attributes.get("MessageGroupId")
    return Message(record["messageId"], record["body"], sent_at, attempts, group_id)


def _schedules(function_arn: str, environment: Mapping[str, str]) -> EventBridgeSchedules:
    # What the function is called it only learns when it is invoked: its environment cannot name it.
    group, role = environment["SCHEDULE_GROUP"], environment["SCHEDULE_ROLE_ARN"]
    return EventBridgeSchedules(_aws.scheduler, group=group, function=function_arn, role=role, prefix=SYNCS)
