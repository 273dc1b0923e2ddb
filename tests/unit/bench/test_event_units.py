"""The sorts of events that are measured."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from local.bench.event_units import CASES, Case
from local.bench.webhooks import PROVIDERS, Firing
from tandem.alerts.models import AlertEvent, Origin, Provider

AT = datetime(2026, 11, 21, 3, tzinfo=UTC)


def case(key: str) -> Case:
    (found,) = (each for each in CASES if each.key == key)
    return found


def told(key: str, provider: Provider) -> tuple[list[AlertEvent], AlertEvent]:
    """What happens before, and the event, of a case."""
    found = case(key)
    before, event = found.story(Firing(provider, device=1, condition=1, alert=1, at=AT))
    return [firing.event() for firing in before], found.event(event)


def test_each_case_has_a_key_of_its_own() -> None:
    assert len({each.key for each in CASES}) == len(CASES)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_event_at_a_windows_end_is_about_the_alert_that_was_held_and_brings_nothing_of_the_sender(
    provider: Provider,
) -> None:
    (held,), asked = told("window_end", provider)
    assert asked == replace(
        held,
        event_id=asked.event_id,
        received_at=asked.received_at,
        origin=Origin.SWEEP,
        decide_again=True,
        facts={},
        raw=None,
    )
    assert asked.event_id != held.event_id


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("key", ["reset", "reset_with_close", "suppressed_reset"])
def test_a_reset_is_of_the_alert_that_fired_before(key: str, provider: Provider) -> None:
    (fired,), reset = told(key, provider)
    assert (reset.alert_id, reset.condition_id) == (fired.alert_id, fired.condition_id)
    assert reset.occurred_at > fired.occurred_at


def test_the_window_is_on_while_alerts_are_held_and_over_when_it_ends() -> None:
    assert all(case("suppressed").behind)
    held, released = case("window_end").behind
    assert held
    assert not released
    assert not any(case("new_ticket").behind)
