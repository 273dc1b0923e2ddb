"""The one place where read_back's outside is chosen."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tandem.alert_queue import AlertEventQueue
from tandem.clients import Clients
from tandem.connections import bootstrap as opening
from tandem.dead_letters.letters import DeadLetters
from tandem.readback.reader import Message, ReadBack
from tandem.redelivery import Redelivery
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.table import ConfigurationTable
from tandem.times import utc_now

_aws = Clients(read_timeout=5, max_attempts=3)

BATCH_SECONDS = 20.0
"""For what RMMs are asked in one batch: an alert waits for it."""


def read_back(environment: Mapping[str, str] = os.environ) -> ReadBack:
    """The worker on what the environment names."""
    client, table = _aws.dynamodb(), environment["TABLE_NAME"]
    return ReadBack(
        integrations=Integrations(ConfigurationTable(client, table)),
        rmms=opening.connections(client, _aws.secrets_manager, environment),
        events=AlertEventQueue(_aws.sqs, environment["ALERT_QUEUE_URL"]),
        dead_letters=DeadLetters(client, table),
        clock=utc_now,
        seconds=BATCH_SECONDS,
        monotonic=time.monotonic,
    )


def queue(environment: Mapping[str, str] = os.environ) -> Redelivery:
    """The queue that the batches come from."""
    return Redelivery(_aws.sqs(), environment["READ_BACK_QUEUE_URL"])


def message_of(record: Mapping[str, Any]) -> Message:
    """The message of one record of an SQS event."""
    attributes = record["attributes"]
    sent_at = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    return Message(record["messageId"], record["body"], sent_at, int(attributes["ApproximateReceiveCount"]))
