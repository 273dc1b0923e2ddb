"""The one place where ticket_close_reset's outside is chosen."""

import os
from collections.abc import Mapping

from tandem.alert_queue import AlertEventQueue
from tandem.clients import Clients
from tandem.dead_letters.letters import DeadLetters
from tandem.outbound.dispatcher import Dispatcher
from tandem.outbound.queue import ResetQueue
from tandem.redelivery import Redelivery
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.lookups import Lookups
from tandem.store.outbound import OutboundResets
from tandem.times import utc_now

_aws = Clients(read_timeout=5, max_attempts=3)


def dispatcher(environment: Mapping[str, str] = os.environ) -> Dispatcher:
    """The dispatcher on what the environment names."""
    client, table = _aws.dynamodb(), environment["TABLE_NAME"]
    return Dispatcher(
        lookups=Lookups(client, table),
        wishes=OutboundResets(client, table),
        integrations=Integrations(ConfigurationTable(client, table)),
        resets=ResetQueue(_aws.sqs, environment["RESET_QUEUE_URL"]),
        events=AlertEventQueue(_aws.sqs, environment["ALERT_QUEUE_URL"]),
        dead_letters=DeadLetters(client, table),
        clock=utc_now,
    )


def queue(environment: Mapping[str, str] = os.environ) -> Redelivery:
    """The queue that the batches come from."""
    return Redelivery(_aws.sqs(), environment["CLOSES_QUEUE_URL"])
