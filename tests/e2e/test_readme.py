"""README.md's commands, run word by word against a stack, and the calls that README and docs/ name."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from local.emulator import ROOT
from tests.e2e.conftest import Stack, eventually
from tests.stack import LocalStack

pytestmark = pytest.mark.emulator

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
# The first words of lines that install and deploy. A block of nothing else is not for this stack.
NOT_FOR_THE_STACK = {"make", "cp"}
# Pages that tell which calls of an RMM's API its devices are read from, and of none of ours.
OF_RMMS = {ROOT / "docs" / f"assets-{provider}.md" for provider in ("ninjaone", "tacticalrmm", "levelio")}
# Calls of the RMMs' own APIs that the other pages name.
NOT_OURS = {("PUT", "/v2/webhook")}


def _blocks() -> list[str]:
    found = re.findall(r"^```\w*\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found


def _first_words(block: str) -> set[str]:
    return {line.split(maxsplit=1)[0] for line in block.splitlines() if line.strip()}


def _run(script: str, local_stack: LocalStack, folder: Path) -> "subprocess.CompletedProcess[str]":
    # Not a word of the commands is touched: that a refused call fails them is asked for in curl's own settings file.
    (folder / ".curlrc").write_text("fail\n")
    return subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],  # noqa: S607
        cwd=ROOT,
        env=os.environ | {"TANDEM_HOME": str(local_stack.home), "CURL_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="there is no curl or no bash here")
def test_each_command_of_the_readme_that_calls_the_stack_succeeds_and_does_what_the_text_around_it_says(
    stack: Stack, local_stack: LocalStack, tmp_path: Path
) -> None:
    blocks = [block for block in _blocks() if not _first_words(block) <= NOT_FOR_THE_STACK]
    before = {each["id"] for each in stack.ok("GET", "/integrations", limit=200)["items"]}

    done = _run("\n".join(blocks), local_stack, tmp_path)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    (made,) = [each for each in stack.ok("GET", "/integrations", limit=200)["items"] if each["id"] not in before]
    (rule,) = stack.ok("GET", f"/integrations/{made['id']}/rules")["items"]
    (organization,) = stack.ok("GET", f"/integrations/{made['id']}/organizations")["items"]
    assert rule["name"] == "Disks of servers"
    assert (organization["external_id"], organization["name"]) == ("1", "Acme Corp")

    def tickets() -> list[tuple[str, str]]:
        found = stack.ok("GET", "/tickets", client_id=organization["client_id"])["items"]
        return [(ticket["title"], ticket["priority"]) for ticket in found]

    eventually(lambda: bool(tickets()), "the webhook that README sends has become a ticket")
    assert tickets() == [("SRV-1: Disk C: is full", "urgent")]


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="there is no curl or no bash here")
def test_a_command_that_the_surface_refuses_fails_as_the_readme_is_run_here(
    local_stack: LocalStack, tmp_path: Path
) -> None:
    (helpers,) = [block for block in _blocks() if "tandem() {" in block]

    for drifted in ('tandem "$api/ticket"', """made=$(tandem "$api/clients" -d '{"nom": "Acme"}' | field id)"""):
        assert _run(helpers + drifted, local_stack, tmp_path).returncode != 0


def test_the_readme_names_make_targets_that_there_are() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    lines = [line for block in _blocks() for line in block.splitlines() if line.startswith("make ")]
    named = {shlex.split(line)[1] for line in lines}
    named |= {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text())}

    assert named
    assert named <= targets


def test_each_call_that_the_readme_and_the_docs_name_is_in_the_api(stack: Stack) -> None:
    known = {
        (method.upper(), path)
        for path, methods in stack.ok("GET", "/openapi.json")["paths"].items()
        for method in methods
    }
    named = {
        (method, path.removeprefix("/api/v1").rstrip("/.,;:"))
        for page in PAGES
        if page not in OF_RMMS
        for method, path in re.findall(
            r"\b(GET|POST|PUT|PATCH|DELETE) (/(?:<[^>]+>|[^\s`\"'?{}()])*)", page.read_text()
        )
    }

    assert named >= {("GET", "/alerts/<id>"), ("GET", "/dead-letters")}, "or nothing is compared here"
    drifted = [call for call in sorted(named - NOT_OURS) if not any(_is(call, route) for route in known)]
    assert drifted == []


def _is(call: tuple[str, str], route: tuple[str, str]) -> bool:
    pattern = re.sub(r"\\\{[^}]*\\\}", r"(?:<[^>]+>|[^/]+)", re.escape(route[1]))
    return call[0] == route[0] and re.fullmatch(pattern, call[1]) is not None


def test_what_the_readme_and_the_docs_link_to_is_there() -> None:
    missing = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert missing == []


def test_the_folders_and_files_in_the_readmes_table_are_there() -> None:
    rows = [line.split("|")[1] for line in README.read_text().splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    first_folder = "layers/tandem/python/tandem"

    assert named
    assert [name for name in named if not (ROOT / name).exists() and not (ROOT / first_folder / name).exists()] == []
