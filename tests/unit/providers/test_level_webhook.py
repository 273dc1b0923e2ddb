import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tandem.alerts.event_message import deduplication_id
from tandem.alerts.models import Kind, Provider, Severity
from tandem.assets.news import News
from tandem.providers.levelio import identity as known
from tandem.providers.levelio.signature import is_signed
from tandem.providers.port import BadWebhook
from tests.unit.providers.normalizing import RECEIVED_AT, event_of, ignored, news_of, normalized
from tests.vendor_files import needs_vendor_files, payload

CONNECTING = Path(__file__).parents[3] / "docs" / "connecting.md"
LATER = RECEIVED_AT + timedelta(minutes=3)
ALERT: dict[str, Any] = {
    "id": "alert-1",
    "device_id": "device-1",
    "device_hostname": "Front Desk",
    "name": "Low disk space",
    "description": "Free space is low",
    "payload": "4 %",
    "severity": "emergency",
    "is_resolved": False,
    "started_at": "2026-11-21T02:00:00.000Z",
    "resolved_at": None,
}
TEMPLATE: dict[str, Any] = {
    "event": "alert.triggered",
    "alert_id": "alert-1",
    "device_id": "device-1",
    "hostname": "Front Desk",
    "name": "Low disk space",
    "severity": "emergency",
    "description": "Free space is low",
    "group_id": "group-1",
    "group_name": "Acme",
}


def native(event_type: str = "alert_active", **changes: Any) -> dict[str, Any]:
    data = {name: value for name, value in {**ALERT, **changes}.items() if value is not None}
    return {
        "event_type": event_type,
        "event_id": "22222222-2222-4222-8222-222222222222",
        "occurred_at": "2026-11-21T02:00:30.000Z",
        "data": data,
    }


def template(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**TEMPLATE, **changes}.items() if value is not None}


def test_both_bodies_of_one_alert_are_known_by_the_same() -> None:
    one, other = event_of(Provider.LEVELIO, native()), event_of(Provider.LEVELIO, template())
    assert (one.alert_id, one.condition_id) == (other.alert_id, other.condition_id)
    assert (one.identity, one.severity, one.device_name) == (other.identity, other.severity, other.device_name)


def test_a_webhook_and_an_api_item_of_one_alert_are_known_by_the_same() -> None:
    sent, polled = event_of(Provider.LEVELIO, native()), known.of_api(ALERT)
    assert known.external_alert_id(polled) == sent.external_alert_id
    assert known.identity(polled) == sent.identity
    assert known.severity(polled) == sent.severity


def test_a_firing_has_the_same_time_whether_it_is_told_in_seconds_or_in_milliseconds() -> None:
    sent = event_of(Provider.LEVELIO, native(started_at="2026-11-21T02:00:00.987Z"))
    listed = event_of(Provider.LEVELIO, template(started_at="2026-11-21T02:00:00Z"))
    assert sent.occurred_at == listed.occurred_at


def test_the_template_names_the_group_as_organization() -> None:
    event = event_of(Provider.LEVELIO, template())
    assert (event.organization_id, event.organization_name) == ("group-1", "Acme")


@pytest.mark.parametrize(
    ("body", "time"),
    [
        (native(), "2026-11-21 02:00:00+00:00"),
        (native(started_at=None), "2026-11-21 02:00:30+00:00"),
        (native("alert_resolved", resolved_at="2026-11-21T02:00:20Z"), "2026-11-21 02:00:20+00:00"),
        (native("alert_resolved"), "2026-11-21 02:00:30+00:00"),
        (template(event="alert.resolved"), str(RECEIVED_AT)),
    ],
)
def test_an_event_has_its_own_time_else_the_deliverys_else_that_of_receipt(body: Any, time: str) -> None:
    assert str(event_of(Provider.LEVELIO, body).occurred_at) == time


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("emergency", Severity.CRITICAL),
        ("Critical", Severity.MAJOR),
        ("warning", Severity.MODERATE),
        ("INFORMATION", Severity.MINOR),
        ("odd", Severity.MODERATE),
        (None, Severity.MODERATE),
    ],
)
def test_severity_words_are_levels_own(word: str | None, severity: Severity) -> None:
    assert event_of(Provider.LEVELIO, native(severity=word)).severity is severity


@pytest.mark.parametrize(
    ("event_type", "reason"),
    [
        ("device_moved", "device event"),
        ("group_merged", "device event"),
        ("invoice_paid", "unknown event type"),
        ("alert_snoozed", "unknown event type"),
    ],
)
def test_another_event_is_ignored(event_type: str, reason: str) -> None:
    assert ignored(Provider.LEVELIO, native(event_type)).reason == reason


@pytest.mark.parametrize(
    ("event_type", "news", "device"),
    [
        ("device_created", News.CHANGED, "d-1"),
        ("device_updated", News.CHANGED, "d-1"),
        ("device_deleted", News.DELETED, "d-1"),
        ("group_created", News.ORGANIZATIONS, None),
        ("group_deleted", News.ORGANIZATIONS, None),
    ],
)
def test_what_tells_of_a_device_or_of_the_groups_is_news(event_type: str, news: News, device: str | None) -> None:
    told = news_of(Provider.LEVELIO, {"event_type": event_type, "event_id": "e-1", "data": {"id": "d-1"}})
    assert (told.news, told.external_device_id, told.word) == (news, device, event_type)


def test_news_of_a_device_that_does_not_say_which_is_refused() -> None:
    with pytest.raises(BadWebhook, match=r"data\.id"):
        news_of(Provider.LEVELIO, {"event_type": "device_updated", "event_id": "e-1", "data": {}})


def test_an_alert_without_an_id_is_known_by_its_condition_and_so_is_its_reset() -> None:
    firing = event_of(Provider.LEVELIO, template(alert_id=None))
    cleared = event_of(Provider.LEVELIO, template(alert_id="null", event="alert.resolved"))
    assert firing.external_alert_id is None
    assert firing.alert_id == cleared.alert_id
    assert cleared.kind is Kind.RESET


def test_an_unfilled_variable_is_no_value() -> None:
    event = event_of(Provider.LEVELIO, template(alert_id="{{alert.id}}", group_id="{{ group.id }}"))
    assert event.external_alert_id is None
    assert event.organization_id is None


@pytest.mark.parametrize(
    "body",
    [
        native(id=None, device_id=None),
        native(id=None, name=None),
        template(alert_id=None, device_id=None, group_id=None),
        {"event_type": "alert_active"},
        {"hello": "world"},
        [native()],
    ],
)
def test_a_body_that_names_no_alert_is_refused(body: Any) -> None:
    with pytest.raises(BadWebhook) as caught:
        normalized(Provider.LEVELIO, body)
    assert caught.value.field in ("data.id", "alert_id", "event_type", "body")


def test_the_message_says_name_description_and_measured_value_once_each() -> None:
    assert event_of(Provider.LEVELIO, native()).message == "Low disk space: Free space is low (4 %)"
    assert event_of(Provider.LEVELIO, native(description="Low disk space", payload=None)).message == "Low disk space"
    assert event_of(Provider.LEVELIO, native(payload="two\nlines")).message.endswith("low\ntwo\nlines")


def test_a_rerun_delivery_keeps_its_event_id() -> None:
    first = event_of(Provider.LEVELIO, native())
    again = event_of(Provider.LEVELIO, native(), RECEIVED_AT.replace(hour=9))
    assert first.event_id == again.event_id


def test_a_template_without_any_time_is_known_by_alert_and_word_and_not_by_when_it_came() -> None:
    fired, again = event_of(Provider.LEVELIO, template()), event_of(Provider.LEVELIO, template(), LATER)
    resolved = event_of(Provider.LEVELIO, template(event="alert.resolved"))
    other = event_of(Provider.LEVELIO, template(alert_id="alert-2"))
    assert fired.event_id == again.event_id
    assert len({event.event_id for event in (fired, resolved, other)}) == 3
    assert len({deduplication_id(event) for event in (fired, resolved, other)}) == 3


def test_a_template_without_time_and_alert_id_is_known_by_when_it_came() -> None:
    anonymous = template(alert_id=None)
    first, later = event_of(Provider.LEVELIO, anonymous), event_of(Provider.LEVELIO, anonymous, LATER)
    assert first.event_id != later.event_id


def test_both_bodies_of_the_documentation_are_read() -> None:
    bodies = [json.loads(body) for body in re.findall(r'(\{"description"[^`]*?\})\n', CONNECTING.read_text())]
    fired, resolved = (event_of(Provider.LEVELIO, body) for body in bodies)
    assert (fired.kind, resolved.kind) == (Kind.TRIGGERED, Kind.RESET)
    assert fired.alert_id == resolved.alert_id
    assert fired.occurred_at < resolved.occurred_at < RECEIVED_AT
    assert fired.organization_id == "<group id>"


@needs_vendor_files
def test_the_signature_vector_holds_and_one_changed_byte_breaks_it() -> None:
    vector = json.loads(payload("level/webhook_signature_vector.constructed.json"))
    body = vector["raw_body"].encode()
    assert is_signed(body, vector["value"], vector["secret"])
    assert is_signed(body, vector["value"].upper().replace("SHA256=", "sha256="), vector["secret"])
    assert not is_signed(body + b" ", vector["value"], vector["secret"])
    assert not is_signed(body, vector["value"], "another secret")


@pytest.mark.parametrize("signature", ["", "sha256=", "sha1=00", "00", "sha256=ü", "\ud800"])
def test_an_odd_signature_is_no_signature(signature: str) -> None:
    assert not is_signed(b"{}", signature, "secret")
