from tandem.ingest.remembered import MAXIMUM_ENTRIES, REREADS, Remembered


class Source:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.reads = 0
        self.seconds = 0.0
        self.remembered = Remembered(self.find, lambda: self.seconds)

    def find(self, key: str) -> str | None:
        self.reads += 1
        return self.values.get(key)


def test_a_value_is_read_once_a_minute() -> None:
    source = Source()
    source.values["a"] = "1"
    assert source.remembered.get("a") == "1"
    source.values["a"] = "2"
    source.seconds = 59.9
    assert source.remembered.get("a") == "1"
    source.seconds = 60
    assert source.remembered.get("a") == "2"
    assert source.reads == 2


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
    source.seconds = 10
    assert source.remembered.reread("a") == "1"


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
