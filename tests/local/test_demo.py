"""`make demo`, on a stack of the tests' own: twice, and on a stack that somebody has worked with since."""

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.demo.__main__ import FIRST_CHAPTER
from tests.stack import LocalStack, run_local

pytestmark = pytest.mark.emulator

STORY = {
    "ticket_created": "alerts become tickets",
    "needs_mapping": "one alert waits",
    "401 refused": "a secret is wrong",
}
LATER_CHAPTERS = {
    "maintenance window 'Patch night of Umbrella (demo)' holds it until": "an alert is held",
    "no maintenance window holds it any more": "what still fires surfaces",
    "closed by tandem": "an untouched ticket closes by itself",
    "stays open: a person has worked on it": "a touched one stays",
    "1 active, 1 new": "a poll finds what no webhook told",
    "2 alerts active before, none now": "a close reaches the RMM",
    "its alerts and tickets stay": "an RMM is disconnected",
    "CONTOSO LEGAL Contoso Legal as suggested": "an organization is mapped as its name suggests",
    "succeeded, 3 of 3 pages, 509 devices": "a sync is followed while it goes on",
    "7 organization not mapped": "what gets no asset is told with its reason",
    "CZJ2470DEMO NinjaOne and Tactical RMM": "a machine that two RMMs manage is one asset",
    "Serial number: CZJ2470DEMO": "a ticket tells what is known of the machine",
    "ND-DESK01 changed name: ND-DESK01 → ND-DESK01-A": "a webhook has a machine looked at",
    "CL-OLD01 missing": "a machine that is gone is missing after three listings",
    "7-zip Igor Pavlov": "software is found on all machines",
    "Northwind Dental 169 166": "clients' machines are summed up",
    "In the audit log: user:first-admin, remote_access": "who asks for a way in is remembered",
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def _demo(local_stack: LocalStack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_local("demo", os.environ | {"TANDEM_HOME": str(local_stack.home), "TENANT": "local"}, *arguments)


def _told(local_stack: LocalStack, *, whole: bool = False) -> str:
    done = _demo(local_stack, *([] if whole else [FIRST_CHAPTER]))
    assert done.returncode == 0, done.stdout + done.stderr
    for words, meaning in (STORY | (LATER_CHAPTERS if whole else {})).items():
        assert words in " ".join(done.stdout.replace("│", " ").split()), meaning  # cells may be several lines high
    return done.stdout


def _api(local_stack: LocalStack, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(
        method,
        f"{local_stack.address.api_url}/api/v1{path}",
        json=body,
        headers={"Authorization": f"Bearer {local_stack.address.admin_key}"},
        timeout=30,
    )
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _integration(local_stack: LocalStack, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = _api(local_stack, "GET", "/integrations?limit=200")["items"]
    return next(each for each in found if each["name"] == name)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="there is no curl or no bash here")
def test_the_demo_works_on_the_stack_of_its_home_and_the_command_that_it_ends_with_shows_a_ticket(
    local_stack: LocalStack,
) -> None:
    told = _told(local_stack, whole=True)

    assert local_stack.address.api_url in told
    command = told[told.index("  curl ") : told.index("Stop the stack")]
    shown = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, check=False)  # noqa: S607
    assert '"number":"T-' in shown.stdout, shown.stdout + shown.stderr


def test_the_demo_tells_its_story_again_where_an_integration_was_deleted_and_rules_and_defaults_changed(
    local_stack: LocalStack,
) -> None:
    _told(local_stack)
    tactical = _integration(local_stack, "Tactical RMM (demo)")["id"]
    level = _integration(local_stack, "Level (demo)")["id"]
    rules = f"/integrations/{level}/rules"
    _api(local_stack, "DELETE", f"/integrations/{tactical}")
    _api(local_stack, "PATCH", f"/integrations/{level}", {"default_client_id": None})
    _api(local_stack, "DELETE", f"{rules}/{_api(local_stack, 'GET', rules)['items'][0]['id']}")

    told = _told(local_stack)

    assert "Level (demo) has other rules now than the demo gave it" in told
    assert "Tactical RMM (demo) has other rules" not in told
    assert "an alert still waits" not in told


def test_the_demo_stops_where_the_stack_does_not_come_up(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run_local("demo", os.environ | {"TANDEM_HOME": str(tmp_path), "TANDEM_PORT": str(port)})

    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in done.stderr
    assert "Traceback" not in done.stderr
