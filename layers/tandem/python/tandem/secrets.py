"""What must be read again as it is and nobody may see, in AWS Secrets Manager.

One secret an integration, named `<prefix>/<integration id>`, holds a JSON object: Level's `signing_secret`, and what
connections/credentials.py keeps beside it. Nothing here logs a value, and no error carries one.

Secrets Manager deletes some time after it has said so. Until then the name is taken: reading, that is no secret any
more, and writing waits for the end of it.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

WAITS_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Before each further attempt to write a secret whose name is being deleted; together well below a request's time."""

_SIGNING_SECRET = "signing_secret"  # noqa: S105  a member's name


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


class SecretsManagerSecrets:
    """The whole secret of each integration. `client` makes the AWS client at the first use: most requests need none."""

    def __init__(
        self,
        client: "Callable[[], SecretsManagerClient]",
        prefix: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._sleep = sleep

    def read_all(self, integration_id: str) -> dict[str, Any]:
        """The object; empty if there is none. Raises ClientError when Secrets Manager cannot be asked, ValueError for
        what is no JSON object."""
        try:
            answer = self._client().get_secret_value(SecretId=self._name(integration_id))
        except ClientError as error:
            if _is_gone(error):
                return {}
            raise
        found = json.loads(answer["SecretString"])
        if not isinstance(found, dict):
            raise ValueError("the secret is no JSON object")
        return found

    def keep_all(self, integration_id: str, values: Mapping[str, Any]) -> None:
        """Keep this object in place of any before; an empty one is none. Raises ClientError when Secrets Manager
        refuses, or has not done with deleting the secret before."""
        if not values:
            return self.forget(integration_id)
        name = self._name(integration_id)
        text = json.dumps(dict(values))
        for wait in WAITS_SECONDS:
            try:
                return self._create_or_replace(name, text)
            except ClientError as error:
                if not _is_gone(error):
                    raise
            self._sleep(wait)
        return self._create_or_replace(name, text)

    def forget(self, integration_id: str) -> None:
        """Remove it at once, with no time to recover it: the RMM makes new ones any time."""
        try:
            self._client().delete_secret(SecretId=self._name(integration_id), ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            if not _is_gone(error):
                raise

    def _create_or_replace(self, name: str, text: str) -> None:
        try:
            self._client().create_secret(Name=name, SecretString=text)
        except ClientError as error:
            if _code(error) != "ResourceExistsException":
                raise
            self._client().put_secret_value(SecretId=name, SecretString=text)

    def _name(self, integration_id: str) -> str:
        return f"{self._prefix}/{integration_id}"


class SecretsManagerSigningSecrets:
    """Signing secrets, each a member of its integration's secret."""

    def __init__(
        self,
        client: "Callable[[], SecretsManagerClient]",
        prefix: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets = SecretsManagerSecrets(client, prefix, sleep)

    def read(self, integration_id: str) -> str | None:
        """The signing secret of the integration. Raises as `read_all`."""
        value: str | None = self._secrets.read_all(integration_id).get(_SIGNING_SECRET)
        return value

    def write(self, integration_id: str, signing_secret: str) -> None:
        """Keep this signing secret, and all else as it is. Raises as `read_all` and `keep_all`."""
        others = self._secrets.read_all(integration_id)
        self._secrets.keep_all(integration_id, others | {_SIGNING_SECRET: signing_secret})

    def remove(self, integration_id: str) -> None:
        """Forget it, and leave all else as it is. Raises as `read_all` and `keep_all`."""
        others = self._secrets.read_all(integration_id)
        if others.pop(_SIGNING_SECRET, None) is not None:
            self._secrets.keep_all(integration_id, others)


def _is_gone(error: ClientError) -> bool:
    """There is no such secret, or it is being deleted: "(already) scheduled for deletion", "marked for deletion"."""
    if _code(error) == "InvalidRequestException":
        return "for deletion" in error.response["Error"].get("Message", "")
    return _code(error) == "ResourceNotFoundException"


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
