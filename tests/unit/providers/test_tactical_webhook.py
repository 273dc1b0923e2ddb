from typing import Any

import pytest

from tandem.alerts.models import AlertEvent, Kind, Provider, Severity
from tandem.providers.fields import Fields
from tandem.providers.port import BadWebhook
from tandem.providers.tacticalrmm import identity as known
from tests.unit.providers.normalizing import RECEIVED_AT, event_of, ignored, normalized
from tests.unit.providers.tactical_bodies import VALUES, sent, values


def event(**changes: str) -> AlertEvent:
    return event_of(Provider.TACTICALRMM, sent(values(**changes)))


def without(*names: str, **changes: str) -> dict[str, str]:
    return {name: value for name, value in values(**changes).items() if name not in names}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("trigger", Kind.TRIGGERED),
        ("Alert.Triggered", Kind.TRIGGERED),
        ("failure", Kind.TRIGGERED),
        ("resolve", Kind.RESET),
        ("alert_resolved", Kind.RESET),
    ],
)
def test_the_event_word_decides(word: str, kind: Kind) -> None:
    assert event(event=word).kind is kind


def test_an_unknown_word_is_ignored_and_named() -> None:
    outcome = ignored(Provider.TACTICALRMM, sent(values(event="heartbeat")))
    assert (outcome.reason, outcome.word) == ("unknown event type", "heartbeat")
    assert ignored(Provider.TACTICALRMM, sent(values(event="test"))).reason == "test"


def test_without_the_word_a_resolve_shows_in_its_other_fields_and_all_else_is_a_trigger() -> None:
    assert event_of(Provider.TACTICALRMM, without("event", resolved="True")).kind is Kind.RESET
    assert event_of(Provider.TACTICALRMM, without("event", resolved_on="2026-11-21 01:58:00+00:00")).kind is Kind.RESET
    assert event_of(Provider.TACTICALRMM, without("event")).kind is Kind.TRIGGERED


@pytest.mark.parametrize(
    ("changes", "identity"),
    [
        ({}, "check:91"),
        ({"check_id": "None"}, "check:alert:39"),
        ({"alert_type": "task", "check_id": "None"}, "task:alert:39"),
        ({"alert_type": "task", "task_id": "12"}, "task:12"),
        ({"alert_type": "availability", "check_id": "None"}, "availability"),
        ({"alert_type": "custom"}, "custom:alert:39"),
        ({"alert_type": "None"}, "check:91"),
    ],
)
def test_the_identity_is_that_of_the_check_the_task_or_the_agent_and_never_none(
    changes: dict[str, str], identity: str
) -> None:
    assert event(**changes).identity == identity


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ({"alert_type": "check", "assigned_check": 91, "assigned_task": None}, {}),
        ({"alert_type": "task", "assigned_check": None, "assigned_task": 7}, {"alert_type": "task", "task_id": "7"}),
        ({"alert_type": "availability", "assigned_check": None, "assigned_task": None}, {"alert_type": "availability"}),
    ],
)
def test_a_webhook_and_an_api_row_of_one_alert_are_known_by_the_same(
    row: dict[str, Any], changes: dict[str, str]
) -> None:
    polled, sent_event = known.of_api({"id": 39, "severity": "warning", **row}), event(**changes)
    assert known.external_alert_id(polled) == sent_event.external_alert_id
    assert known.identity(polled) == sent_event.identity
    assert known.severity(polled) == sent_event.severity


def test_severities_are_tacticals_own() -> None:
    words = {"error": Severity.CRITICAL, "warning": Severity.MODERATE, "INFO": Severity.MINOR, "x": Severity.MODERATE}
    assert {word: known.severity(Fields({"severity": word})) for word in words} == words


def test_none_is_null_everywhere() -> None:
    nothing = event(agent_id="None", hostname="None", client_id="None", client_name="None", operating_system="None")
    assert nothing.external_device_id is None
    assert nothing.device_name is None
    assert nothing.organization_id is None
    assert nothing.organization_name is None
    assert nothing.facts == {"Site": "Headquarters"}


def test_a_resolve_has_the_time_of_its_resolution_and_without_one_that_of_receipt() -> None:
    resolved = event(event="resolve", resolved_on="2026-11-21 01:59:00.5+00:00")
    assert str(resolved.occurred_at) == "2026-11-21 01:59:00.500000+00:00"
    assert event(event="resolve").occurred_at == RECEIVED_AT


def test_an_alert_without_an_id_is_known_by_its_condition_and_so_is_its_resolve() -> None:
    fired, resolved = event(alert_id="None"), event(alert_id="None", event="resolve")
    assert fired.external_alert_id is None
    assert fired.alert_id == resolved.alert_id


def test_what_names_neither_alert_nor_condition_is_refused() -> None:
    nameless = sent(values(alert_id="None", check_id="None"))
    placeless = sent(values(alert_id="None", agent_id="None", client_id="None"))
    for body in (nameless, placeless, {"event": "trigger"}, {"id": 5}):
        with pytest.raises(BadWebhook) as caught:
            normalized(Provider.TACTICALRMM, body)
        assert caught.value.field == "alert_id"


def test_an_exact_redelivery_has_the_same_event_id_even_without_any_time() -> None:
    body = without("alert_time")
    later = event_of(Provider.TACTICALRMM, body, RECEIVED_AT.replace(hour=9))
    assert event_of(Provider.TACTICALRMM, body).event_id == later.event_id
    assert event(event="resolve").event_id != event().event_id
    assert event(alert_id="40").event_id != event().event_id


def test_an_event_far_in_the_future_is_taken_as_received_now_and_keeps_its_event_id() -> None:
    far = values(alert_time="2126-11-21 01:57:04+00:00")
    first = event_of(Provider.TACTICALRMM, far)
    again = event_of(Provider.TACTICALRMM, far, RECEIVED_AT.replace(hour=9))
    assert first.occurred_at == RECEIVED_AT
    assert first.event_id == again.event_id


def test_an_absurdly_long_or_odd_id_is_refused_and_named() -> None:
    for name in ("alert_id", "agent_id", "client_id"):
        for wrong in ("9" * 256, "ü" * 128, "a\x00b"):
            with pytest.raises(BadWebhook) as caught:
                normalized(Provider.TACTICALRMM, {**VALUES, name: wrong})
            assert caught.value.field == name
    assert event(alert_id="9" * 255).external_alert_id == "9" * 255


def test_a_long_message_and_long_names_are_cut() -> None:
    long = event(message="m" * 10_000, hostname="h" * 1000, client_name="ü" * 1000)
    assert len(long.message.encode()) <= 4096
    assert long.device_name is not None
    assert len(long.device_name.encode()) <= 255
    assert long.organization_name is not None
    assert len(long.organization_name.encode()) <= 255


@pytest.mark.parametrize("body", ["", "null", "5", "[1]", '"hello"', '""', "{", "nonsense", "{}", '{"a": "b"}'])
def test_what_is_no_alert_at_all_is_refused(body: str) -> None:
    with pytest.raises(BadWebhook) as caught:
        normalized(Provider.TACTICALRMM, body)
    assert caught.value.field in ("body", "alert_id")
