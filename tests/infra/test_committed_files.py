"""What must stand in no committed file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.emulator import ROOT

# Split, so that this file does not name what it forbids. Package registries' hosts, and folders of one machine.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        "pypi" + r"\.org",
        "pythonhosted" + r"\.org",
        "registry" + r"\.npmjs",
        "npmjs" + r"\.(org|com)",
        "yarnpkg" + r"\.com",
        "/work" + "/",
        "/root" + r"/\.",
        "/opt" + "/(wheels|pypi)",
        "/home" + "/[a-z]",
    )
]


def _committed() -> list[Path]:
    # Asked first: git would answer for a repository around this folder too, and then with no file at all.
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout (a tarball?): nothing says which files are committed")
    if shutil.which("git") is None:
        pytest.skip("there is no git here to say which files are committed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    if listed.returncode != 0:
        pytest.skip(f"git does not say which files are committed: {listed.stderr.decode().strip()}")
    found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert found
    return found


def test_no_committed_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in _committed()
        if path.is_file()
        for pattern in FORBIDDEN
        for match in [pattern.search(path.read_text(encoding="utf-8", errors="ignore"))]
        if match
    ]

    assert found == []


@pytest.mark.parametrize("name", ["requirements/dev.txt", "requirements/emulator.txt", "requirements/bootstrap.txt"])
def test_every_pinned_requirement_has_hashes(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    pinned = [line for line in lines if "==" in line and not line.startswith((" ", "#"))]

    assert pinned
    assert all(line.endswith("\\") for line in pinned), "a hash follows on the next line"


def test_developers_and_functions_have_the_same_versions() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))

    developers = pins("requirements/dev.txt")
    for package, version in pins("layers/dependencies/requirements.txt").items():
        assert developers[package] == version
