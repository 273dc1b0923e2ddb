"""Listings as they are kept."""

import gzip

import pytest

from tandem.polling.listings import decode, encode, key_of
from tandem.polling.reconcile import Listing
from tests.unit.alerts.world import START


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_listing_comes_back_as_it_was(is_whole: bool) -> None:
    listing = Listing(START, frozenset({"a", "b"}), frozenset({"k"}), is_whole)
    assert decode(encode(listing)) == listing


def test_a_listing_is_named_by_its_integration_and_time() -> None:
    assert key_of("i1", START) == "polls/i1/2026-11-21T08:00:00.000000Z.json.gz"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no gzip",
        encode(Listing(START, frozenset(), frozenset()))[:-9],
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b'{"v":2}', mtime=0),
        gzip.compress(b'{"v":1,"began_at":"yesterday"}', mtime=0),
    ],
)
def test_what_is_no_listing_is_none(body: bytes) -> None:
    assert decode(body) is None
