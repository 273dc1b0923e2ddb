"""Starts and stops the ministack emulator as a process of its own, bound to 127.0.0.1."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.errors import EmulatorError

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".local" / "emulator-venv" / "bin" / "python"
HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "000000000000"

_START_SECONDS = 30.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Emulator:
    """One running emulator: the process `pid`, answering on `port` of 127.0.0.1.

    `began`: when the process did, in the system's own words; None if that is not known. With it, the number of an
    emulator that is gone cannot be taken for another one that the system gave the number to.
    """

    pid: int
    port: int
    began: str | None = None

    @property
    def endpoint_url(self) -> str:
        """What boto3 takes as `endpoint_url`."""
        return f"http://{HOST}:{self.port}"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Whether this process could listen on `port` of 127.0.0.1 now."""
    with socket.socket() as probe:
        # Connections of an emulator stopped a moment ago linger in TIME_WAIT; they do not stop a new one.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def start(folder: Path, port: int, *, persist: bool) -> Emulator:
    """Starts an emulator that keeps its state, log and temporary files under `folder`, and waits until it answers.

    With `persist`, what it holds is saved there when it is stopped (not when it is killed) and read again at the next
    start. The process leads its own session, so it outlives the caller.

    Raises EmulatorError when it is not installed, the port is taken, or it ends or stays silent for 30 s.
    """
    if not PYTHON.exists():
        raise EmulatorError("the emulator is not installed: run `make install`")
    if not port_is_free(port):
        other = "an emulator that this stack does not know" if answers(port) else "another program"
        raise EmulatorError(f"port {port} of {HOST} is in use by {other}: end that, or set TANDEM_PORT to another port")
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    if persist:
        forget_stream_positions(folder)
    log_path = folder / "emulator.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "ministack"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(folder, temporary, port, persist=persist),
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise EmulatorError(
                    f"the emulator ended with code {process.returncode}; its log ends:\n{_tail(log_path)}"
                )
            if answers(port):
                return Emulator(pid=process.pid, port=port, began=_began(process.pid))
            time.sleep(0.05)
        raise EmulatorError(
            f"the emulator did not answer within {_START_SECONDS:.0f} s; its log ends:\n{_tail(log_path)}"
        )
    except BaseException:  # Ctrl-C too: nobody would know of this process
        stop(process.pid)
        raise


def forget_stream_positions(folder: Path) -> None:
    """Lets functions read the table's stream from its beginning again.

    The emulator keeps how far each has read, but not the stream, which begins anew: until as many records were written
    again, nobody would hear of any of them.
    """
    saved = folder / "state" / "lambda.json"
    try:
        state = json.loads(saved.read_text())
        del state["payload"]["dynamodb_stream_positions"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    saved.write_text(json.dumps(state))


def stop(pid: int) -> bool:
    """Asks the emulator `pid` to save its state and end; kills it (losing that state) when it has not within 20 s.

    Gives whether it ended by itself. Returns at once when there is no such process.
    """
    for sent, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not is_running(pid):
                return sent == signal.SIGTERM
            time.sleep(0.05)
    return False


def is_running(pid: int, began: str | None = None) -> bool:
    """Whether `pid` is a live emulator, and the one that began then, if that is given.

    A number that the system has given to another program since is none.
    """
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # takes an ended child of ours off the process table
    if began is not None and began != _began(pid):
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self/cmdline").exists():
            return False
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S607
        command = shown.stdout
    return b"ministack" in command


def _began(pid: int) -> str | None:
    try:
        # After the name in parentheses, which may hold anything: the 20th field is the start in ticks since the boot.
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        if Path("/proc/self/stat").exists():
            return None
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S607
        return shown.stdout.decode(errors="replace").strip() or None
    return f"{boot} {ticks}"


def answers(port: int, seconds: float = 2.0) -> bool:
    """Whether an emulator answers its health check on `port` of 127.0.0.1 within `seconds`."""
    connection = http.client.HTTPConnection(HOST, port, timeout=seconds)
    try:
        connection.request("GET", "/_ministack/health")
        answer = connection.getresponse()
        return answer.status == 200 and "services" in json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    """A throw-away emulator on a free port, with its files in `folder`; stopped on leaving."""
    emulator = start(folder, free_port(), persist=False)
    try:
        yield emulator
    finally:
        stop(emulator.pid)


def _environment(folder: Path, temporary: Path, port: int, *, persist: bool) -> dict[str, str]:
    # Functions inherit this: nothing of the caller's own, least of all AWS credentials that would reach the real AWS.
    inherited = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "PATH", "TZ")}
    return inherited | {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "PERSIST_STATE": "1" if persist else "0",
        "S3_PERSIST": "1" if persist else "0",
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(temporary),
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_WARM_TTL_SECONDS": "3600",
        # Listeners of services that are not used here; they would bind every interface, whatever BIND_HOST says.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
