"""`make simulators`: what a person sees and does."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.emulator import ROOT
from tests.simulators import world
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.receiver import Receiver
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.unit.simulators.asking import HTTP


@pytest.fixture
def started() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command, and all that it prints before it waits."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simulators", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C" not in lines[-1]:
        line = process.stdout.readline()
        assert line, "it ended"
        lines.append(line)
    yield process, "".join(lines)
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_says_how_to_drive_each_vendor_and_what_it_says_works(
    started: tuple["subprocess.Popen[str]", str],
) -> None:
    process, said = started
    done = 0
    for body, url in re.findall(r"curl -d '(\{.*?\}|)' (\S+/_simulator/\w+)", said):
        if "<" in body:
            continue
        answer = HTTP.post(url, content=body)
        assert answer.status_code == 200, (url, answer.text)
        done += 1
    assert done >= 8
    for url in re.findall(r"curl (http\S+)", said):
        assert HTTP.get(url).status_code == 200 or url.endswith("/faults"), url

    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "tests.simulators", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    assert ended.returncode == 1
    assert f"ports {port} to {port + 3}" in ended.stderr


def test_the_small_world_has_three_customers_each_and_tells_nothing_by_itself() -> None:
    with NinjaOne(seed=1) as ninjaone, TacticalRmm(seed=1) as tactical, Level(seed=1) as level, Receiver() as receiver:
        level.set_webhook(receiver.url, None)
        tactical.set_webhook(receiver.url, "s3cret")
        world.small(ninjaone, tactical, level)
        for simulator in (ninjaone, tactical, level):
            simulator.flush()
            simulator.outbox.wait()
        states = [HTTP.get(f"{each.url}/_simulator/state").json() for each in (ninjaone, tactical, level)]

    assert receiver.received == []
    assert [list(states[0]["organizations"].values()), list(states[1]["clients"].values())] == [
        ["Acme Corp", "Globex & Sons", "Initech"]
    ] * 2
    assert [len(state.get("alerts") or state.get("open_alerts") or state["active_alerts"]) for state in states] == [
        1
    ] * 3


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_dice_make_the_same_world(seed: int) -> None:
    def made() -> str:
        level, ninjaone = Level(seed=seed), NinjaOne(seed=seed)
        world.small(level, ninjaone)
        uids = [list(ninjaone.state.alerts), [each.id for each in level.state.devices]]
        return json.dumps(uids)

    assert made() == made()


def test_ids_begin_where_they_are_told_to() -> None:
    tactical, ninjaone = TacticalRmm(first_id=5000), NinjaOne(first_id=700)
    world.small(tactical, ninjaone)

    assert [each.id for each in tactical.state.alerts] == [5000]
    assert next(iter(ninjaone.state.organizations)).id == 700
