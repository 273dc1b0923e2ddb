"""Fixtures for every test: a bare emulator (tests/emulator.py) and a whole stack on one (tests/stack.py)."""

pytest_plugins = ["tests.emulator", "tests.stack"]
