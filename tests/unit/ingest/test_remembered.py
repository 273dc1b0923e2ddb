import pytest

from tandem.ingest.answers import NotStored
from tandem.ingest.remembered import MAXIMUM_ENTRIES, REREADS, Remembered


class Source:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.reads = 0
        self.seconds = 0.0
        self.is_broken = False
        self.remembered = Remembered(self.find, lambda: self.seconds, 5)

    def find(self, key: str) -> str | None:
        self.reads += 1
        if self.is_broken:
            raise NotStored("scripted")
        return self.values.get(key)


def test_a_value_is_read_again_when_it_is_due() -> None:
    source = Source()
    source.values["a"] = "1"
    assert source.remembered.get("a") == "1"
    source.values["a"] = "2"
    source.seconds = 4.9
    assert source.remembered.get("a") == "1"
    source.seconds = 5
    assert source.remembered.get("a") == "2"
    assert source.reads == 2


def test_a_value_that_cannot_be_read_again_serves_until_it_is_a_minute_old_and_is_not_asked_for_each_time() -> None:
    source = Source()
    source.values["a"] = "1"
    source.remembered.get("a")
    source.is_broken = True
    for source.seconds in (5, 6, 9.9, 10, 59):
        assert source.remembered.get("a") == "1"
    assert source.reads == 1 + 3
    source.seconds = 60
    for _ in range(2):
        with pytest.raises(NotStored):
            source.remembered.get("a")


def test_a_value_that_can_be_read_again_is_the_new_one_and_what_is_gone_is_gone() -> None:
    source = Source()
    source.values["a"] = "1"
    source.remembered.get("a")
    source.is_broken, source.seconds = True, 5
    assert source.remembered.get("a") == "1"
    source.is_broken, source.seconds = False, 10
    source.values["a"] = "2"
    assert source.remembered.get("a") == "2"
    source.values.clear()
    source.seconds = 15
    assert source.remembered.get("a") is None


def test_what_was_never_read_and_cannot_be_is_a_failure() -> None:
    source = Source()
    source.is_broken = True
    with pytest.raises(NotStored):
        source.remembered.get("a")


def test_what_was_not_found_is_asked_for_again() -> None:
    source = Source()
    assert source.remembered.get("a") is None
    source.values["a"] = "1"
    assert source.remembered.get("a") == "1"


def test_what_is_gone_is_forgotten_by_a_reread() -> None:
    source = Source()
    source.values["a"] = "1"
    source.remembered.get("a")
    source.values.clear()
    assert source.remembered.reread("a") is None
    assert source.remembered.get("a") is None


def test_rereads_are_few_within_ten_seconds_and_allowed_again_after() -> None:
    source = Source()
    source.values["a"] = "1"
    source.remembered.get("a")
    assert [source.remembered.reread("a") for _ in range(REREADS + 2)] == ["1"] * REREADS + [None] * 2
    source.seconds = 9
    assert source.remembered.get("a") == "1"
    assert source.remembered.reread("a") is None
    source.seconds = 10
    assert source.remembered.reread("a") == "1"


def test_a_reread_that_fails_counts_and_forgets_nothing() -> None:
    source = Source()
    source.values["a"] = "1"
    source.remembered.get("a")
    source.is_broken = True
    for _ in range(REREADS):
        with pytest.raises(NotStored):
            source.remembered.reread("a")
    assert source.remembered.reread("a") is None
    assert source.remembered.get("a") == "1"


def test_only_so_many_values_are_held() -> None:
    source = Source()
    for number in range(MAXIMUM_ENTRIES + 1):
        source.values[str(number)] = "x"
        source.remembered.get(str(number))
    reads = source.reads
    source.remembered.get(str(MAXIMUM_ENTRIES))
    assert source.reads == reads
    source.remembered.get("0")
    assert source.reads == reads + 1
