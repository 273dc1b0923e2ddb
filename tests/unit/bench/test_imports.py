"""What is made of import times."""

import pytest

from local.bench.imports import factor


def test_rounds_in_which_the_machine_was_busy_make_no_function_look_slow() -> None:
    assert factor([130.0, 260.0, 520.0], [100.0, 200.0, 400.0]) == pytest.approx(1.3)


def test_one_round_out_of_the_ordinary_does_not_count() -> None:
    assert factor([120.0, 120.0, 900.0], [100.0, 100.0, 100.0]) == pytest.approx(1.2)
