"""What is known between runs of the local stack: where its files are, which emulator runs, what was deployed to it."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from local.emulator import ROOT, Emulator
from local.errors import StateError

HOME = Path(os.environ.get("TANDEM_HOME") or ROOT / ".local").resolve()
"""Another one makes another stack, beside and apart from the usual: tests take theirs in a temporary folder."""

FOLDER = HOME / "stack"
"""Everything of the running stack; wiped by `make reset`."""

LOG = FOLDER / "emulator.log"
"""What the emulator of the last start wrote."""

STACK_FILE = HOME / "stack.json"
"""Where the stack is and how to get in, for people and tests; there while the stack is up."""

_STARTED = FOLDER / "started.json"
_DEPLOYED = FOLDER / "deployed.json"
_LAST_PORT = FOLDER / "port"
_DATA = ("state", "s3")
_Kind = TypeVar("_Kind")
_SAVED = FOLDER / "saved"


@dataclass(frozen=True)
class StackAddress:
    """The content of stack.json. `api_url` has no slash at the end."""

    api_url: str
    admin_key: str
    tenant: str


@dataclass(frozen=True)
class Deployed:
    """What the emulator's stack was made of: equal means that there is nothing to deploy."""

    tenant: str
    port: int
    fingerprint: str


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Keeps a second `make up`, `down` or `reset` out meanwhile. Raises StateError when one is at work."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError("another `make up`, `make down` or `make reset` is at work here") from None
        yield


def started() -> Emulator | None:
    """The emulator that was started and not stopped since; it may have been killed."""
    return _read(_STARTED, Emulator)


def mark_started(emulator: Emulator) -> None:
    """Notes that `emulator` runs, so that a later start can tell a kill from a stop."""
    _write(_STARTED, asdict(emulator))
    _LAST_PORT.write_text(str(emulator.port))


def mark_stopped() -> None:
    """Notes that the emulator has ended and saved its state."""
    _STARTED.unlink(missing_ok=True)


def last_port() -> int | None:
    """The port of the last start: the addresses that webhooks were given should go on working."""
    try:
        return int(_LAST_PORT.read_text())
    except (OSError, ValueError):
        return None


def keep_copy() -> None:
    """Keeps the data as it lies on the disk, complete, before an emulator works on it."""
    shutil.rmtree(_SAVED, ignore_errors=True)
    for name in _DATA:
        if (FOLDER / name).exists():
            shutil.copytree(FOLDER / name, _SAVED / name)


def restore_copy() -> bool:
    """Puts back the data of the last complete stop, after a kill; gives whether there was any.

    The emulator writes its state when it stops and S3's files at once, so after a kill the two do not fit each other.
    """
    for name in _DATA:
        shutil.rmtree(FOLDER / name, ignore_errors=True)
    if not _SAVED.exists():
        _DEPLOYED.unlink(missing_ok=True)
        return False
    for name in _DATA:
        if (_SAVED / name).exists():
            shutil.copytree(_SAVED / name, FOLDER / name)
    # What was deployed since that stop is unknown: deploy again, which changes only what differs.
    _DEPLOYED.unlink(missing_ok=True)
    return True


def shown(path: Path) -> str:
    """`path` as a person in the current folder would write it: relative if it is below, else whole."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def wipe() -> None:
    """Removes all data of the local stack."""
    STACK_FILE.unlink(missing_ok=True)
    shutil.rmtree(FOLDER, ignore_errors=True)


def deployed() -> Deployed | None:
    """What was deployed last, if known."""
    return _read(_DEPLOYED, Deployed)


def mark_deployed(what: Deployed | None) -> None:
    """Notes what is deployed; None: a deployment is under way and may leave anything."""
    if what is None:
        _DEPLOYED.unlink(missing_ok=True)
    else:
        _write(_DEPLOYED, asdict(what))


def stack_address() -> StackAddress | None:
    """What stack.json says, if it is there."""
    return _read(STACK_FILE, StackAddress)


def write_stack_address(address: StackAddress) -> None:
    """Writes stack.json for its owner's eyes only: it holds the admin's key."""
    _write(STACK_FILE, asdict(address))


def _read(path: Path, kind: type[_Kind]) -> _Kind | None:
    """None too for what another version wrote, or a full disk cut off: it is then made anew."""
    try:
        return kind(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    unfinished.replace(path)
