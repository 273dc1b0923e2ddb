"""DynamoDB's own rules of sizes and units."""

import pytest

from local.bench.capacity import (
    check_units,
    index_write_units,
    item_bytes,
    number_bytes,
    read_units,
    stored_bytes,
    write_units,
)

KEY = ("pk", "sk")
INDEXES = {"by_time": ("list_pk", "list_sk"), "live": ("live_pk", "list_sk")}


def item(size: int = 0, **texts: str) -> dict[str, dict[str, str]]:
    made = {name: {"S": text} for name, text in {"pk": "p", "sk": "s", **texts}.items()}
    return {**made, "filler": {"S": "x" * (size - item_bytes(made) - len("filler"))}} if size else made


def test_a_text_counts_its_utf8_bytes_and_those_of_its_name() -> None:
    assert item_bytes({"name": {"S": "Zürich"}}) == 4 + 7


@pytest.mark.parametrize(
    ("text", "size"), [("0", 1), ("7", 2), ("42", 2), ("1829793949", 6), ("1000", 2), ("-42", 3), ("1.5", 2)]
)
def test_a_number_counts_a_byte_for_two_digits_that_matter_and_one_more(text: str, size: int) -> None:
    assert number_bytes(text) == size


def test_a_binary_counts_its_own_bytes_not_those_of_its_base64() -> None:
    assert item_bytes({"raw": {"B": b"12345"}}) == 3 + 5


def test_maps_and_lists_count_three_bytes_and_one_for_each_element() -> None:
    assert item_bytes({"m": {"M": {"a": {"BOOL": True}, "b": {"NULL": True}}}}) == 1 + 3 + 2 + 2 + 2
    assert item_bytes({"l": {"L": [{"S": "ab"}, {"S": "c"}]}}) == 1 + 3 + 2 + 3
    assert item_bytes({"l": {"L": []}}) == 1 + 3


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="no type X"):
        item_bytes({"a": {"X": "?"}})


def test_reads_count_started_four_kilobytes_and_half_when_eventually_consistent() -> None:
    assert [read_units(size, consistent=True) for size in (0, 1, 4096, 4097)] == [1, 1, 1, 2]
    assert [read_units(size, consistent=False) for size in (0, 4096, 4097)] == [0.5, 0.5, 1]


def test_writes_count_started_kilobytes_twice_in_a_transaction() -> None:
    assert write_units(None, item(1024), transactional=False) == 1
    assert write_units(None, item(1025), transactional=False) == 2
    assert write_units(None, item(1025), transactional=True) == 4


def test_a_write_counts_the_larger_of_before_and_after() -> None:
    assert write_units(item(3000), item(100), transactional=False) == 3
    assert write_units(item(3000), None, transactional=False) == 3


def test_a_condition_check_costs_as_much_as_a_transactional_write_even_of_an_item_that_is_not_there() -> None:
    assert check_units(None) == 2
    assert check_units(item(1500)) == 4


def test_an_index_entry_costs_one_to_appear_or_go_two_to_move_and_nothing_to_stay() -> None:
    listed = item(list_pk="a", list_sk="1")
    moved = item(list_pk="b", list_sk="1")
    both = item(list_pk="a", list_sk="1", live_pk="x")
    assert index_write_units(None, listed, INDEXES, KEY) == 1
    assert index_write_units(listed, listed, INDEXES, KEY) == 0
    assert index_write_units(listed, moved, INDEXES, KEY) == 2
    assert index_write_units(listed, both, INDEXES, KEY) == 1
    assert index_write_units(both, listed, INDEXES, KEY) == 1
    assert index_write_units(both, None, INDEXES, KEY) == 2


def test_an_item_without_all_keys_of_an_index_is_not_in_it() -> None:
    assert index_write_units(None, item(list_pk="a"), INDEXES, KEY) == 0
    assert index_write_units(None, None, INDEXES, KEY) == 0


def test_what_is_stored_counts_index_entries_and_a_hundred_bytes_for_each() -> None:
    listed = {"pk": {"S": "p"}, "sk": {"S": "s"}, "list_pk": {"S": "a"}, "list_sk": {"S": "1"}, "more": {"S": "text"}}
    entry = 2 + 1 + 2 + 1 + 7 + 1 + 7 + 1
    assert stored_bytes([listed], INDEXES, KEY) == (entry + 8 + 100) + (entry + 100)
