"""Secrets that must be read again as they are: Level's webhook signing secrets, in AWS Secrets Manager.

One secret an integration, named `<prefix>/<integration id>`, holds `{"signing_secret": "..."}`. Nothing here logs a
value, and no error carries one.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


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

    def __init__(self, client: "Callable[[], SecretsManagerClient]", prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, integration_id: str) -> str | None:
        """The signing secret of the integration. Raises ClientError when Secrets Manager cannot be asked."""
        try:
            answer = self._client().get_secret_value(SecretId=self._name(integration_id))
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                return None
            raise
        value: str = json.loads(answer["SecretString"])["signing_secret"]
        return value

    def write(self, integration_id: str, signing_secret: str) -> None:
        """Keep this signing secret. Raises ClientError when Secrets Manager refuses."""
        name = self._name(integration_id)
        text = json.dumps({"signing_secret": signing_secret})
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
            if _code(error) != "ResourceNotFoundException":
                raise

    def _name(self, integration_id: str) -> str:
        return f"{self._prefix}/{integration_id}"


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
