"""What is made of the numbers of a window's end."""

import ast
from pathlib import Path

import pytest

from local.bench import release, report
from local.bench.release import Release
from local.bench.tables import MET, MISSED

MEASURED = Release(
    alerts=5000,
    held_a_second=140.0,
    begun_seconds=1.5,
    swept_seconds=15.0,
    sweeps=1,
    seconds=40.0,
    sweep_table_calls=0.02,
    sweep_queue_calls=0.1,
    processor_calls=1.15,
    sweep_reads=1.0,
)


def goals(measured: Release) -> list[str]:
    (table,) = report.release_table(measured)
    return [row[-1] for row in table.rows if row[-1]]


def test_alerts_a_second_count_from_the_start_of_the_sweep_to_the_last_ticket() -> None:
    assert MEASURED.a_second == pytest.approx(125)


def test_calls_of_the_sweep_and_of_the_processor_add_up() -> None:
    assert MEASURED.calls == pytest.approx(1.27)


def test_the_first_ticket_waits_for_the_schedule_and_for_clocks_that_differ() -> None:
    assert MEASURED.begins_at_worst == pytest.approx(2 + 60 + 1.5)


def test_the_table_tells_goals_that_were_met_from_those_that_were_missed() -> None:
    assert goals(MEASURED) == [MET, MET]
    slow = Release(5000, 140.0, 60.0, 70.0, 2, 80.0, 0.02, 0.1, 1.15, 1.0)
    assert goals(slow) == [MISSED, MISSED]


def test_the_schedule_is_the_deployed_one() -> None:
    source = ast.parse((Path(__file__).parents[3] / "infra" / "schedules.py").read_text())
    (every,) = (
        node.value
        for node in source.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SWEEP_EVERY"
    )
    assert ast.unparse(every) == f"Duration.minutes({release.SWEEP_EVERY_SECONDS / 60:.0f})"
