"""The event words that people write into templates."""

import pytest

from tandem.alerts.models import Kind
from tandem.providers.event_words import kind_of_word
from tandem.providers.port import Ignored, IgnoredReason


@pytest.mark.parametrize(
    "word",
    [
        *("trigger", "Alert.Triggered", "alert_triggered", "alertTriggered", "failure", "failed", "alert", "firing"),
        *("fire", "alert_created", "alert_opened", "alert.reopened", "alert_active", "active", "raised", "open"),
        *("problem", "agent_down", "agent-offline", "check failing"),
    ],
)
def test_words_that_mean_a_firing(word: str) -> None:
    assert kind_of_word(word) is Kind.TRIGGERED


@pytest.mark.parametrize(
    "word",
    [
        *("resolve", "Resolved", "alert_resolved", "alert.resolved", "alert_closed", "alert.closed", "closed"),
        *("alert ended", "end", "alert-ok", "OK", "agent_up", "online", "alertResolved", "restored", "recovery"),
        *("resolution", "CLEARED", "clear", "reset", "failure_resolved", "trigger-reset", "check_failure_cleared"),
    ],
)
def test_words_that_mean_a_reset(word: str) -> None:
    assert kind_of_word(word) is Kind.RESET


@pytest.mark.parametrize(
    "word",
    [
        *("start_up_failed", "speed_up_alert", "front_end_alert", "end_user_alert", "end_of_life_alert", "not_ok"),
        *("restore_failed", "recovery-failure", "dns_resolution_failed", "password_reset_failed", "alert_not_resolved"),
        *("alert_unresolved", "cleartext_alert", "closet_alert", "inactive_alert", "file_deleted_alert"),
    ],
)
def test_a_firing_is_not_lost_for_a_word_that_elsewhere_means_a_reset(word: str) -> None:
    assert kind_of_word(word) is Kind.TRIGGERED


@pytest.mark.parametrize("word", ["ack", "acknowledged", "alert.acknowledged", "alert_acknowledgement"])
def test_words_that_mean_an_acknowledge(word: str) -> None:
    assert kind_of_word(word) is Kind.ACKNOWLEDGED


def test_only_a_word_that_says_nothing_else_is_a_test() -> None:
    for word in ("test", "alert.test", "Test_Event", "test webhook"):
        found = kind_of_word(word)
        assert isinstance(found, Ignored)
        assert found.reason is IgnoredReason.TEST
    assert kind_of_word("backup_test_failed") is Kind.TRIGGERED


@pytest.mark.parametrize("word", ["heartbeat", "device_created", "start_up", "up_down", "agent", "packet", "é", ""])
def test_a_word_that_means_nothing_is_ignored(word: str) -> None:
    found = kind_of_word(word)
    assert isinstance(found, Ignored)
    assert found.reason is IgnoredReason.UNKNOWN_EVENT
