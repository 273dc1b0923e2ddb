"""Fixtures for every test: a bare emulator (tests/emulator.py), a whole stack on one (tests/stack.py), and the vendors
(tests/simulators/fixtures.py)."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.emulator", "tests.stack", "tests.simulators.fixtures"]

# The machine may be busy with an emulator beside the tests: time says nothing about an example here.
settings.register_profile("tandem", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tandem")
