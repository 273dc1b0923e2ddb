"""Fixtures for every test: the emulator's are in tests/emulator.py."""

pytest_plugins = ["tests.emulator"]
