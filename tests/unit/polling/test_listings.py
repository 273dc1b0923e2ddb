"""Listings as they are kept."""

import gzip

import pytest

from tandem.polling.listings import decode, encode, key_of
from tandem.polling.reconcile import Difference
from tests.unit.alerts.world import START, at


def test_what_is_kept_of_a_listing_comes_back_as_it_was() -> None:
    difference = Difference(START, {"a": at(-1), "b": at(-2.5)}, {"c": at(-3)})
    assert decode(encode(difference)) == difference


def test_a_listing_is_named_by_its_integration_and_time() -> None:
    assert key_of("i1", START) == "polls/i1/2026-11-21T08:00:00.000000Z.json.gz"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no gzip",
        encode(Difference(START))[:-9],
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b'{"v":1}', mtime=0),
        gzip.compress(b'{"v":2,"began_at":"yesterday"}', mtime=0),
        gzip.compress(b'{"v":2,"began_at":"2026-11-21T08:00:00Z","missing":["a"],"shown":{}}', mtime=0),
    ],
)
def test_what_is_no_listing_is_none(body: bytes) -> None:
    assert decode(body) is None
