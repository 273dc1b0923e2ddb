"""What listings say, as lines and on disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.models import Device, Program
from tandem.assets.order import FIRST, cut, directory_of, sort_key
from tandem.connections.fleet import DevicePart, DeviceSoftware, Unreadable
from tandem.syncing.part_codec import decode, device_of, encode, id_of
from tandem.syncing.spool import Spool
from tests.unit.assets.strategies import FACTS, SEEN

TEXTS = st.none() | st.text(max_size=5)
PARTS = st.builds(DevicePart, st.text(max_size=5), FACTS, SEEN, TEXTS, TEXTS, TEXTS)
PROGRAMS = st.lists(st.builds(Program, st.text(max_size=5), TEXTS, TEXTS, TEXTS), max_size=3).map(tuple)
SOFTWARE = st.builds(DeviceSoftware, st.text(max_size=5), PROGRAMS)
UNREADABLE = st.builds(Unreadable, TEXTS, st.text(max_size=5))


@given(PARTS | SOFTWARE | UNREADABLE)
def test_a_row_is_read_as_it_was_written(row: DevicePart | DeviceSoftware | Unreadable) -> None:
    line = encode(row)

    assert decode(line) == row
    assert id_of(line) == row.external_id
    assert "\n" not in line


@given(PARTS)
def test_a_device_comes_as_the_part_that_says_all_of_it(part: DevicePart) -> None:
    device = device_of(part)

    assert device == Device(
        part.external_id, part.organization_id, part.organization_name, part.facts, part.seen, part.approval
    )
    assert decode(encode(device)) == part


@pytest.mark.parametrize("directory", [(), (FIRST, "00000000000000000003", "b")])
@given(ids=st.lists(st.text("0123ab", min_size=1, max_size=3), max_size=30))
def test_rows_are_given_by_the_pages_of_the_fleet_in_the_order_in_which_they_came(
    directory: tuple[str, ...], ids: list[str]
) -> None:
    beginnings = directory_of(directory, sorted(map(sort_key, ids)))
    rows = [(number % 3, encode(Unreadable(each, str(number)))) for number, each in enumerate(ids)]

    with Spool() as spool:
        for listing, line in rows:
            assert list(spool.add(listing, [line])) == [line]
        placed = list(spool.pages(beginnings))

    by_key = sorted(rows, key=lambda row: sort_key(id_of(row[1]) or ""))
    pages = cut(directory, by_key, lambda row: sort_key(id_of(row[1]) or ""))
    assert placed == [(begins, [row for row in rows if row in of_page]) for begins, of_page in pages]


def test_rows_without_an_id_stand_on_the_first_page() -> None:
    with Spool() as spool:
        lines = [encode(Unreadable(None, "no id")), encode(Unreadable("z", "bad"))]
        assert list(spool.add(0, lines)) == lines
        assert list(spool.pages((FIRST, "m"))) == [(FIRST, [(0, lines[0])]), ("m", [(0, lines[1])])]
