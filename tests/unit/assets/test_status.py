"""What an agent does."""

from datetime import timedelta

import pytest

from tandem.assets.models import AgentStatus
from tandem.assets.status import by_flag, by_last_seen
from tests.unit.assets.world import START

OFFLINE_AFTER, OVERDUE_AFTER = timedelta(minutes=4), timedelta(minutes=30)


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(-5, "online"), (0, "online"), (4, "online"), (5, "offline"), (29, "offline"), (30, "overdue"), (9999, "overdue")],
)
def test_an_agent_is_online_offline_then_overdue(minutes: int, status: str) -> None:
    seen = START - timedelta(minutes=minutes)
    assert by_last_seen(seen, OFFLINE_AFTER, OVERDUE_AFTER, START) is AgentStatus(status)


def test_an_agent_that_was_never_heard_of_is_unknown() -> None:
    assert by_last_seen(None, OFFLINE_AFTER, OVERDUE_AFTER, START) is AgentStatus.UNKNOWN


def test_an_rmm_that_does_not_say_says_nothing() -> None:
    assert [by_flag(each) for each in (True, False, None)] == [AgentStatus.OFFLINE, AgentStatus.ONLINE, None]
