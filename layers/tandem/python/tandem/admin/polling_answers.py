"""How an integration's polling is shown."""

from datetime import datetime, timedelta

from tandem.admin.schemas.integrations import PollingAnswer, PollResultAnswer
from tandem.polling.settings import FAILING_FROM, polled_every
from tandem.store.configuration.records import Integration, Status
from tandem.store.polls import PollState


def polling_answer(integration: Integration, state: PollState) -> PollingAnswer:
    """How the polling of an integration stands."""
    return PollingAnswer(
        enabled=integration.is_polled,
        interval_minutes=integration.polling_interval_minutes if integration.has_credentials else None,
        last_polled_at=state.last_polled_at,
        last_success_at=state.last_success_at,
        last_error=state.last_error,
        warning=state.warning,
        consecutive_failures=state.failures_since(integration.connected_at),
        next_poll_at=_next_poll_at(integration, state),
        last_result=PollResultAnswer(
            listed=state.listed,
            unreadable=state.unreadable,
            unreadable_alerts=list(state.unreadable_alerts),
            fired=state.fired,
            cleared=state.cleared,
            held_back=state.held_back,
        )
        if state.last_success_at is not None
        else None,
    )


def shown_status(integration: Integration, state: PollState) -> tuple[str, str | None]:
    """Status and reason: one whose polls keep failing is shown as in error, with the last sentence."""
    failures = state.failures_since(integration.connected_at)
    if integration.status == Status.CONNECTED and failures >= FAILING_FROM:
        return Status.ERROR, state.last_error
    return integration.status, integration.status_reason


def _next_poll_at(integration: Integration, state: PollState) -> datetime | None:
    """An interval after the last one, or after the schedule was made. None where a person must connect it first."""
    minutes = polled_every(integration)
    begun = [each for each in (state.last_polled_at, integration.connected_at) if each is not None]
    if minutes is None or not begun or integration.status == Status.RECONNECT_REQUIRED:
        return None
    return max(begun) + timedelta(minutes=minutes)
