"""What the Makefile does about tools that are gone or of another version, in a folder of the test's own."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from local.emulator import ROOT

MADE_ANEW = "-m venv --without-pip --clear .venv"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which everything seems to be installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "local").mkdir()
    shutil.copy(ROOT / "local" / "preflight.py", tmp_path / "local")
    for name in (".venv", ".local/emulator-venv"):
        venv.create(tmp_path / name, with_pip=False, symlinks=True)
    for name in (
        "requirements/bootstrap.txt",
        "requirements/dev.txt",
        "requirements/emulator.txt",
        "package-lock.json",
    ):
        _touch(tmp_path / name, 1)
    for number, name in enumerate(
        (".local/uv/bin/uv", ".local/stamps/dev", ".local/stamps/emulator", ".local/stamps/cdk")
    ):
        _touch(tmp_path / name, 2 + number)
    _touch(tmp_path / "node_modules" / ".bin" / "cdk", 2)
    return tmp_path


def _touch(path: Path, when: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (when, when))


def _would_do(folder: Path, *arguments: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    done = subprocess.run(
        ["make", "-n", *arguments],  # noqa: S607
        cwd=folder,
        env=inherited,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_installed_is_left_alone(checkout: Path) -> None:
    assert "Installing" not in _would_do(checkout, "install")


def test_an_environment_whose_interpreter_is_gone_is_made_anew(checkout: Path) -> None:
    for link in (checkout / ".venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/bin/python3")

    would_do = _would_do(checkout, "install")

    assert MADE_ANEW in would_do
    assert "emulator-venv" not in would_do, "the other one is sound"


def test_an_environment_that_another_python_made_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}").rename(
        checkout / ".venv" / "lib" / "python3.1"
    )

    assert MADE_ANEW in _would_do(checkout, "down")


def test_an_environment_that_was_removed_is_made_anew(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")

    assert MADE_ANEW in _would_do(checkout, "down")


def test_a_python_of_the_same_version_changes_nothing_and_one_of_another_makes_the_environments_anew(
    checkout: Path,
) -> None:
    other = checkout / "another-python"
    other.write_text("#!/bin/sh\necho 3.99\n")
    other.chmod(0o755)

    assert "Installing" not in _would_do(checkout, "install", f"PYTHON={sys.executable}")
    would_do = _would_do(checkout, "install", f"PYTHON={other}")
    assert MADE_ANEW in would_do
    assert MADE_ANEW.replace(".venv", ".local/emulator-venv") in would_do


def test_the_cdk_command_line_that_was_removed_is_installed_again(checkout: Path) -> None:
    shutil.rmtree(checkout / "node_modules")

    assert "npm ci" in _would_do(checkout, "install")
