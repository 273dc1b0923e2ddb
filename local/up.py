"""`make up`: starts the emulator, deploys the tenant stack to it and waits until it answers."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from local import emulator, state
from local.emulator import Emulator
from local.errors import DeploymentError, EmulatorError, LocalStackError, NotReadyError
from local.state import Deployed, StackAddress
from local.synthesis import fingerprint, synthesize
from local.terminal import INTERRUPTED, step

DEFAULT_PORT = 4566
_ANSWER_SECONDS = 30.0
_HANGS_SECONDS = 10.0


def up(tenant: str, port: int | None) -> StackAddress:
    """Brings the local stack of `tenant` up, if it is not, and gives its address.

    `port` None: the one it had last, or a free one. Raises LocalStackError.
    """
    wanted = fingerprint(tenant)
    running = _running_emulator(port)
    address = state.stack_address()
    if running and address and state.deployed() == Deployed(tenant, running.port, wanted) and _answers(address):
        print(f"The stack is already up: {address.api_url}/api/v1/docs")
        return address
    if running is None:
        running = _start(port)
    if state.deployed() != Deployed(tenant, running.port, wanted) or not _is_there(running, tenant):
        with step(f"Synthesizing the template of {tenant}"):
            assembly = synthesize(tenant, wanted)
        state.mark_deployed(None)
        _deploy(running, assembly, tenant)
        state.mark_deployed(Deployed(tenant, running.port, wanted))
    address = _address(running, tenant)
    with step("Waiting for the API"):
        _wait_until_it_answers(address)
    state.write_stack_address(address)
    print(f"The stack is up: {address.api_url}/api/v1/docs")
    print(f"Its address and the admin's key are in {state.shown(state.STACK_FILE)}; `make down` stops it.")
    return address


def _running_emulator(port: int | None) -> Emulator | None:
    found = state.started()
    if found is None:
        return None
    alive = emulator.is_running(found.pid, found.began)
    if alive and emulator.answers(found.port, seconds=_HANGS_SECONDS):
        if port is not None and port != found.port:
            raise EmulatorError(f"the stack is up on port {found.port}: `make down` first, to move it to {port}")
        return found
    if alive and emulator.stop(found.pid):
        state.mark_stopped()
        print("The emulator did not answer and was stopped; its data is kept.")
        return None
    state.mark_stopped()
    kept = "the data of its last complete stop is back" if state.restore_copy() else "starting anew"
    print(f"The emulator was killed before it could save its data: {kept}.")
    return None


def _start(port: int | None) -> Emulator:
    chosen = port or _usual_port()
    state.keep_copy()
    with step(f"Starting the emulator on {emulator.HOST}:{chosen}"):
        started = emulator.start(state.FOLDER, chosen, persist=True)
        state.mark_started(started)
    return started


def _usual_port() -> int:
    for port in (state.last_port(), DEFAULT_PORT):
        if port is not None and emulator.port_is_free(port):
            return port
    port = emulator.free_port()
    print(f"Port {state.last_port() or DEFAULT_PORT} is in use by another program; taking {port}.")
    return port


def _deploy(running: Emulator, assembly: Path, tenant: str) -> None:
    from local import deployment  # boto3 takes its time to import, and most runs find nothing to deploy

    with step("Deploying the stack") as detail:
        deployment.deploy(running, assembly, stack_name(tenant), tenant, progress=detail)


def _is_there(running: Emulator, tenant: str) -> bool:
    """False when the notes are there and the data are not: somebody removed the one and not the other."""
    from local import deployment

    try:
        deployment.outputs(running, stack_name(tenant))
    except DeploymentError:
        return False
    return True


def _address(running: Emulator, tenant: str) -> StackAddress:
    from local import deployment

    outputs = deployment.outputs(running, stack_name(tenant))
    key = deployment.secret_value(running, outputs["FirstAdminKeySecret"])
    return StackAddress(api_url=deployment.api_url(running, tenant), admin_key=key, tenant=tenant)


def stack_name(tenant: str) -> str:
    """The stack's name, as infra.tenant builds it; said again here because that module takes its time to import."""
    return f"Tandem-{tenant}"


def _answers(address: StackAddress) -> bool:
    return _problem(address) is None


def _problem(address: StackAddress) -> str | None:
    """None when the admin API knows the caller, or knows that it does not; else what it does instead."""
    request = urllib.request.Request(  # noqa: S310 - an http address of this machine
        f"{address.api_url}/api/v1/boards?limit=1", headers={"Authorization": f"Bearer {address.admin_key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return None if "items" in json.load(answer) else "it answers something else than a list of boards"
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.UNAUTHORIZED:
            return None  # the first key was deleted, as it should be once there are others
        return f"it answers {error.code}: {error.read(500).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return str(error)


def _wait_until_it_answers(address: StackAddress) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while (problem := _problem(address)) is not None:
        if time.monotonic() > deadline:
            raise NotReadyError(
                f"{address.api_url}/api/v1/boards does not answer as it should: {problem}\n"
                f"The emulator's log is {state.shown(state.LOG)}; `make reset` wipes the data for a fresh start."
            )
        time.sleep(0.5)


def main() -> int:
    """Reads TENANT and TANDEM_PORT; gives the exit code."""
    tenant = os.environ.get("TENANT", "local")
    given = os.environ.get("TANDEM_PORT", "")
    if given and not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):
        print(f"TANDEM_PORT must be a port number, 1 to 65535, not {given!r}", file=sys.stderr)
        return 2
    try:
        with state.locked():
            up(tenant, int(given) if given else None)
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
