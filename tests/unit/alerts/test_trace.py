"""The bounded trace."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts import trace
from tandem.alerts.models import Outcome, Trace, TraceEntry
from tests.unit.alerts.world import at


def line(minute: int, reason: str, ticket: str | None = None) -> TraceEntry:
    return TraceEntry(at(minute), Outcome.RECORDED_ONLY, reason, f"e{minute}", ticket_id=ticket)


def test_decisions_alike_fold_into_one_line_with_a_count_and_the_last_time() -> None:
    kept = Trace()
    for minute in range(5):
        kept = trace.add(kept, line(minute, "no rule matched"))
    (only,) = kept.entries
    assert (only.count, only.at, only.last_at) == (5, at(0), at(4))


def test_the_first_the_last_that_touched_a_ticket_and_the_newest_18_are_kept() -> None:
    kept = trace.add(Trace(), line(0, "first"))
    kept = trace.add(kept, line(1, "older ticket", "t1"))
    kept = trace.add(kept, line(2, "ticket", "t1"))
    for minute in range(3, 60):
        kept = trace.add(kept, line(minute, f"decision {minute}"))
    reasons = [entry.reason for entry in kept.entries]
    assert reasons == ["first", "ticket", *(f"decision {minute}" for minute in range(42, 60))]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "t"])), max_size=80))
def test_it_never_grows_beyond_20_lines_and_always_ends_with_the_newest(story: list[tuple[str, str | None]]) -> None:
    kept = Trace()
    for minute, (reason, ticket) in enumerate(story):
        kept = trace.add(kept, line(minute, reason, ticket))
        assert len(kept.entries) <= 20
        assert kept.entries[-1].reason == reason
        assert kept.entries[0].reason == story[0][0]
