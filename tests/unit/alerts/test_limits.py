import gzip
import random

from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.limits import (
    MARKER,
    MESSAGE_BYTES,
    RAW_GZIPPED_BYTES,
    TITLE_CHARACTERS,
    cut_bytes,
    cut_message,
    cut_name,
    cut_title,
    gzipped_text,
    sound_text,
)


def test_a_text_that_fits_is_left_alone() -> None:
    assert cut_message("é" * (MESSAGE_BYTES // 2)) == "é" * (MESSAGE_BYTES // 2)


def test_a_long_text_is_cut_in_bytes_and_says_so() -> None:
    cut = cut_message("é" * MESSAGE_BYTES)
    assert len(cut.encode()) <= MESSAGE_BYTES
    assert cut.endswith(MARKER)


@given(st.text(), st.integers(min_value=0, max_value=64))
def test_no_cut_is_longer_than_its_limit_or_splits_a_character(text: str, limit: int) -> None:
    text = sound_text(text)
    cut = cut_bytes(text, limit)
    assert len(cut.encode()) <= limit
    assert cut == text or text.startswith(cut.removesuffix(MARKER))


def test_a_title_is_cut_in_characters() -> None:
    assert len(cut_title("ü" * 300)) == TITLE_CHARACTERS
    assert cut_title("ü" * TITLE_CHARACTERS) == "ü" * TITLE_CHARACTERS


def test_a_name_is_cut_in_bytes() -> None:
    assert len(cut_name("日" * 200).encode()) <= 255


def test_raw_text_comes_back_whole_when_it_compresses() -> None:
    text = '{"message": "the same line again"}\n' * 5000
    zipped = gzipped_text(text)
    assert len(zipped) <= RAW_GZIPPED_BYTES
    assert gzip.decompress(zipped).decode() == text


def test_raw_text_that_does_not_compress_is_cut_with_a_marker_and_fills_most_of_its_limit() -> None:
    source = random.Random(1)
    text = "".join(chr(source.randrange(0x20, 0x2FFF)) for _ in range(100_000))
    zipped = gzipped_text(text)
    kept = gzip.decompress(zipped).decode()
    assert RAW_GZIPPED_BYTES * 0.85 < len(zipped) <= RAW_GZIPPED_BYTES
    assert kept.endswith("bytes in all")
    assert text.startswith(kept[: kept.rindex(f"\n{MARKER}")])


def test_the_same_text_gives_the_same_bytes() -> None:
    assert gzipped_text("abc") == gzipped_text("abc")


@given(st.text(alphabet=st.characters()))
def test_sound_text_can_always_be_encoded(text: str) -> None:
    sound_text(text + "\ud800").encode()
