"""The one place where alert_processor's outside is chosen."""

import os

import boto3
from botocore.config import Config

from tandem.dead_letters.letters import DeadLetters
from tandem.desk.builtin import BuiltinDesk
from tandem.processing.processor import AlertProcessor
from tandem.redelivery import Redelivery
from tandem.store.apply import DecisionWriter
from tandem.store.context import ContextCache
from tandem.store.numbers import TicketNumbers
from tandem.store.reads import BatchReader
from tandem.times import utc_now

# A call answers within milliseconds or is worth repeating; a batch must end before the function's own time does.
# Requests are made by store/codec.py from typed records: botocore's check of each attribute against the service's model
# finds nothing more, and takes a fifth of the time that an event computes (`make bench`). The user agent is given, or
# botocore would compose its own from a dozen parts twice for each call.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "max_attempts": 3},
    parameter_validation=False,
    user_agent="tandem",
)


def processor() -> AlertProcessor:
    """The processor on the table that the environment names."""
    client = boto3.client("dynamodb", config=_CONFIG)
    table = os.environ["TABLE_NAME"]
    return AlertProcessor(
        open_reader=lambda now: BatchReader(client, table, now),
        writer=DecisionWriter(client, table, BuiltinDesk()),
        contexts=ContextCache(client, table),
        numbers=TicketNumbers(client, table),
        dead_letters=DeadLetters(client, table),
        clock=utc_now,
    )


def queue() -> Redelivery:
    """The queue that the batches come from."""
    return Redelivery(boto3.client("sqs", config=_CONFIG), os.environ["ALERT_QUEUE_URL"])
