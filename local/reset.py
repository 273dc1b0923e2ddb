"""`make reset`: stops the local stack and wipes its data."""

import sys

from local import state
from local.down import down
from local.errors import LocalStackError


def main() -> int:
    """Gives the exit code."""
    try:
        with state.locked():
            down()
            state.wipe()
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 1
    print("The local stack's data is wiped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
