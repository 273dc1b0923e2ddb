"""The one place where alert_reset's outside is chosen."""

import os
import time
from collections.abc import Mapping

from tandem.alert_queue import AlertEventQueue
from tandem.clients import Clients
from tandem.connections import bootstrap as opening
from tandem.connections.limits import Deadline
from tandem.dead_letters.letters import DeadLetters
from tandem.outbound.resetter import Resetter
from tandem.outbound.turn import Outside
from tandem.redelivery import Redelivery
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.outbound import OutboundResets
from tandem.times import utc_now

_aws = Clients(read_timeout=5, max_attempts=3)

BATCH_SECONDS = 40.0
"""For what RMMs are asked in one batch: the function has a minute."""


def resetter(environment: Mapping[str, str] = os.environ) -> Resetter:
    """The resetter on what the environment names."""
    client, table = _aws.dynamodb(), environment["TABLE_NAME"]
    outside = Outside(
        wishes=OutboundResets(client, table),
        integrations=Integrations(ConfigurationTable(client, table)),
        rmms=opening.connections(client, _aws.secrets_manager, environment),
        events=AlertEventQueue(_aws.sqs, environment["ALERT_QUEUE_URL"]),
        dead_letters=DeadLetters(client, table),
        clock=utc_now,
    )
    return Resetter(outside, lambda turns: Deadline(BATCH_SECONDS / turns, time.monotonic))


def queue(environment: Mapping[str, str] = os.environ) -> Redelivery:
    """The queue that the batches come from."""
    return Redelivery(_aws.sqs(), environment["RESET_QUEUE_URL"])
