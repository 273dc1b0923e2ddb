"""`make down`: stops the local stack; its data stays."""

import sys

from local import emulator, state
from local.errors import LocalStackError
from local.terminal import INTERRUPTED, step


def down() -> None:
    """Stops the emulator, which saves its data; does nothing when none runs."""
    found = state.started()
    if found is None or not emulator.is_running(found.pid, found.began):
        # What was left by a kill is put right by the next `make up`.
        print("The stack is not up." if found is None else "The stack is not up: its emulator was killed.")
    else:
        with step("Stopping the emulator"):
            saved = emulator.stop(found.pid)
        if saved:
            state.mark_stopped()
        else:
            print("It had to be killed: what it held since its last complete stop is lost.", file=sys.stderr)
    state.STACK_FILE.unlink(missing_ok=True)


def main() -> int:
    """Gives the exit code."""
    try:
        with state.locked():
            down()
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
