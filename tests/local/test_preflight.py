import subprocess
import sys
from pathlib import Path

import pytest

from local.emulator import ROOT
from local.preflight import main, node_problem, python_problem


@pytest.mark.parametrize("version", [(3, 11), (3, 13), (4, 0)])
def test_a_new_enough_python_is_no_problem(version: tuple[int, int]) -> None:
    assert python_problem(version) is None


@pytest.mark.parametrize("version", [(2, 7), (3, 10)])
def test_an_old_python_is_told_what_is_needed(version: tuple[int, int]) -> None:
    problem = python_problem(version)

    assert problem is not None
    assert "needs Python 3.11 or newer" in problem
    assert f"{version[0]}.{version[1]}" in problem


@pytest.mark.parametrize("found", ["v20.20.2\n", "v24.1.0"])
def test_a_new_enough_node_is_no_problem(found: str) -> None:
    assert node_problem(found) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [(None, "no `node` is on the PATH"), ("v18.19.1", "this one is v18.19.1"), ("what?", "is no version")],
)
def test_a_missing_or_old_node_is_told_what_is_needed(found: str | None, said: str) -> None:
    problem = node_problem(found)

    assert problem is not None
    assert said in problem
    assert "Node.js 20 or newer" in problem


def test_this_machine_has_what_is_needed() -> None:
    assert main(["python", "venv", "node"]) == 0


def test_a_machine_without_node_and_npm_is_told_both(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "local" / "preflight.py"), "python", "node", "npm"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "no `node` is on the PATH" in done.stderr
    assert "npm is not on the PATH" in done.stderr
    assert "Traceback" not in done.stderr
