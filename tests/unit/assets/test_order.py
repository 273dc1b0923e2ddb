"""On which page a device stands."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.models import FleetEntry, FleetPage
from tandem.assets.order import PAGE, SPLIT_ABOVE, cut, directory_of, page_beginning, sort_key, split_page

IDS = st.one_of(
    st.integers(0, 10**9).map(str), st.text("abc019-Äz", min_size=1, max_size=6), st.sampled_from(["7", "007"])
)


def test_numbers_stand_in_their_order_and_beside_words() -> None:
    assert sorted(["10", "9", "agent", "100"], key=sort_key) == ["9", "10", "100", "agent"]


def test_only_plain_digits_are_numbers() -> None:
    assert sort_key("٣") == "٣"
    assert sort_key("1" * 25) == "1" * 25


def test_before_the_first_sync_every_device_is_on_the_first_page() -> None:
    assert page_beginning((), "42") == ""


def test_a_page_begins_with_the_device_that_it_is_called_after() -> None:
    directory = ("", sort_key("300"))
    assert page_beginning(directory, "299") == ""
    assert page_beginning(directory, "300") == sort_key("300")
    assert page_beginning(directory, "zebra") == sort_key("300")


def test_a_page_is_split_above_its_limit_and_not_before() -> None:
    keys = [sort_key(str(number)) for number in range(SPLIT_ABOVE + 1)]
    assert directory_of(("",), keys[:-1]) == ("",)
    assert len(directory_of(("",), keys)) == 3


def test_a_large_first_listing_makes_pages_of_the_size_of_a_page() -> None:
    keys = [sort_key(str(number)) for number in range(10_000)]
    directory = directory_of((), keys)
    assert len(directory) == 10_000 / PAGE
    assert {len(rows) for _, rows in cut(directory, keys, lambda key: key)} == {PAGE}


def test_devices_with_the_same_sort_key_are_never_parted() -> None:
    keys = [sort_key("7")] * (SPLIT_ABOVE + 1)
    assert directory_of(("",), keys) == ("",)


def test_pages_that_are_empty_are_cut_too_since_their_devices_are_absent() -> None:
    assert list(cut(("", "b", "c"), ["a", "c"], str)) == [("", ["a"]), ("b", []), ("c", ["c"])]


@given(st.lists(IDS, max_size=60, unique=True), st.lists(IDS, max_size=5))
def test_every_device_stands_on_exactly_the_page_that_the_directory_says(ids: list[str], more: list[str]) -> None:
    directory = ("", *sorted({sort_key(each) for each in more}))
    ordered = sorted(ids, key=sort_key)
    pages = dict(cut(directory, ordered, sort_key))
    assert tuple(pages) == directory
    assert sorted(each for rows in pages.values() for each in rows) == sorted(ids)
    assert all(page_beginning(directory, each) == beginning for beginning, rows in pages.items() for each in rows)


@given(st.lists(IDS, max_size=60, unique=True), st.lists(IDS, max_size=5))
def test_splitting_a_page_keeps_every_entry_exactly_once(ids: list[str], more: list[str]) -> None:
    page = FleetPage("i1", "", {each: FleetEntry(each, "f") for each in ids}, "r1", 3)
    directory = ("", *sorted({sort_key(each) for each in more}))
    parts = split_page(page, directory)
    assert [part.begins for part in parts] == list(directory)
    assert sorted(each for part in parts for each in part.entries) == sorted(ids)
    assert [part.version for part in parts] == [3, *(0 for _ in directory[1:])]
    assert all(page_beginning(directory, each) == part.begins for part in parts for each in part.entries)


@given(st.integers(0, 3 * SPLIT_ABOVE), st.integers(0, 3 * SPLIT_ABOVE), st.integers(1, 5))
def test_a_directory_only_grows_and_its_pages_stay_below_the_limit(first: int, second: int, step: int) -> None:
    before = directory_of((), [sort_key(str(number)) for number in range(first)])
    keys = [sort_key(str(number * step)) for number in range(second)]
    after = directory_of(before, keys)
    assert set(before) <= set(after)
    assert list(after) == sorted(set(after))
    assert all(len(rows) <= SPLIT_ABOVE for _, rows in cut(after, keys, str))
    assert directory_of(after, keys) == after
