"""Says in plain words what is missing on this machine before anything is installed.

Run by the Makefile with whatever Python is there, so this file is written for Python 3.6 and later.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig

PYTHON_NEEDED = (3, 11)
NODE_NEEDED = 20


def python_problem(version: "tuple[int, int]") -> "str | None":
    """The complaint about an interpreter of `version` (major, minor), or None when it will do."""
    if version >= PYTHON_NEEDED:
        return None
    return (
        f"Tandem needs Python {PYTHON_NEEDED[0]}.{PYTHON_NEEDED[1]} or newer; this one is {version[0]}.{version[1]}. "
        "Install a newer one, or name it: make PYTHON=python3.13 <target>"
    )


def node_problem(found: "str | None") -> "str | None":
    """The complaint about `node --version` printing `found` (None: there is no node), or None when it will do."""
    wish = f"install Node.js {NODE_NEEDED} or newer (with npm) and try again"
    if found is None:
        return "The CDK needs Node.js, and no `node` is on the PATH: " + wish
    match = re.match(r"v?(\d+)\.", found.strip())
    if match is None:
        return f"`node --version` printed {found.strip()!r}, which is no version: " + wish
    if int(match.group(1)) < NODE_NEEDED:
        return f"The CDK needs Node.js {NODE_NEEDED} or newer; this one is {found.strip()}: " + wish
    return None


def environment_problem(other: str = "") -> "str | None":
    """Why the virtual environment that this runs in is to be made anew, or None when it will do.

    A system upgrade changes the interpreter under an environment, which then looks for its packages where none are.
    """
    packages = sysconfig.get_path("purelib")
    if sys.prefix == sys.base_prefix or not os.path.isdir(packages):  # noqa: PTH112 - as old as the rest
        return f"there is no {packages}: it was made by another Python"
    if other and _minor_version(other) != "{}.{}".format(*sys.version_info):
        return f"it is not of {other}'s version"
    return python_problem((sys.version_info[0], sys.version_info[1]))


def _minor_version(interpreter: str) -> "str | None":
    path = shutil.which(interpreter)
    if path is None:
        return None
    command = [path, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout.decode().strip()


def _node_version() -> "str | None":
    path = shutil.which("node")
    if path is None:
        return None
    return subprocess.run([path, "--version"], stdout=subprocess.PIPE, check=False).stdout.decode()


def main(arguments: "list[str]") -> int:
    """Checks what `arguments` names (python, venv, node, npm); prints each problem; gives the exit code.

    `environment <other>`: whether the environment of this interpreter is still of use, and of the version of `other`.
    """
    if arguments[:1] == ["environment"]:
        problem = environment_problem(*arguments[1:])
        if problem:
            sys.stderr.write(problem + "\n")
        return 1 if problem else 0
    problems = []
    if "python" in arguments:
        problems.append(python_problem((sys.version_info[0], sys.version_info[1])))
    if "venv" in arguments:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            problems.append(
                "This Python cannot make virtual environments: install its venv package (on Debian and Ubuntu: "
                "apt-get install python3-venv)"
            )
    if "node" in arguments:
        problems.append(node_problem(_node_version()))
    if "npm" in arguments and shutil.which("npm") is None:
        problems.append("npm is not on the PATH: install it beside Node.js (on Debian and Ubuntu: apt-get install npm)")
    found = [problem for problem in problems if problem]
    for problem in found:
        sys.stderr.write(problem + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
