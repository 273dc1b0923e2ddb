"""The words that an asset is found by."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.words import LONGEST, MOST, SHORTEST, query_words, words_of


def found(query: str, *texts: str) -> bool:
    words = words_of(*texts)
    asked = query_words(query)
    return bool(asked) and all(any(word.startswith(each) for word in words) for each in asked)


def test_a_name_is_found_by_its_parts_by_the_whole_and_by_beginnings() -> None:
    for query in ("SRV-01", "srv01", "srv", "acme", "SR", "01.acme"):
        assert found(query, "SRV-01.acme.local"), query
    assert not found("rv-01", "SRV-01")


def test_accents_and_case_do_not_matter() -> None:
    assert found("munchen", "PC München")
    assert found("MÜNCHEN", "pc munchen")
    assert found("strasse", "Straße")


def test_all_words_of_a_query_must_be_there() -> None:
    assert found("front desk", "Front desk PC")
    assert not found("front door", "Front desk PC")


def test_the_longest_word_is_asked_first_and_what_it_implies_is_not_asked() -> None:
    assert query_words("sr srv-berlin SRV") == ("berlin", "srv")


def test_a_query_of_single_letters_has_no_words() -> None:
    assert query_words("a - b") == ()


def test_nothing_has_no_words() -> None:
    assert words_of(None, "", " - ") == frozenset()


@given(st.lists(st.text(max_size=60), max_size=5))
def test_words_are_few_short_and_the_same_every_time(texts: list[str]) -> None:
    words = words_of(*texts)
    assert words == words_of(*texts)
    assert len(words) <= MOST
    assert all(SHORTEST <= len(word) <= LONGEST for word in words)


@given(st.text(min_size=1, max_size=30))
def test_what_is_asked_by_its_whole_name_is_found(name: str) -> None:
    assert not query_words(name) or found(name, name)
