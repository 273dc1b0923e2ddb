"""The one place where scheduled_poll's outside is chosen."""

import os
import time

from tandem.alert_queue import AlertEventQueue
from tandem.clients import Clients
from tandem.connections.bootstrap import connections
from tandem.ids import new_id
from tandem.polling.listings import BucketListings
from tandem.polling.poller import Poller
from tandem.polling.settings import polled_every
from tandem.polling.work import Around, PollWork
from tandem.scheduling import drift
from tandem.scheduling.drift import Mended
from tandem.scheduling.schedules import POLLS, EventBridgeSchedules
from tandem.store.beliefs import Beliefs
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.statuses import IntegrationStatuses
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.polls import Polls
from tandem.syncing.refresh_queue import DeviceRefreshQueue
from tandem.times import utc_now

# A poll has minutes, and repeating it costs the RMM a whole listing: better a few tries here.
_aws = Clients(read_timeout=10, max_attempts=4)


def _schedules(function_arn: str) -> EventBridgeSchedules:
    # What the function is called it only learns when it is invoked: its environment cannot name it.
    group, role = os.environ["SCHEDULE_GROUP"], os.environ["SCHEDULE_ROLE_ARN"]
    return EventBridgeSchedules(_aws.scheduler, group=group, function=function_arn, role=role, prefix=POLLS)


def work(function_arn: str) -> PollWork:
    """Polls on the table, queue, bucket and schedules that the environment names. `function_arn`: this function's."""
    client, name = _aws.dynamodb(), os.environ["TABLE_NAME"]
    refresh_url = os.environ.get("DEVICE_REFRESH_QUEUE_URL")
    beliefs = Beliefs(client, name)
    queue = AlertEventQueue(_aws.sqs, os.environ["ALERT_QUEUE_URL"])
    table = ConfigurationTable(client, name)
    integrations = Integrations(table)
    return PollWork(
        integrations=integrations,
        statuses=IntegrationStatuses(table, integrations),
        polls=Polls(client, name),
        opening=connections(client, _aws.secrets_manager, os.environ),
        poller=Poller(beliefs, BucketListings(_aws.s3, os.environ["BUCKET_NAME"]), queue, utc_now),
        beliefs=beliefs,
        queue=queue,
        schedules=_schedules(function_arn),
        around=Around(utc_now, time.monotonic, new_id),
        refreshes=DeviceRefreshQueue(_aws.sqs, refresh_url) if refresh_url else None,
    )


def mend(function_arn: str) -> Mended:
    """The daily check."""
    integrations = Integrations(ConfigurationTable(_aws.dynamodb(), os.environ["TABLE_NAME"]))
    return drift.mend(integrations, _schedules(function_arn), polled_every)
