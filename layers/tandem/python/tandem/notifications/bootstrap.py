"""The one place where notifier's outside is chosen."""

import logging
import os
from collections.abc import Mapping

import boto3
from botocore.config import Config

from tandem import telemetry
from tandem.dead_letters.letters import DeadLetters
from tandem.notifications.facts import TicketFacts
from tandem.notifications.ledger import Ledger
from tandem.notifications.mail import Mailer, SesMailer
from tandem.notifications.notifier import Notifier
from tandem.notifications.post import Post
from tandem.redelivery import Redelivery
from tandem.store.configuration.clients import Clients
from tandem.store.configuration.people import People
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.lookups import Lookups
from tandem.times import utc_now

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})

# SES knows no idempotency: what botocore repeated might be mailed twice. The queue repeats, and knows what was sent.
_ONCE = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1})


def notifier(environment: Mapping[str, str] = os.environ) -> Notifier:
    """The notifier on what the environment names."""
    client, table = boto3.client("dynamodb", config=_CONFIG), environment["TABLE_NAME"]
    configuration = ConfigurationTable(client, table)
    ledger = Ledger(client, table)
    return Notifier(
        ledger=ledger,
        users=People(configuration),
        facts=TicketFacts(client, table, Lookups(client, table), Clients(configuration)),
        post=Post(ledger, _mailer(environment.get("MAIL_SENDER", "")), DeadLetters(client, table), utc_now),
        clock=utc_now,
        public_url=environment.get("PUBLIC_URL", ""),
    )


def redelivery(environment: Mapping[str, str] = os.environ) -> Redelivery:
    """The queue that the batches come from."""
    return Redelivery(boto3.client("sqs", config=_CONFIG), environment["NOTIFICATIONS_QUEUE_URL"])


def _mailer(sender: str) -> Mailer | None:
    if not sender:
        telemetry.log(logging.INFO, "no sender is configured: nobody is mailed, notifications are shown in Tandem only")
        return None
    return SesMailer(boto3.client("sesv2", config=_ONCE), sender)
