from typing import Any

import pytest

from tandem.alerts.models import AlertEvent, Kind, Provider, Severity
from tandem.assets.news import News
from tandem.providers.ninjaone import identity as known
from tandem.providers.ninjaone.news import ASKED_FOR
from tandem.providers.ninjaone.news import news_of as ninjaone_news
from tandem.providers.port import BadWebhook
from tests.unit.providers.normalizing import RECEIVED_AT, event_of, ignored, news_of, normalized
from tests.vendor_files import NINJAONE_SPECIFICATION, needs_vendor_files

ACTIVITY: dict[str, Any] = {
    "id": 900,
    "activityTime": 1742391675.556,
    "deviceId": 7,
    "seriesUid": "series-1",
    "activityType": "CONDITION",
    "statusCode": "TRIGGERED",
    "status": "Triggered",
    "sourceConfigUid": "condition-1",
    "sourceName": "Memory",
    "message": "Memory is high",
    "data": {"message": {"code": "memory_ge"}},
    "device": {"id": 7, "organizationId": 2, "systemName": "SRV", "references": {"organization": {"name": "Acme"}}},
}


def activity(**changes: Any) -> dict[str, Any]:
    """The activity with these fields instead; None leaves one out."""
    return {name: value for name, value in {**ACTIVITY, **changes}.items() if value is not None}


def event(**changes: Any) -> AlertEvent:
    return event_of(Provider.NINJAONE, activity(**changes))


@pytest.mark.parametrize(
    ("code", "kind"), [("TRIGGERED", Kind.TRIGGERED), ("RESET", Kind.RESET), ("ACKNOWLEDGED", Kind.ACKNOWLEDGED)]
)
def test_the_status_code_decides_and_the_localized_status_does_not(code: str, kind: Kind) -> None:
    assert event(statusCode=code, status="Ausgelöst").kind is kind
    assert event(statusCode=code.lower()).kind is kind


def test_a_reset_by_a_psa_ticket_is_a_reset_if_it_says_of_which_alert() -> None:
    assert event(statusCode="RESET_BY_PSA_TICKET_CALLBACK", activityType="PSA").kind is Kind.RESET
    without = activity(statusCode="RESET_BY_PSA_TICKET_CALLBACK", activityType="PSA", seriesUid=None)
    assert ignored(Provider.NINJAONE, without).reason == "device event"


@pytest.mark.parametrize("code", ["DISABLED", "EVALUATION_FAILURE", "SOMETHING_NEW"])
def test_a_condition_that_is_no_longer_watched_is_no_reset(code: str) -> None:
    assert ignored(Provider.NINJAONE, activity(statusCode=code)).reason == "unknown event type"


def test_a_device_event_that_changes_nothing_of_it_is_ignored_and_named() -> None:
    outcome = ignored(
        Provider.NINJAONE, activity(activityType="SPLASHTOP", statusCode="SPLASHTOP_CONNECTION_INITIATED")
    )
    assert (outcome.reason, outcome.word) == ("device event", "SPLASHTOP_CONNECTION_INITIATED")


@pytest.mark.parametrize(
    ("code", "news"),
    [
        ("NODE_CREATED", News.CHANGED),
        ("NODE_UPDATED", News.CHANGED),
        ("NODE_ACCESS_DENIED", News.CHANGED),
        ("NODE_DELETED", News.DELETED),
        ("SYSTEM_REBOOTED", News.CHANGED),
        ("USER_LOGGED_IN", News.CHANGED),
        ("USER_LOGGED_OUT", News.CHANGED),
        ("MEMORY_ADDED", News.CHANGED),
        ("DISK_VOLUME_REMOVED", News.CHANGED),
        ("SOFTWARE_ADDED", News.CHANGED),
        ("PATCH_MANAGEMENT_INSTALL_FAILED", News.CHANGED),
        ("SOFTWARE_PATCH_MANAGEMENT_INSTALLED", News.CHANGED),
        ("CLIENT_UPDATED", News.ORGANIZATIONS),
        ("LOCATION_CREATED", News.ORGANIZATIONS),
    ],
)
def test_what_tells_of_a_device_or_of_the_organizations_is_news(code: str, news: News) -> None:
    told = news_of(Provider.NINJAONE, activity(activityType="SYSTEM", statusCode=code))
    assert (told.news, told.word) == (news, code)
    assert told.external_device_id == (None if news is News.ORGANIZATIONS else "7")


def test_news_that_is_sent_twice_is_the_same_news() -> None:
    once, twice = (news_of(Provider.NINJAONE, activity(statusCode="NODE_UPDATED", activityType="SYSTEM")) for _ in "12")
    other = news_of(Provider.NINJAONE, activity(statusCode="NODE_UPDATED", activityType="SYSTEM", id=1))
    assert once.event_id == twice.event_id != other.event_id


@needs_vendor_files
def test_the_statuses_that_ninjaone_is_asked_for_are_in_its_specification_and_are_news() -> None:
    specified = NINJAONE_SPECIFICATION.read_text(encoding="utf-8")
    schema = specified.partition("\n    Activity:\n")[2].partition("sourceConfigUid")[0]
    words = {line.strip().removeprefix("- ") for line in schema.splitlines()}
    for kind, codes in ASKED_FOR.items():
        assert kind in words
        for code in codes:
            assert code in words, code
            assert ninjaone_news(code, is_about_a_device=True) is not None, code


def test_an_event_of_no_device_is_unknown() -> None:
    body = {"activityType": "SYSTEM", "statusCode": "POLICY_UPDATED"}
    assert ignored(Provider.NINJAONE, body).reason == "unknown event type"


@pytest.mark.parametrize(
    ("given_severity", "severity"),
    [
        (None, Severity.MODERATE),
        ("critical", Severity.CRITICAL),
        ("MAJOR", Severity.MAJOR),
        ("Minor", Severity.MINOR),
        ("NONE", Severity.NONE),
        ("terrible", Severity.MODERATE),
        (5, Severity.MODERATE),
    ],
)
def test_severity_is_taken_in_any_letter_case_and_moderate_without_one(
    given_severity: object, severity: Severity
) -> None:
    assert event(severity=given_severity).severity is severity


def test_the_organization_is_the_devices_wherever_it_stands() -> None:
    assert event().organization_id == "2"
    assert event(device={"references": {"organization": {"id": 3, "name": "B"}}}).organization_id == "3"
    assert event(device=None, organization={"id": 4, "name": "C"}).organization_name == "C"
    assert event(device=None, organizationId=5).organization_id == "5"
    assert event(device=None).organization_id is None


def test_an_activity_without_a_series_is_known_by_its_condition() -> None:
    first, second = event(seriesUid=None), event(seriesUid=None, id=901)
    assert first.external_alert_id is None
    assert first.alert_id == second.alert_id
    assert first.event_id != second.event_id


def test_an_activity_that_says_neither_alert_nor_condition_is_refused() -> None:
    nameless = activity(seriesUid=None, sourceConfigUid=None, sourceName=None, data=None)
    placeless = activity(seriesUid=None, deviceId=None, device=None)
    for body in (nameless, placeless):
        with pytest.raises(BadWebhook) as caught:
            normalized(Provider.NINJAONE, body)
        assert caught.value.field == "seriesUid"


def test_identity_falls_back_to_source_and_code_and_then_to_the_alert() -> None:
    assert event(sourceConfigUid=None).identity == "CONDITION/Memory/memory_ge"
    assert event(sourceConfigUid=None, sourceType="CONDITION_MEMORY").identity == "CONDITION_MEMORY/Memory/memory_ge"
    assert event(sourceConfigUid=None, sourceName=None, data=None).identity == "alert:series-1"


def test_a_webhook_and_an_api_item_of_one_alert_are_known_by_the_same() -> None:
    item = {
        "uid": "series-1",
        "deviceId": 7,
        "sourceType": "CONDITION_AGENT_MEMORY",
        "sourceConfigUid": "condition-1",
        "sourceName": "",
        "severity": "MAJOR",
        "data": {"message": {"code": "memory_ge"}},
    }
    polled, sent = known.of_api(item), event(severity="major")
    assert known.external_alert_id(polled) == sent.external_alert_id
    assert known.identity(polled) == sent.identity
    assert known.severity(polled) == sent.severity
    assert known.alert_class(polled) == sent.alert_class


def test_a_reset_has_the_identity_of_its_trigger_although_its_code_differs() -> None:
    reset = event(statusCode="RESET", data={"message": {"code": "memory_reset"}})
    assert (reset.alert_id, reset.condition_id) == (event().alert_id, event().condition_id)


def test_the_same_activity_has_the_same_event_id_whenever_it_comes() -> None:
    later = event_of(Provider.NINJAONE, ACTIVITY, RECEIVED_AT.replace(hour=5))
    assert later.event_id == event().event_id
    assert event(id=901).event_id != event().event_id


def test_an_acknowledge_says_which_user_of_ninjaone_it_was() -> None:
    assert event(statusCode="ACKNOWLEDGED", userId=3).acted_by == "NinjaOne user 3"
    assert event(statusCode="ACKNOWLEDGED").acted_by is None
    assert event(statusCode="ACKNOWLEDGED", userId=0).acted_by is None
    assert event(statusCode="TRIGGERED", userId=3).acted_by is None


def test_a_time_that_is_none_is_the_time_of_receipt() -> None:
    times: list[object] = [None, "soon", 0, -1, 1e300, True, {}]
    for time in times:
        assert event(activityTime=time).occurred_at == RECEIVED_AT


@pytest.mark.parametrize(
    "body", ["", "  ", "null", "[]", '"text"', "5", "{", "{'a': 1}", "{}", '{"statusCode": 5.5e999}']
)
def test_what_is_no_activity_is_refused_with_what_was_expected(body: str) -> None:
    with pytest.raises(BadWebhook) as caught:
        normalized(Provider.NINJAONE, body)
    assert caught.value.field in ("body", "statusCode")
    assert caught.value.expected
