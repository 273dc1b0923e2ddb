"""Functions that renew one token at the same time, each a process of its own, on the emulator's table and secrets."""

import json
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

from tandem.connections.credentials import Credentials, Kept, Kind
from tests.emulator import EmulatedAws
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

pytestmark = pytest.mark.emulator

PROCESSES = 2
FUNCTION = """
import sys
import boto3
from tandem.connections.bootstrap import connections
from tests.integration.test_connections import Place, Provider

table, prefix, url = sys.argv[1:]
environment = {"TABLE_NAME": table, "SECRET_PREFIX": prefix, "ALLOW_PRIVATE_ADDRESSES": "1"}
opened = connections(boto3.client("dynamodb"), lambda: boto3.client("secretsmanager"), environment)
rmm = opened.open(Place(Provider.NINJAONE, url), opened.deadline(20))
print("ready", flush=True)
sys.stdin.readline()
print(rmm.check().name, flush=True)
"""


def test_two_functions_of_two_processes_spend_a_refresh_token_once(
    emulated_aws: EmulatedAws,
    secretsmanager: "SecretsManagerClient",
    table_name: str,
    simulated_ninjaone: NinjaOne,
) -> None:
    prefix = f"test-{uuid.uuid4().hex}"
    app = {"client_id": ninjaone.CLIENT_ID, "client_secret": ninjaone.CLIENT_SECRET}
    client = simulated_ninjaone.oauth.clients[ninjaone.CLIENT_ID]
    code = simulated_ninjaone.oauth.code(client, "x", "monitoring management offline_access", None)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "x", **app}
    issued = simulated_ninjaone.oauth.token(form, None)
    tokens = {
        "access_token": issued["access_token"],
        "refresh_token": issued["refresh_token"],
        "expires_at": "2026-11-21T03:00:00.000000Z",
        "renewals": 0,
    }
    kept = Kept(Credentials(Kind.AUTHORIZATION_CODE, app), simulated_ninjaone.url, tokens)
    secretsmanager.create_secret(Name=f"{prefix}/i1", SecretString=json.dumps(kept.as_values()))

    command = [sys.executable, "-c", FUNCTION, table_name, prefix, simulated_ninjaone.url]
    functions = [
        subprocess.Popen(
            command,
            env=_environment(emulated_aws),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for function in functions:
            assert function.stdout is not None
            assert function.stdout.readline() == "ready\n", _failure(function)
        for function in functions:
            assert function.stdin is not None
            function.stdin.write("go\n")
            function.stdin.flush()
        told = [function.communicate(timeout=30) for function in functions]
    finally:
        for function in functions:
            function.kill()
            function.wait()
    assert [out.startswith("NinjaOne at") for out, _ in told] == [True] * PROCESSES, told
    assert simulated_ninjaone.oauth.refreshes == 1
    after = Kept.of(json.loads(secretsmanager.get_secret_value(SecretId=f"{prefix}/i1")["SecretString"]))
    assert after.renewals == 1
    secretsmanager.delete_secret(SecretId=f"{prefix}/i1", ForceDeleteWithoutRecovery=True)


def _environment(aws: EmulatedAws) -> dict[str, str]:
    return {**aws.environment, "PYTHONPATH": ":".join(path for path in sys.path if path)}


def _failure(function: "subprocess.Popen[str]") -> str:
    return function.communicate(timeout=30)[1]
