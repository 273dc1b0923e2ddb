"""Secrets that must be read again as they are: Level's webhook signing secrets, in AWS Secrets Manager.

One secret an integration, named `<prefix>/<integration id>`, holds `{"signing_secret": "..."}`. Nothing here logs a
value, and no error carries one.

Secrets Manager deletes some time after it has said so. Until then the name is taken: reading, that is no secret any
more, and writing waits for the end of it.
"""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

WAITS_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Before each further attempt to write a secret whose name is being deleted; together well below a request's time."""


class SigningSecrets(Protocol):
    """Where signing secrets are kept."""

    def read(self, integration_id: str) -> str | None:
        """The signing secret of the integration; None if it has none."""
        ...

    def write(self, integration_id: str, signing_secret: str) -> None:
        """Keep this signing secret in place of any before."""
        ...

    def remove(self, integration_id: str) -> None:
        """Forget the signing secret, if there is one."""
        ...


class SecretsManagerSigningSecrets:
    """Signing secrets in Secrets Manager. `client` makes the AWS client at the first use: most requests need none."""

    def __init__(
        self,
        client: "Callable[[], SecretsManagerClient]",
        prefix: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._sleep = sleep

    def read(self, integration_id: str) -> str | None:
        """The signing secret of the integration. Raises ClientError when Secrets Manager cannot be asked."""
        try:
            answer = self._client().get_secret_value(SecretId=self._name(integration_id))
        except ClientError as error:
            if _is_gone(error):
                return None
            raise
        value: str = json.loads(answer["SecretString"])["signing_secret"]
        return value

    def write(self, integration_id: str, signing_secret: str) -> None:
        """Keep this signing secret. Raises ClientError when Secrets Manager refuses, or has not done with deleting the
        secret before."""
        name = self._name(integration_id)
        text = json.dumps({"signing_secret": signing_secret})
        for wait in WAITS_SECONDS:
            try:
                return self._create_or_replace(name, text)
            except ClientError as error:
                if not _is_gone(error):
                    raise
            self._sleep(wait)
        return self._create_or_replace(name, text)

    def _create_or_replace(self, name: str, text: str) -> None:
        try:
            self._client().create_secret(Name=name, SecretString=text)
        except ClientError as error:
            if _code(error) != "ResourceExistsException":
                raise
            self._client().put_secret_value(SecretId=name, SecretString=text)

    def remove(self, integration_id: str) -> None:
        """Remove it at once, with no time to recover it: the RMM makes a new one any time."""
        try:
            self._client().delete_secret(SecretId=self._name(integration_id), ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            if not _is_gone(error):
                raise

    def _name(self, integration_id: str) -> str:
        return f"{self._prefix}/{integration_id}"


def _is_gone(error: ClientError) -> bool:
    """There is no such secret, or it is being deleted: "(already) scheduled for deletion", "marked for deletion"."""
    if _code(error) == "InvalidRequestException":
        return "for deletion" in error.response["Error"].get("Message", "")
    return _code(error) == "ResourceNotFoundException"


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
