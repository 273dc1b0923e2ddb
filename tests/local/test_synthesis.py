"""What makes `make up` synthesize anew."""

import shutil
from pathlib import Path

import pytest

from local import synthesis
from local.emulator import ROOT
from local.errors import SynthesisError


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the repository, with small contents, and an interpreter that says its version."""
    for name in ("app.py", "cdk.json", "requirements/dev.txt", "requirements/emulator.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("infra/stack.py", "layers/layer.py", "functions/handler.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    _install(tmp_path, "3.11.7")
    monkeypatch.setattr(synthesis, "ROOT", tmp_path)
    monkeypatch.setattr(synthesis, "PYTHON", tmp_path / "python")
    return tmp_path


def _install(folder: Path, version: str) -> None:
    (folder / "python").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "python").chmod(0o755)


@pytest.mark.parametrize(
    "name", ["app.py", "requirements/dev.txt", "requirements/emulator.txt", "infra/stack.py", "functions/handler.py"]
)
def test_a_change_of_what_goes_into_the_template_or_runs_the_functions_is_seen(checkout: Path, name: str) -> None:
    before = synthesis.fingerprint("local")
    with (checkout / name).open("a") as file:
        file.write("# changed\n")

    assert synthesis.fingerprint("local") != before


def test_another_version_of_the_interpreter_that_runs_the_functions_is_seen(checkout: Path) -> None:
    before = synthesis.fingerprint("local")
    assert synthesis.fingerprint("local") == before

    _install(checkout, "3.13.0")

    assert synthesis.fingerprint("local") != before


def test_caches_of_tools_change_nothing(checkout: Path) -> None:
    before = synthesis.fingerprint("local")
    (checkout / "infra" / "__pycache__").mkdir()
    (checkout / "infra" / "__pycache__" / "stack.pyc").write_text("made by running it")

    assert synthesis.fingerprint("local") == before


def test_an_interpreter_that_is_gone_is_told_with_what_to_do(checkout: Path) -> None:
    (checkout / "python").unlink()

    with pytest.raises(SynthesisError, match="make install"):
        synthesis.fingerprint("local")
