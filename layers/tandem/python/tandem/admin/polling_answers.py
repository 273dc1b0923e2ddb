"""How an integration's polling is shown."""

from datetime import timedelta

from tandem.admin.schemas.integrations import PollingAnswer, PollResultAnswer
from tandem.polling.settings import FAILING_FROM, polled_every
from tandem.store.configuration.records import Integration, Status
from tandem.store.polls import PollState


def polling_answer(integration: Integration, state: PollState) -> PollingAnswer:
    """How the polling of an integration stands."""
    minutes = polled_every(integration)
    last = state.last_polled_at
    return PollingAnswer(
        enabled=integration.is_polled,
        interval_minutes=integration.polling_interval_minutes if integration.has_credentials else None,
        last_polled_at=last,
        last_success_at=state.last_success_at,
        last_error=state.last_error,
        warning=state.warning,
        consecutive_failures=state.consecutive_failures,
        next_poll_at=last + timedelta(minutes=minutes) if last is not None and minutes is not None else None,
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
    if integration.status == Status.CONNECTED and state.consecutive_failures >= FAILING_FROM:
        return Status.ERROR, state.last_error
    return integration.status, integration.status_reason
