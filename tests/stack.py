"""A whole tenant stack of the tests' own on an emulator: the synthesized template, reached over HTTP.

The fixture is made known to every test by tests/conftest.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import emulator
from local.emulator import ROOT
from local.state import StackAddress
from tests.emulator import EmulatedAws


@dataclass(frozen=True)
class LocalStack:
    """A stack that is up: where its API answers, and the emulator beneath it."""

    address: StackAddress
    aws: EmulatedAws
    home: Path
    """Where its files are: stack.json, and below stack/ the emulator's state and log."""


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The worker's own stack, as `make up` makes it, apart from the one that a person may have up; gone afterwards."""
    home = tmp_path_factory.mktemp("stack")
    port = emulator.free_port()
    environment = os.environ | {"TANDEM_HOME": str(home), "TANDEM_PORT": str(port), "TENANT": "local"}
    started = run_local("up", environment)
    try:
        assert started.returncode == 0, f"the stack did not come up:\n{started.stdout}\n{started.stderr}"
        address = StackAddress(**json.loads((home / "stack.json").read_text()))
        yield LocalStack(address=address, aws=EmulatedAws(f"http://{emulator.HOST}:{port}"), home=home)
    finally:
        run_local("reset", environment)


def run_local(command: str, environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs `python -m local.<command>` as the Makefile does; gives what it printed and its exit code."""
    return subprocess.run(
        [sys.executable, "-m", f"local.{command}", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
