"""Fixtures for every test: a bare emulator (tests/emulator.py), a whole stack on one (tests/stack.py), and the vendors
(tests/simulators/fixtures.py)."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.emulator", "tests.stack", "tests.simulators.fixtures"]

# The machine may be busy with an emulator beside the tests: time says nothing about an example here.
settings.register_profile("tandem", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tandem")

# What takes long goes first, so that no worker is left alone with it at the end: files and folders, the longest first.
# The Makefile lets pytest-xdist keep this order. A test that takes more than 20 s belongs here; nothing breaks without.
LONGEST_FIRST = (
    "tests/local/test_demo.py",
    "tests/local/test_local_stack.py",
    "tests/infra/test_template.py",  # alone of its folder: it synthesizes what the others wait for
    "tests/e2e",
    "tests/infra",
    "tests/integration",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the files in the order of LONGEST_FIRST; the tests of a file stay in theirs."""
    items.sort(key=lambda item: _place_of(item.nodeid.partition("::")[0]))


def _place_of(file: str) -> int:
    for place, name in enumerate(LONGEST_FIRST):
        if file == name or file.startswith(f"{name}/"):
            return place
    return len(LONGEST_FIRST)
