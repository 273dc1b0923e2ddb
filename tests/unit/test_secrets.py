import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from tandem.secrets import WAITS_SECONDS, SecretsManagerSigningSecrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

NAME = "tandem/acme/integrations/level"
SCHEDULED = "You can't create this secret because a secret with this name is already scheduled for deletion."
MARKED = "You can't perform this operation on the secret because it was marked for deletion."


class SlowToDelete:
    """Secrets Manager, which goes on deleting for `seconds` of the sleeper's time after it has said that it did."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.secrets: dict[str, str] = {}
        self.gone_at: dict[str, float] = {}

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def create_secret(self, Name: str, SecretString: str) -> dict[str, Any]:  # noqa: N803
        if self._is_being_deleted(Name):
            raise _refused("InvalidRequestException", SCHEDULED)
        if Name in self.secrets:
            raise _refused("ResourceExistsException", "there is one")
        self.secrets[Name] = SecretString
        return {}

    def put_secret_value(self, SecretId: str, SecretString: str) -> dict[str, Any]:  # noqa: N803
        self._expect(SecretId)
        self.secrets[SecretId] = SecretString
        return {}

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        self._expect(SecretId)
        return {"SecretString": self.secrets[SecretId]}

    def delete_secret(self, SecretId: str, ForceDeleteWithoutRecovery: bool) -> dict[str, Any]:  # noqa: N803
        assert ForceDeleteWithoutRecovery
        self._expect(SecretId)
        self.gone_at[SecretId] = self.now + self.seconds
        return {}

    def _expect(self, name: str) -> None:
        if self._is_being_deleted(name):
            raise _refused("InvalidRequestException", MARKED)
        if name not in self.secrets:
            raise _refused("ResourceNotFoundException", "there is none")

    def _is_being_deleted(self, name: str) -> bool:
        if name in self.gone_at and self.now >= self.gone_at[name]:
            del self.gone_at[name], self.secrets[name]
        return name in self.gone_at


def _refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def _signing_secrets(store: SlowToDelete) -> SecretsManagerSigningSecrets:
    client = cast("SecretsManagerClient", store)
    return SecretsManagerSigningSecrets(lambda: client, "tandem/acme/integrations", store.sleep)


def test_a_signing_secret_can_be_written_again_while_the_one_before_is_still_being_deleted() -> None:
    store = SlowToDelete(3)
    secrets = _signing_secrets(store)
    secrets.write("level", "first")
    secrets.remove("level")

    secrets.write("level", "second")

    assert json.loads(store.secrets[NAME]) == {"signing_secret": "second"}
    assert secrets.read("level") == "second"
    assert 3 <= store.now < 6


def test_a_deletion_that_does_not_end_is_told_within_a_requests_time() -> None:
    store = SlowToDelete(3600)
    secrets = _signing_secrets(store)
    secrets.write("level", "first")
    secrets.remove("level")

    with pytest.raises(ClientError, match="scheduled for deletion"):
        secrets.write("level", "second")

    assert store.now == sum(WAITS_SECONDS) < 10


def test_a_secret_that_is_being_deleted_is_no_secret_any_more() -> None:
    store = SlowToDelete(3600)
    secrets = _signing_secrets(store)
    secrets.write("level", "first")

    secrets.remove("level")
    secrets.remove("level")

    assert secrets.read("level") is None


def test_a_secret_that_is_there_is_replaced_at_once() -> None:
    store = SlowToDelete(3)
    secrets = _signing_secrets(store)

    secrets.write("level", "first")
    secrets.write("level", "second")

    assert secrets.read("level") == "second"
    assert store.now == 0


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidRequestException"])
def test_any_other_refusal_is_told_at_once(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    store = SlowToDelete(3)

    def refuse(**_: object) -> None:
        raise _refused(code, "no")

    for operation in ("create_secret", "get_secret_value", "delete_secret"):
        monkeypatch.setattr(store, operation, refuse)
    secrets = _signing_secrets(store)

    with pytest.raises(ClientError, match="no"):
        secrets.write("level", "first")
    with pytest.raises(ClientError, match="no"):
        secrets.read("level")
    with pytest.raises(ClientError, match="no"):
        secrets.remove("level")
    assert store.now == 0


def test_what_stands_beside_a_signing_secret_stays_when_it_comes_and_goes() -> None:
    store = SlowToDelete(0)
    secrets = _signing_secrets(store)
    store.secrets[NAME] = json.dumps({"credentials": {"kind": "api_key"}})

    assert secrets.read("level") is None
    secrets.remove("level")
    secrets.write("level", "first")
    assert json.loads(store.secrets[NAME]) == {"credentials": {"kind": "api_key"}, "signing_secret": "first"}

    secrets.remove("level")
    assert json.loads(store.secrets[NAME]) == {"credentials": {"kind": "api_key"}}
