import pytest

from tandem.alerts.models import Provider
from tests.unit.providers.normalizing import event_of, ignored
from tests.unit.providers.tactical_bodies import VALUES, sent, values

OF_THE_ALERT = ("alert_type", "severity", "message", "alert_time", "resolved", "resolved_on", "check_output")


def as_the_test_button_sends_it(name: str, **changes: str) -> dict[str, str]:
    """Properties of the alert become the name of what was chosen in the dialog, ids its number."""
    return values(**dict.fromkeys(OF_THE_ALERT, name), alert_id="3", check_id="3", **changes)


@pytest.mark.parametrize("name", ["SRV-18", "Acme Manufacturing", 'Bob\'s "big" server', "error", "check"])
def test_the_button_is_recognized_whatever_was_chosen_in_its_dialog(name: str) -> None:
    assert ignored(Provider.TACTICALRMM, sent(as_the_test_button_sends_it(name))).reason == "test"


def test_the_button_is_recognized_for_the_template_of_the_resolve() -> None:
    assert ignored(Provider.TACTICALRMM, sent(as_the_test_button_sends_it("SRV-18", event="resolve"))).reason == "test"


def test_the_button_is_recognized_when_nothing_was_chosen() -> None:
    template = {name: f"{{{{alert.{name}}}}}" for name in VALUES} | {"event": "trigger"}
    assert ignored(Provider.TACTICALRMM, sent(template)).reason == "test"
    assert ignored(Provider.TACTICALRMM, {"event": "trigger", "alert_id": "{{ alert.id }}"}).reason == "test"


@pytest.mark.parametrize("left_out", ["alert_type", "severity", "message", "alert_time"])
def test_the_button_is_recognized_with_a_smaller_template(left_out: str) -> None:
    body = as_the_test_button_sends_it("SRV-18")
    del body[left_out]
    assert ignored(Provider.TACTICALRMM, sent(body)).reason == "test"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"message": "SRV-18"},
        {"message": "warning"},
        {"message": "check"},
        {"severity": "check"},
        {"alert_type": "SRV-18"},
        {"severity": "SRV-18"},
        {"message": "{{alert.id}}"},
        {"alert_type": "None", "severity": "None", "message": "None", "alert_time": "None"},
        {"severity": "{{alrt.severity}}"},
        {"alert_id": "{{alrt.id}}"},
    ],
)
def test_a_real_alert_is_never_taken_for_a_test(changes: dict[str, str]) -> None:
    event_of(Provider.TACTICALRMM, sent(values(**changes)))


def test_a_template_with_too_little_in_it_is_taken_for_an_alert() -> None:
    event_of(Provider.TACTICALRMM, {"event": "trigger", "alert_id": "3", "agent_id": "x", "message": "SRV-18"})
    event_of(
        Provider.TACTICALRMM,
        {"event": "trigger", "alert_id": "3", "agent_id": "x", "severity": "error", "message": "error"},
    )
