"""Synthesizes a tenant's template for the emulator, when anything that goes into it has changed."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from local.emulator import PYTHON, ROOT
from local.errors import SynthesisError

_ASSEMBLIES = ROOT / ".local" / "assembly"
_INPUTS = ("app.py", "cdk.json", "requirements/dev.txt", "requirements/emulator.txt", "infra", "layers", "functions")
_KEPT = 3
_LEFT_OUT = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def fingerprint(tenant: str) -> str:
    """Changes whenever anything that the template of `tenant` or its assets are made of does.

    Raises SynthesisError when the emulator's interpreter, which the layer is built for, cannot be asked its version.
    """
    digest = hashlib.sha256(f"{tenant} {PYTHON} {_version(PYTHON)} {sys.version}".encode())
    for name in _INPUTS:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not _LEFT_OUT.intersection(path.parts):
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _version(interpreter: Path) -> str:
    command = [str(interpreter), "-I", "-S", "-c", "import sys; print(sys.version, sys.platform)"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SynthesisError(f"the emulator's Python does not run ({error}): run `make install`") from error


def synthesize(tenant: str, wanted: str) -> Path:
    """The folder of the cloud assembly of `tenant` with the fingerprint `wanted`, for the emulator's interpreter.

    Takes one of the last few if it is the same. Raises SynthesisError.
    """
    folder = _ASSEMBLIES / f"{tenant}-{wanted[:16]}"
    if folder.exists():
        return folder
    _ASSEMBLIES.mkdir(parents=True, exist_ok=True)
    with (_ASSEMBLIES / ".lock").open("w") as lock:
        # Whoever wants the same at the same time waits for it: it takes all of a processor for some seconds.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make(tenant, folder)
    for old in sorted(_ASSEMBLIES.glob(f"{tenant}-*"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _make(tenant: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_ASSEMBLIES) as temporary:
        made = Path(temporary) / "assembly"
        command = [sys.executable, str(ROOT / "app.py"), "--tenant", tenant, "--output", str(made)]
        command += ["--interpreter", str(PYTHON)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CDK_")}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SynthesisError(done.stderr.strip() or done.stdout.strip())
        made.rename(folder)
