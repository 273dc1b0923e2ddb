"""The one place where event_publisher's outside is chosen."""

import os
import time

import boto3
from botocore.config import Config

from tandem.dead_letters.letters import DeadLetters
from tandem.events.bus import EventBus
from tandem.events.names import source
from tandem.events.publisher import EventPublisher
from tandem.times import utc_now

# A call answers within milliseconds or is worth repeating; the publisher itself is patient after that.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


def publisher() -> EventPublisher:
    """The publisher on the bus and the table that the environment names."""
    tenant = os.environ["TENANT"]
    return EventPublisher(
        bus=EventBus(boto3.client("events", config=_CONFIG), os.environ["EVENT_BUS_NAME"], source(tenant)),
        dead_letters=DeadLetters(boto3.client("dynamodb", config=_CONFIG), os.environ["TABLE_NAME"]),
        tenant=tenant,
        clock=utc_now,
        sleep=time.sleep,
    )
