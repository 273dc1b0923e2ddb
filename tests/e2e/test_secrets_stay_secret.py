"""No secret, key or raw Authorization header stands in any log line, event or answer, but the one that made it."""

import json
from typing import Any

import pytest

from tests.e2e.bodies import level, ninjaone
from tests.e2e.conftest import Stack
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.simulator import TacticalRmm

pytestmark = pytest.mark.emulator


def test_no_secret_stands_in_any_log_line_or_later_answer(
    stack: Stack, simulated_tacticalrmm: TacticalRmm, simulated_level: Level
) -> None:
    client = stack.new_client()
    rmm = stack.connect("ninjaone", default_client_id=client)
    signed = stack.connect("levelio", signing_secret="a-signing-secret-of-level", default_client_id=client)
    user = stack.ok("POST", "/users", {"name": "Ann", "email": "ann@example.com", "role": "technician"})
    key = stack.ok("POST", "/api-keys", {"user_id": user["id"], "role": "technician"})["key"]
    secrets = [stack.admin_key, key, rmm.secret, signed.secret, "a-signing-secret-of-level", "a-wrong-guess"]
    secrets += [tacticalrmm.API_KEY, tacticalrmm.PASSWORD, levelio.API_KEY]
    polled = [
        connected(stack, "tacticalrmm", simulated_tacticalrmm.url, {"api_key": tacticalrmm.API_KEY}),
        connected(stack, "tacticalrmm", simulated_tacticalrmm.url, {"username": "no2fa", "password": "a-wrong-guess"}),
        connected(
            stack,
            "tacticalrmm",
            simulated_tacticalrmm.url,
            {"username": tacticalrmm.USERNAME_WITHOUT_TOTP, "password": tacticalrmm.PASSWORD},
        ),
        connected(stack, "levelio", simulated_level.url, {"api_key": levelio.API_KEY}),
        connected(stack, "levelio", simulated_level.url, {"api_key": "a-wrong-guess"}),
    ]
    assert [each is not None for each in polled] == [True, False, True, True, False]
    secrets += list(simulated_tacticalrmm.accounts.tokens)
    simulated_tacticalrmm.down()
    simulated_level.api.keys.clear()
    for each in polled:
        assert each is None or stack.ok("POST", f"/integrations/{each}/test")["ok"] is False

    stack.accepted(rmm, ninjaone("s"))
    stack.accepted(signed, level("s"))
    stack.http.post(f"{rmm.url}?secret={rmm.secret}", content=b"broken {")
    stack.http.post(f"{rmm.url}?secret=a-wrong-guess", content=json.dumps(ninjaone("t")).encode())
    stack.post(signed, level("t"), **{"X-Level-Signature": "sha256=a-wrong-guess"})
    stack.api("GET", "/alerts", key=key)
    stack.api("GET", "/alerts", key="a-wrong-guess")
    stack.api("POST", "/clients", {"name": "", "secret": "a-wrong-guess"})
    stack.drained()

    lines = stack.log_lines()
    assert any("webhook accepted" in line for line in lines), "the functions' logs are read"
    told = [line for line in lines for secret in secrets if secret in line or "Authorization" in line]
    assert told == []
    known = [rmm.id, signed.id, *(each for each in polled if each is not None)]
    answers = [stack.ok("GET", path) for path in paths(stack, *known)]
    text = json.dumps(answers)
    assert [secret for secret in secrets if secret in text] == []


def connected(stack: Stack, provider: str, url: str, credentials: dict[str, str]) -> str | None:
    """The id of an integration with these credentials; None if the RMM refuses them."""
    body = {"provider": provider, "name": "Main", "instance_url": url, "allow_private_address": True}
    answer = stack.api("POST", "/integrations", body | {"credentials": credentials})
    assert answer.status_code in (201, 422), answer.text
    return str(answer.json()["id"]) if answer.is_success else None


def paths(stack: Stack, *integration_ids: str) -> list[str]:
    """Every list and every integration, alert and ticket."""
    found: list[str] = ["/integrations", "/users", "/api-keys", "/clients", "/boards", "/alerts", "/tickets"]
    found += [f"/integrations/{integration_id}" for integration_id in integration_ids]
    listed: list[dict[str, Any]] = stack.ok("GET", "/alerts", integration_id=integration_ids[0])["items"]
    found += [f"/alerts/{alert['id']}" for alert in listed]
    found += [f"/tickets/{alert['ticket_id']}" for alert in listed if alert["ticket_id"]]
    return found
