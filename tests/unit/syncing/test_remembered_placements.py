"""Whose the organizations' devices are is read once for many pages of a run."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from tandem.store.configuration.records import OrganizationRecord
from tandem.store.sync_records import SyncRun
from tandem.syncing.page_context import REMEMBERED_SECONDS, placements_in
from tandem.syncing.tools import Tools


class Organizations:
    """One organization, and how often it was asked for."""

    def __init__(self) -> None:
        self.client_id = "client-1"
        self.reads = 0

    def all(self, _integration_id: str) -> list[OrganizationRecord]:
        self.reads += 1
        return [OrganizationRecord("o", "Acme", client_id=self.client_id)]


class Place:
    """As much of the tools as is used, with a clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.organizations = Organizations()
        told: Any = SimpleNamespace(organizations=self.organizations, monotonic=lambda: self.now, placements={})
        self.tools = cast("Tools", told)

    def client_of(self, run_id: str) -> str | None:
        run = SyncRun(run_id, "integration-1", "devices", "applying", datetime(2026, 11, 21, tzinfo=UTC), "user-1")
        return placements_in(self.tools, run).of("o").client_id


def test_pages_of_a_run_share_one_look_at_the_organizations() -> None:
    place = Place()
    assert [place.client_of("run-1") for _ in range(3)] == ["client-1"] * 3
    assert place.organizations.reads == 1


def test_another_run_looks_for_itself_so_a_mapping_of_before_it_always_counts() -> None:
    place = Place()
    place.client_of("run-1")
    place.organizations.client_id = "client-2"
    assert place.client_of("run-2") == "client-2"
    assert len(place.tools.placements) == 1, "runs of before are not remembered"


def test_a_run_that_takes_long_looks_again() -> None:
    place = Place()
    place.client_of("run-1")
    place.organizations.client_id = "client-2"
    place.now += REMEMBERED_SECONDS
    assert place.client_of("run-1") == "client-2"
