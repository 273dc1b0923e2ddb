"""The one place where due_sweep's outside is chosen."""

import os

import boto3
from botocore.config import Config

from tandem.alert_queue import AlertEventQueue
from tandem.store import keys
from tandem.store.due import DueTimes
from tandem.store.lookups import Lookups
from tandem.sweeping.digests import Digests
from tandem.sweeping.held_alerts import HeldAlerts
from tandem.sweeping.sweep import Handler, Sweep
from tandem.times import utc_now

# A call that waits longer than this would take the time of hundreds of alerts; the next run has it again.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


def sweep() -> Sweep:
    """The sweep on the table and the queue that the environment names."""
    client = boto3.client("dynamodb", config=_CONFIG)
    sqs = boto3.client("sqs", config=_CONFIG)
    table = os.environ["TABLE_NAME"]
    times = DueTimes(client, table)
    queue = AlertEventQueue(lambda: sqs, os.environ["ALERT_QUEUE_URL"])
    held_alerts = HeldAlerts(times, Lookups(client, table), queue, utc_now)
    handlers: dict[str, Handler] = {keys.WINDOW_ENDS: held_alerts.ended, keys.WINDOW_CHANGED: held_alerts.changed}
    if notifications := os.environ.get("NOTIFICATIONS_QUEUE_URL"):
        handlers[keys.DIGEST] = Digests(lambda: sqs, notifications).due
    return Sweep(times, handlers, utc_now)
