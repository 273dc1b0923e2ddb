"""What an agent does, from what an RMM says of it."""

from datetime import datetime, timedelta

from tandem.assets.models import AgentStatus


def by_flag(is_offline: bool | None) -> AgentStatus | None:
    """Of an RMM that says so itself; None if it does not."""
    if is_offline is None:
        return None
    return AgentStatus.OFFLINE if is_offline else AgentStatus.ONLINE


def by_last_seen(
    last_seen_at: datetime | None, offline_after: timedelta, overdue_after: timedelta, now: datetime
) -> AgentStatus:
    """Of an RMM that says when it heard of the agent last, and for how long it may be silent. An agent that was never
    heard of is unknown: it may not be installed yet."""
    if last_seen_at is None:
        return AgentStatus.UNKNOWN
    silent = now - last_seen_at
    if silent <= offline_after:
        return AgentStatus.ONLINE
    return AgentStatus.OVERDUE if silent >= overdue_after else AgentStatus.OFFLINE
