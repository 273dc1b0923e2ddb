"""Handing dead letters over again: its pace, its end, and what a failure in between leaves."""

import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from tandem.admin.problems import Problem
from tandem.admin.replayers import Handed, HandoverError, QueueReplayer, StreamReplayer
from tandem.admin.replaying import COUNTING_SECONDS, FAILED_AGAIN, LIMIT_SECONDS, PER_SECOND, Replaying
from tandem.dead_letters.letters import DeadLetter, ParkedLetter
from tandem.store.errors import BusyError

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
AT_ONCE = 10


def parked(number: int, source: str = "a", payload: str = "{}", group_id: str | None = None) -> ParkedLetter:
    letter = DeadLetter(source, f"m{number}", "why", payload, NOW + timedelta(seconds=number), group_id=group_id)
    return ParkedLetter(f"id-{number}", letter, NOW, 2**40)


class Outside:
    """A destination, the marks and the clock, all scripted. `takes`: seconds a letter."""

    def __init__(self, at_once: int = AT_ONCE, takes: float = 0.0) -> None:
        self.at_once = at_once
        self.takes = takes
        self.happened: list[str] = []
        self.seconds = 0.0
        self.broken_after: int | None = None
        self.marks_are_broken = False
        self.replaying = Replaying(self, {"a": self, "b": self}, self.pause, lambda: self.seconds)

    def why_not(self, parked: ParkedLetter) -> str | None:
        return "it is odd" if parked.letter.payload == "odd" else None

    def hand_over(self, letters: Sequence[ParkedLetter], _force: bool, _now: datetime) -> Handed:
        if self.broken_after is not None and len(self.happened) >= self.broken_after:
            raise HandoverError("the queue could not be reached")
        self.happened.append("send " + " ".join(each.letter_id for each in letters))
        self.seconds += self.takes * len(letters)
        return Handed({each.letter_id: "failed" for each in letters if each.letter.payload == "bad"})

    def mark_replayed(self, parked: ParkedLetter, user_id: str, now: datetime) -> bool:
        if self.marks_are_broken:
            raise BusyError("the table is busy")
        self.happened.append(f"mark {parked.letter_id} {user_id}")
        return parked.letter.payload != "parked again"

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def sent(self) -> int:
        return sum(len(each.split()) - 1 for each in self.happened if each.startswith("send"))


def test_a_letter_is_marked_only_after_it_was_handed_over() -> None:
    outside = Outside()
    outside.replaying.run([parked(1), parked(2)], "u1", False, NOW)
    assert outside.happened == ["send id-1 id-2", "mark id-1 u1", "mark id-2 u1"]


def test_what_is_odd_or_fails_again_is_named_and_not_marked() -> None:
    outside = Outside()
    run = outside.replaying.run([parked(1, payload="odd"), parked(2, payload="bad"), parked(3)], "u1", False, NOW)
    assert run.not_replayed == {"id-1": "it is odd", "id-2": "failed"}
    assert (run.replayed, run.left) == (1, 0)
    assert outside.happened == ["send id-2 id-3", "mark id-3 u1"]


def test_what_was_parked_again_while_it_was_replayed_counts_as_failed() -> None:
    run = Outside().replaying.run([parked(1, payload="parked again"), parked(2)], "u1", False, NOW)
    assert (run.replayed, run.not_replayed) == (1, {"id-1": FAILED_AGAIN})


def test_letters_of_different_sources_go_their_own_ways_in_their_order() -> None:
    outside = Outside()
    run = outside.replaying.run([parked(1), parked(2, "b"), parked(3, "c"), parked(4)], "u1", False, NOW)
    assert [each for each in outside.happened if each.startswith("send")] == ["send id-1", "send id-2", "send id-4"]
    assert run.not_replayed == {"id-3": "there is no way to replay what was for 'c'"}


def test_thousands_go_out_at_a_bounded_rate_and_what_the_time_does_not_suffice_for_is_left() -> None:
    outside = Outside()
    run = outside.replaying.run((parked(number) for number in range(5000)), "u1", False, NOW)
    assert run.replayed == outside.sent <= (LIMIT_SECONDS + 1) * PER_SECOND
    assert run.replayed >= LIMIT_SECONDS * PER_SECOND - AT_ONCE
    assert run.left == 5000 - run.replayed
    assert outside.seconds <= LIMIT_SECONDS + 1


def test_the_count_of_what_is_left_is_bounded() -> None:
    run = Outside().replaying.run((parked(number) for number in range(50_000)), "u1", False, NOW)
    assert run.left == 10_000


def test_counting_what_is_left_is_bounded_in_time() -> None:
    """Letters are read whole to be counted: ten thousand of the longest would take minutes."""
    outside = Outside(takes=3)

    def slowly_read() -> Iterator[ParkedLetter]:
        for number in range(1000):
            outside.seconds += 0.1
            yield parked(number)

    run = outside.replaying.run(slowly_read(), "u1", False, NOW)
    assert 0 < run.left < 1000
    assert outside.seconds <= 10 * 3 + COUNTING_SECONDS


def test_records_that_fail_again_one_after_the_other_do_not_outlast_the_request() -> None:
    """A record that the bus refuses again and again takes its function seconds."""
    outside = Outside(StreamReplayer.at_once, takes=1.5)
    run = outside.replaying.run([parked(number, payload="bad") for number in range(40)], "u1", False, NOW)
    assert outside.seconds < LIMIT_SECONDS + 2
    assert len(run.not_replayed) + run.left == 40


def test_a_destination_that_fails_ends_the_request_and_tells_how_far_it_came() -> None:
    outside = Outside()
    outside.broken_after = 1 + AT_ONCE
    with pytest.raises(Problem, match="10 letters were replayed before; repeat the request") as refusal:
        outside.replaying.run([parked(number) for number in range(25)], "u1", False, NOW)
    assert refusal.value.status == 503
    assert outside.sent == 10


def test_a_table_that_fails_leaves_the_letter_unmarked_though_it_was_handed_over() -> None:
    outside = Outside()
    outside.marks_are_broken = True
    with pytest.raises(BusyError):
        outside.replaying.run([parked(1)], "u1", False, NOW)
    assert outside.happened == ["send id-1"]


class Aws:
    """A queue or a function."""

    def __init__(self, **answer: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer = answer

    def send_message(self, **request: Any) -> None:
        self.asked.append(request)

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if not self.answer:
            raise EndpointConnectionError(endpoint_url="the function")
        return {**self.answer, "Payload": io.BytesIO(json.dumps(self.answer["Payload"]).encode())}


def test_messages_of_a_fifo_queue_go_back_to_their_group() -> None:
    queue = Aws()
    replayer = QueueReplayer(lambda: cast("Any", queue), "url")
    replayer.hand_over([parked(1, payload="one"), parked(2, payload="two", group_id="g")], False, NOW)
    first, second = queue.asked
    assert first == {"QueueUrl": "url", "MessageBody": "one"}
    assert (second["MessageBody"], second["MessageGroupId"]) == ("two", "g")
    assert second["MessageDeduplicationId"]


def test_what_was_too_long_to_be_kept_whole_is_not_replayed() -> None:
    cut = parked(1, payload="begin… [cut]")
    assert QueueReplayer(lambda: cast("Any", Aws()), "url").why_not(cut) == "it was too long to be kept whole"
    assert StreamReplayer(lambda: cast("Any", Aws()), "name").why_not(cut) == "it was too long to be kept whole"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ({"StatusCode": 200, "Payload": None}, False),
        ({"StatusCode": 200, "Payload": {"batchItemFailures": []}}, False),
        ({"StatusCode": 200, "Payload": {"batchItemFailures": [{"itemIdentifier": "1"}]}}, True),
        ({"StatusCode": 200, "Payload": {"errorMessage": "x"}, "FunctionError": "Unhandled"}, True),
    ],
)
def test_a_record_counts_as_replayed_once_its_function_says_so(answer: dict[str, Any], refused: bool) -> None:
    function = Aws(**answer)
    handed = StreamReplayer(lambda: cast("Any", function), "name").hand_over([parked(1)], False, NOW)
    assert json.loads(function.asked[0]["Payload"]) == {"Records": [{}]}
    assert set(handed.refused) == ({"id-1"} if refused else set())


def test_a_function_that_does_not_answer_is_no_letters_fault() -> None:
    with pytest.raises(HandoverError, match="EndpointConnectionError"):
        StreamReplayer(lambda: cast("Any", Aws()), "name").hand_over([parked(1)], False, NOW)
