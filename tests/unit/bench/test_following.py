"""How many invocations the stream's readers take, and how long."""

import ast
from pathlib import Path
from typing import Any

import pytest

from local.bench import following
from local.bench.following import Following, archiver_ms, gathered, invocations_of_readers, publisher_ms
from local.bench.lambdas import INVOCATION_MS

EACH = Following(
    published_records=1,
    bus_events=1,
    publisher_cpu_seconds=0,
    publisher_log_bytes=0,
    archived_records=1,
    archiver_cpu_seconds=0,
    archiver_log_bytes=0,
)


def assigned(path: str, name: str) -> Any:
    """What a module of infra/ assigns to a name, as it is written."""
    source = ast.parse((Path(__file__).parents[3] / path).read_text())
    (value,) = (
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and getattr(node.targets[0] if isinstance(node, ast.Assign) else node.target, "id", "") == name
    )
    return ast.unparse(value) if value else None


def test_a_reader_gathers_what_its_shard_brings_within_the_window() -> None:
    assert gathered(1, 10, 1.0, 100) == pytest.approx(1 + 50 / 4)
    assert gathered(0, 10, 1.0, 100) == 1


def test_no_batch_is_larger_than_the_most() -> None:
    assert gathered(1, 10, 300.0, 2000) == 2000


def test_events_that_come_slowly_are_published_one_by_one_but_archived_together() -> None:
    publications, archivings = invocations_of_readers(EACH, batch=1)
    assert publications == pytest.approx(1 / 1.1)
    assert archivings == pytest.approx(1 / 31)


def test_the_publisher_waits_for_the_bus_once_for_ten_events() -> None:
    assert publisher_ms(EACH, 1, 512) == pytest.approx(INVOCATION_MS + following.PUT_EVENTS_MS)
    assert publisher_ms(EACH, 10, 512) == pytest.approx(INVOCATION_MS + 2 * following.PUT_EVENTS_MS)


def test_the_archiver_waits_for_the_bucket_once_for_each_integration() -> None:
    assert archiver_ms(EACH, 1, 512) == pytest.approx(INVOCATION_MS + 3 * following.PUT_OBJECT_MS)


def test_the_windows_and_batches_are_the_deployed_ones() -> None:
    assert assigned("infra/events.py", "WINDOW") == f"Duration.seconds({following.PUBLISHER_WINDOW:.0f})"
    assert assigned("infra/events.py", "BATCH_SIZE") == str(following.PUBLISHER_MOST)
    assert assigned("infra/tenant.py", "batching_seconds") == f"{following.ARCHIVER_WINDOW:.0f}"
