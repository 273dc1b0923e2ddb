"""`make up`, `down` and `reset`, on a stack of their own."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import emulator
from tests.e2e.conftest import eventually
from tests.stack import run_local

# `make up`, but an emulator that does not answer is given 1 s instead of 10.
_IMPATIENT_UP = "from local import up; up._HANGS_SECONDS = 1.0; raise SystemExit(up.main())"


@dataclass
class Machine:
    """A folder in which a stack of the test's own is started and stopped."""

    home: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What makes the tooling use this stack instead of the usual one."""
        return os.environ | {"TANDEM_HOME": str(self.home), "TANDEM_PORT": str(self.port), "TENANT": "local"}

    def run(self, command: str, **variables: str) -> "Any":
        """Runs `make <command>`'s program."""
        return run_local(command, self.environment | variables)

    def up(self, **variables: str) -> str:
        """Brings the stack up; gives what was printed."""
        done = self.run("up", **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    @property
    def address(self) -> dict[str, str]:
        """The content of stack.json."""
        content: dict[str, str] = json.loads((self.home / "stack.json").read_text())
        return content

    @property
    def pid(self) -> int:
        """The emulator's process."""
        return int(json.loads((self.home / "stack" / "started.json").read_text())["pid"])

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Calls the admin API with the first admin's key; gives status and answer."""
        request = urllib.request.Request(  # noqa: S310
            f"{self.address['api_url']}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.address['admin_key']}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def client_names(self) -> list[str]:
        """The names of the clients that the stack holds."""
        return [client["name"] for client in self.call("GET", "/clients")[1]["items"]]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One for the tests of this file, which leave it up or down as they like."""
    found = Machine(home=tmp_path_factory.mktemp("machine"), port=emulator.free_port())
    yield found
    found.run("reset")


def test_up_writes_an_address_that_answers_and_only_its_owner_may_read_it(machine: Machine) -> None:
    machine.up()

    path = machine.home / "stack.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(machine.address) == {"api_url", "admin_key", "tenant"}
    assert machine.address["tenant"] == "local"
    assert machine.address["api_url"].startswith(f"http://127.0.0.1:{machine.port}/")
    assert machine.address["admin_key"].isalnum()
    assert machine.call("GET", "/boards")[0] == 200


def test_up_twice_leaves_the_first_alone(machine: Machine) -> None:
    machine.up()
    before = machine.pid, machine.address

    assert "already up" in machine.up()
    assert (machine.pid, machine.address) == before


def test_the_emulator_listens_on_loopback_only(machine: Machine) -> None:
    machine.up()

    inodes = {path.readlink().name for path in Path(f"/proc/{machine.pid}/fd").iterdir() if path.is_symlink()}
    listening = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{machine.pid}/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and f"socket:[{line.split()[9]}]" in inodes
    ]
    assert [fields[1].partition(":")[0] for fields in listening] == ["0100007F"]


def test_data_outlives_down_and_up(machine: Machine) -> None:
    machine.up()
    assert machine.call("POST", "/clients", {"name": "Kept"})[0] == 201
    key = machine.address["admin_key"]

    assert machine.run("down").returncode == 0
    assert not (machine.home / "stack.json").exists()
    machine.up()

    assert "Kept" in machine.client_names()
    assert machine.address["admin_key"] == key


def test_events_are_told_after_down_and_up(machine: Machine) -> None:
    machine.up()
    access: dict[str, Any] = {
        "endpoint_url": f"http://127.0.0.1:{machine.port}",
        "region_name": emulator.REGION,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    sqs, events = boto3.client("sqs", **access), boto3.client("events", **access)
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="heard", EventBusName="tandem-local", EventPattern='{"source": ["tandem.local"]}')
    events.put_targets(Rule="heard", EventBusName="tandem-local", Targets=[{"Id": "queue", "Arn": arn}])

    def heard(title: str) -> bool:
        assert machine.call("POST", "/tickets", {"title": title})[0] == 201
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", [])
        return any(title in message["Body"] for message in found)

    assert heard("Before")
    assert machine.run("down").returncode == 0
    machine.up()
    assert heard("After")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payload": {}}', '{"payload": {"esms": {"a": 1}}}'])
def test_a_saved_state_without_stream_positions_stays_as_it_is(tmp_path: Path, text: str) -> None:
    emulator.forget_stream_positions(tmp_path)
    saved = tmp_path / "state" / "lambda.json"
    saved.parent.mkdir()
    saved.write_text(text)
    emulator.forget_stream_positions(tmp_path)
    assert saved.read_text() == text


def test_after_a_kill_the_data_of_the_last_complete_stop_is_back(machine: Machine) -> None:
    machine.up()
    machine.call("POST", "/clients", {"name": "Before the stop"})
    machine.run("down")
    machine.up()
    machine.call("POST", "/clients", {"name": "After the stop"})

    os.kill(machine.pid, signal.SIGKILL)
    said = machine.up()

    assert "was killed before it could save its data: the data of its last complete stop is back" in said
    assert "Before the stop" in machine.client_names()
    assert "After the stop" not in machine.client_names()


def test_the_number_of_an_emulator_that_is_gone_is_not_taken_for_another_one_that_has_it_now(machine: Machine) -> None:
    machine.up()
    notes = machine.home / "stack" / "started.json"
    known = notes.read_text()
    pid = machine.pid
    notes.write_text(json.dumps(json.loads(known) | {"began": "before the last boot"}))

    said = machine.run("down").stdout

    assert "its emulator was killed" in said
    assert emulator.is_running(pid), "it is somebody else's"
    notes.write_text(known)


def test_a_stack_whose_data_were_removed_is_deployed_again(machine: Machine) -> None:
    machine.up()
    machine.run("down")
    shutil.rmtree(machine.home / "stack" / "state")

    machine.up()

    assert machine.call("GET", "/boards")[0] == 200


def test_notes_that_were_cut_off_are_made_anew(machine: Machine) -> None:
    machine.up()
    machine.run("down")
    for name in ("deployed.json", "started.json", "port"):
        (machine.home / "stack" / name).write_text('{"pid"')

    machine.up()

    assert machine.call("GET", "/boards")[0] == 200


def test_an_emulator_that_hangs_is_started_anew_without_loss_if_it_can_still_save(machine: Machine) -> None:
    machine.up()
    machine.call("POST", "/clients", {"name": "Before the hang"})
    pid = machine.pid

    os.kill(pid, signal.SIGSTOP)
    with subprocess.Popen(
        [sys.executable, "-c", _IMPATIENT_UP],
        cwd=emulator.ROOT,
        env=machine.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as starting:
        try:
            eventually(lambda: asked_to_stop(pid), "the emulator is asked to stop")
        finally:
            os.kill(pid, signal.SIGCONT)
        said, _ = starting.communicate(timeout=120)

    assert starting.returncode == 0, said
    assert "did not answer and was stopped; its data is kept" in said
    assert machine.pid != pid
    assert "Before the hang" in machine.client_names()


def asked_to_stop(pid: int) -> bool:
    """Whether SIGTERM waits for the process, which was stopped in its tracks."""
    pending = re.search(r"^ShdPnd:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert pending is not None
    return bool(int(pending[1], 16) & 1 << (signal.SIGTERM - 1))


def test_the_port_can_change_between_runs(machine: Machine) -> None:
    machine.up()
    machine.run("down")
    machine.port = emulator.free_port()

    machine.up()

    assert f":{machine.port}/" in machine.address["api_url"]
    status, integration = machine.call("POST", "/integrations", {"provider": "ninjaone", "name": "moved"})
    assert status == 201
    assert integration["webhook"]["url"].startswith(machine.address["api_url"] + "/webhooks/")


def test_a_running_stack_is_not_moved_to_another_port(machine: Machine) -> None:
    machine.up()

    refused = machine.run("up", TANDEM_PORT=str(emulator.free_port()))

    assert refused.returncode == 1
    assert "`make down` first" in refused.stderr


def test_a_port_that_another_program_has_is_refused_by_name(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = Machine(tmp_path, port)

        refused = other.run("up")

    assert refused.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use by another program" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٣"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    refused = Machine(tmp_path, 1).run("up", TANDEM_PORT=port)

    assert refused.returncode == 2
    assert "TANDEM_PORT must be a port number" in refused.stderr


def test_an_unknown_tenant_is_refused_with_those_there_are(tmp_path: Path) -> None:
    other = Machine(tmp_path, emulator.free_port())

    refused = other.run("up", TENANT="nobody")
    other.run("reset")

    assert refused.returncode == 1
    assert "there is no such tenant file; there are: " in refused.stderr


def test_down_and_reset_of_nothing_are_fine(tmp_path: Path) -> None:
    other = Machine(tmp_path, 1)

    assert "not up" in other.run("down").stdout
    assert other.run("reset").returncode == 0


def test_reset_wipes_everything(machine: Machine) -> None:
    machine.up()
    machine.call("POST", "/clients", {"name": "Gone"})
    pid = machine.pid

    assert machine.run("reset").returncode == 0
    assert not emulator.is_running(pid)
    assert not (machine.home / "stack").exists()
    machine.up()

    assert machine.client_names() == []
