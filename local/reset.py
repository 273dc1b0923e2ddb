"""`make reset`: stops the local stack and wipes its data."""

import sys

from local import state
from local.down import down
from local.errors import LocalStackError
from local.terminal import INTERRUPTED


def main() -> int:
    """Gives the exit code."""
    try:
        with state.locked():
            down()
            state.wipe()
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    print("The local stack's data is wiped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
