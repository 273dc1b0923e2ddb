"""The one place where webhook_ingest's outside is chosen."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache

import boto3
from botocore.config import Config

from tandem import telemetry
from tandem.alerts.models import AlertEvent
from tandem.ingest.authentication import Authentication
from tandem.ingest.aws import (
    SigningSecretReader,
    SqsAlertQueue,
    SqsReadBackQueue,
    SqsRefreshQueue,
    TableDirectory,
)
from tandem.ingest.integration import REMEMBERED_SECONDS
from tandem.ingest.refreshing import Refreshing
from tandem.ingest.remembered import Remembered
from tandem.ingest.service import FUNCTION, WebhookIngest
from tandem.ingest.telling import WebhookTeller
from tandem.secrets import SecretsManagerSigningSecrets

# Tactical waits 8 s and never sends twice: one of table and queue may hang once, and be asked again within that time.
_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
# Nobody waits for what is told of a webhook, least of all its sender.
_TELLING = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1, "mode": "standard"})


def bootstrap(environment: Mapping[str, str]) -> WebhookIngest:
    """Ingest on AWS. Raises KeyError for a missing TABLE_NAME, ALERT_QUEUE_URL or SECRET_PREFIX.

    The clients of table and queue are made here, while the function starts, since every webhook needs both; that of
    the secret store is made by the first signed webhook, and the one that asks without waiting for an alert's device to
    be looked at by the first such alert. That of the event bus is made only where EVENT_BUS_NAME says that webhooks are
    told of.
    """
    telemetry.configure(FUNCTION, environment.get("LOG_LEVEL", "INFO"))
    directory = TableDirectory(boto3.client("dynamodb", config=_CONFIG), environment["TABLE_NAME"])
    secrets = SecretsManagerSigningSecrets(
        cache(lambda: boto3.client("secretsmanager", config=_CONFIG)), environment["SECRET_PREFIX"]
    )
    sqs = boto3.client("sqs", config=_CONFIG)
    brief_sqs = cache(lambda: boto3.client("sqs", config=_TELLING))
    read_back_url, refresh_url = environment.get("READ_BACK_QUEUE_URL"), environment.get("DEVICE_REFRESH_QUEUE_URL")
    return WebhookIngest(
        integrations=Remembered(directory.find, time.monotonic, REMEMBERED_SECONDS),
        authentication=Authentication(Remembered(SigningSecretReader(secrets).find, time.monotonic)),
        queue=SqsAlertQueue(sqs, environment["ALERT_QUEUE_URL"]),
        read_back=SqsReadBackQueue(sqs, read_back_url) if read_back_url else None,
        refreshing=Refreshing(SqsRefreshQueue(sqs, brief_sqs, refresh_url), time.monotonic) if refresh_url else None,
        now=lambda: datetime.now(UTC),
        tell=teller(environment),
    )


def teller(environment: Mapping[str, str]) -> Callable[[AlertEvent], None] | None:
    """What tells the event bus of webhooks; None where EVENT_BUS_NAME is missing. Raises KeyError for a missing TENANT
    beside it."""
    bus = environment.get("EVENT_BUS_NAME")
    if not bus:
        return None
    client = cache(lambda: boto3.client("events", config=_TELLING))
    return WebhookTeller(client, bus, environment["TENANT"]).tell
