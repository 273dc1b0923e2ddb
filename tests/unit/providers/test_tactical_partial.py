"""Which of Tactical's webhooks may lack something that its API would tell."""

import pytest

from tandem.alerts.models import Provider
from tests.unit.providers.normalizing import event_of
from tests.unit.providers.tactical_bodies import sent, values


def is_partial(body: object) -> bool:
    return event_of(Provider.TACTICALRMM, body).is_partial


def without(*names: str, **changes: str) -> dict[str, str]:
    return {name: value for name, value in values(**changes).items() if name not in names}


def test_a_whole_body_of_our_template_lacks_nothing() -> None:
    assert not is_partial(sent(values()))
    assert not is_partial(sent(values(event="resolve", resolved_on="2026-11-21 01:58:00+00:00")))


@pytest.mark.parametrize("event", ["trigger", "resolve"])
def test_what_was_salvaged_from_a_broken_body_may_lack_something(event: str) -> None:
    assert is_partial(sent(values(event=event, message='Service "spooler" stopped')))


@pytest.mark.parametrize(
    "body",
    [
        without("severity"),
        without("severity", severity="None"),
        values(severity="high"),
        without("message", "check_output"),
        without("alert_type", "check_id"),
    ],
)
def test_a_firing_without_what_rules_match_on_lacks_something(body: dict[str, str]) -> None:
    assert is_partial(body)


@pytest.mark.parametrize("body", [without("message"), without("alert_type"), values(severity="ERROR")])
def test_what_can_be_told_from_the_rest_is_not_missed(body: dict[str, str]) -> None:
    assert not is_partial(body)


def test_no_rule_matches_a_resolve() -> None:
    assert not is_partial(without("severity", "message", "alert_type", event="resolve"))


def test_without_an_id_the_server_cannot_be_asked() -> None:
    assert not is_partial(without("alert_id", "severity"))
