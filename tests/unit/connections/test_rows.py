"""Reading an array row by row gives what reading it as a whole gives, wherever the window ends."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.connections import rows
from tandem.connections.rows import NotAnArrayError, rows_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


class Dripping(io.BytesIO):
    """Gives a few bytes at a time, whatever is asked for."""

    def __init__(self, body: bytes, count: int) -> None:
        super().__init__(body)
        self._count = count

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._count)


def outcome(body: bytes, count: int) -> Any:
    try:
        return list(rows_of(Dripping(body, count)))
    except NotAnArrayError:
        return "no array"


@given(
    value=st.lists(VALUES, max_size=6), count=st.integers(1, 40), indent=st.sampled_from([None, 2]), ascii=st.booleans()
)
def test_rows_are_the_elements_of_the_array(value: list[Any], count: int, indent: int | None, ascii: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii).encode(errors="replace")
    assert outcome(body, count) == json.loads(body)


@given(value=st.lists(VALUES, min_size=1, max_size=4), count=st.integers(1, 40), data=st.data())
@settings(max_examples=200)
def test_an_array_that_is_cut_anywhere_is_none(value: list[Any], count: int, data: st.DataObject) -> None:
    body = json.dumps(value).encode()
    assert outcome(body[: data.draw(st.integers(0, len(body) - 1))], count) == "no array"


@given(body=st.binary(max_size=200), count=st.integers(1, 20))
def test_no_bytes_raise_anything_else(body: bytes, count: int) -> None:
    outcome(body, count)
    outcome(b"[" + body, count)


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{}", b"[", b"[]]", b"[] x", b"[,]", b"[1,]", b"[1 2]", b"[nul]", b'["x]']
)
def test_what_is_no_array_says_so(body: bytes) -> None:
    assert outcome(body, 100) == "no array"


def test_brackets_without_end_cost_no_memory() -> None:
    tracemalloc.start()
    assert outcome(b"[" * 1_000_000, 1_000_000) == "no array"
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()


def test_a_row_beyond_all_measure_is_refused_before_it_is_read() -> None:
    body = b'["' + b"x" * 1_000_000
    file = io.BytesIO(body)
    with pytest.raises(NotAnArrayError):
        list(rows_of(file, longest_row=100_000))
    assert file.tell() < 500_000


def test_a_byte_that_is_no_utf8_spoils_one_character_only() -> None:
    assert outcome(b'[{"id": 1, "m": "a\xffb"}, {"id": 2}]', 7) == [{"id": 1, "m": "a\ufffdb"}, {"id": 2}]


def test_memory_holds_a_window_and_not_the_listing() -> None:
    body = json.dumps([{"id": number, "text": "x" * 1000} for number in range(20_000)]).encode()
    tracemalloc.start()
    assert sum(1 for _ in rows_of(io.BytesIO(body))) == 20_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert len(body) > rows.LONGEST_ROW
