"""The table, the queues and the secret store behind ingest's ports."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem.alerts.event_message import deduplication_id, encode
from tandem.alerts.models import AlertEvent
from tandem.ingest.answers import NotStored
from tandem.ingest.integration import Integration
from tandem.secrets import SigningSecrets
from tandem.store.codec import decode_item
from tandem.store.keys import integration_key
from tandem.syncing.refresh_message import RefreshMessage
from tandem.syncing.refresh_message import encode as encode_refresh

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


class TableDirectory:
    """Integrations in the table."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def find(self, integration_id: str) -> Integration | None:
        """The integration; None if there is none. Raises NotStored if the table cannot be read."""
        try:
            # Consistent: an integration works, and a rotated secret is live, from the moment the admin is told.
            reply = self._client.get_item(
                TableName=self._table_name, Key=_attributes(integration_id), ConsistentRead=True
            )
        except (ClientError, BotoCoreError) as error:
            raise NotStored(f"the table: {_cause(error)}") from error
        item = reply.get("Item")
        if item is None:
            return None
        values = decode_item(item)
        return None if values.get("deleted_at") else Integration.from_values(values)


class SigningSecretReader:
    """Signing secrets, read only."""

    def __init__(self, secrets: SigningSecrets) -> None:
        self._secrets = secrets

    def find(self, integration_id: str) -> str | None:
        """The signing secret; None if there is none. Raises NotStored if the store cannot be read."""
        try:
            secret: object = self._secrets.read(integration_id)
        except (ClientError, BotoCoreError) as error:
            raise NotStored(f"the secret store: {_cause(error)}") from error
        except (KeyError, TypeError, ValueError):
            # `from None`: the text that could not be read is a secret.
            raise NotStored("the secret store: the secret is not the JSON object that Tandem writes") from None
        # Anyone can sign with an empty secret.
        return secret if isinstance(secret, str) and secret else None


class SqsAlertQueue:
    """alert-events.fifo."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, event: AlertEvent) -> None:
        """Returns when SQS has the event. Raises NotStored."""
        try:
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=encode(event),
                MessageGroupId=event.group_id,
                MessageDeduplicationId=deduplication_id(event),
            )
        except (ClientError, BotoCoreError) as error:
            raise NotStored(f"the queue: {_cause(error)}") from error


class SqsReadBackQueue:
    """The queue of events that are completed from their RMM's API before they enter alert-events.fifo."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, event: AlertEvent) -> None:
        """Returns when SQS has the event. Raises NotStored."""
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=encode(event))
        except (ClientError, BotoCoreError) as error:
            raise NotStored(f"the queue of what is read back: {_cause(error)}") from error


class SqsRefreshQueue:
    """device-refresh.fifo. `brief`: makes a client that does not wait, at its first use."""

    def __init__(self, client: "SQSClient", brief: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._client = client
        self._brief_client = brief
        self._queue_url = queue_url

    def send(self, message: RefreshMessage, now: datetime, *, briefly: bool = False) -> None:
        """Returns when SQS has the message. Raises NotStored."""
        client = self._brief_client() if briefly else self._client
        try:
            client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=encode_refresh(message),
                MessageGroupId=message.group_id,
                MessageDeduplicationId=message.deduplication_id(now),
            )
        except (ClientError, BotoCoreError) as error:
            raise NotStored(f"the queue of devices: {_cause(error)}") from error


def _attributes(integration_id: str) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in integration_key(integration_id).items()}


def _cause(error: ClientError | BotoCoreError) -> str:
    """The error's name; its text may quote what was sent."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} {error.response.get('Error', {}).get('Code', 'unknown')}"
    return type(error).__name__
