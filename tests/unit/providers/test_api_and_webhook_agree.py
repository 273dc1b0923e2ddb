"""The same alert has the same id, condition and words, whether the webhook tells of it or the API lists it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import AlertEvent, Origin, Provider
from tests.unit.connections.world import START, World, json
from tests.unit.providers.clients import client
from tests.unit.providers.normalizing import event_of

WORDS = (
    "external_alert_id", "external_device_id", "device_name", "organization_name", "identity", "severity",
    "activity_type", "alert_class", "source_type", "message", "alert_id", "condition_id", "group_id",
)  # fmt: skip

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=40)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=200).filter(
    lambda text: text.strip() not in ("", "None") and not text.strip().startswith("{{")
)
UIDS = st.uuids().map(str)
NUMBERS = st.integers(1, 2**31)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 21), timezones=st.just(UTC))  # noqa: DTZ001


def listed(provider: Provider, answer: Any) -> AlertEvent:
    """The event of the only alert in a listing."""
    [seen] = client(provider, World(json(answer))).active_alerts()
    assert isinstance(seen, AlertEvent), seen
    return seen


def assert_same(by_webhook: AlertEvent, by_api: AlertEvent) -> None:
    for word in WORDS:
        assert getattr(by_api, word) == getattr(by_webhook, word), word
    assert abs(by_api.occurred_at - by_webhook.occurred_at) < timedelta(milliseconds=1)
    assert (by_api.origin, by_api.observed_at) == (Origin.POLL, START)
    assert by_api.raw


@given(
    uid=UIDS,
    device=NUMBERS,
    condition=st.none() | UIDS,
    name=NAMES,
    code=st.none() | NAMES,
    severity=st.sampled_from([None, "NONE", "MINOR", "MODERATE", "MAJOR", "CRITICAL", "odd"]),
    message=TEXTS,
    at=MOMENTS,
)
def test_ninjaone(
    uid: str, device: int, condition: str | None, name: str, code: str | None, severity: str | None, message: str,
    at: datetime,
) -> None:  # fmt: skip
    shared = {
        "deviceId": device, "sourceConfigUid": condition, "sourceName": name, "message": message,
        "sourceType": "CONDITION_AGENT_CPU", "data": {"message": {"code": code}}, "severity": severity,
    }  # fmt: skip
    activity = {"id": 177210, "seriesUid": uid, "activityTime": at.timestamp(), "activityType": "CONDITION"}
    webhook = event_of(Provider.NINJAONE, {**shared, **activity, "statusCode": "TRIGGERED"})
    row = {**shared, "uid": uid, "createTime": at.timestamp(), "updateTime": at.timestamp() + 60}
    assert_same(webhook, listed(Provider.NINJAONE, [row]))


@given(
    alert=NUMBERS,
    agent=st.none() | st.text("abcXYZ", min_size=21, max_size=40),
    kind=st.sampled_from(["check", "task", "availability", "custom"]),
    source=NUMBERS,
    severity=st.sampled_from(["error", "warning", "info"]),
    message=TEXTS,
    host=NAMES,
    at=MOMENTS,
    hidden=st.booleans(),
)
def test_tactical(
    alert: int, agent: str | None, kind: str, source: int, severity: str, message: str, host: str, at: datetime,
    hidden: bool,
) -> None:  # fmt: skip
    of_agent = {} if agent is None else {"agent_id": agent, "hostname": host, "client": "Acme", "site": "HQ"}
    row = {
        "id": alert, **of_agent, "alert_type": kind, "severity": severity, "message": message, "agent": 5,
        "alert_time": at.isoformat().replace("+00:00", "Z"), "resolved": False, "resolved_on": None, "hidden": hidden,
        "snoozed": hidden,
        "assigned_check": source if kind == "check" else None, "assigned_task": source if kind == "task" else None,
    }  # fmt: skip
    # As the template of docs/connecting.md is rendered: everything a string, and None what is missing.
    rendered = {
        "event": "trigger", "alert_id": str(alert), "alert_type": kind, "severity": severity, "message": message,
        "alert_time": str(at), "resolved_on": "None", "agent_id": agent or "None",
        "hostname": host if agent else "None", "client_name": "Acme" if agent else "None",
        "site_name": "HQ" if agent else "None",
        "check_id": str(source) if kind == "check" else "None", "task_id": str(source) if kind == "task" else "None",
    }  # fmt: skip
    assert_same(event_of(Provider.TACTICALRMM, rendered), listed(Provider.TACTICALRMM, [row]))


@given(
    alert=UIDS,
    device=UIDS,
    name=NAMES,
    description=st.none() | TEXTS,
    payload=st.none() | TEXTS,
    severity=st.sampled_from(["information", "warning", "critical", "emergency", None]),
    host=st.none() | NAMES,
    at=MOMENTS,
)
def test_level(
    alert: str, device: str, name: str, description: str | None, payload: str | None, severity: str | None,
    host: str | None, at: datetime,
) -> None:  # fmt: skip
    row = {
        "id": alert, "device_id": device, "device_hostname": host, "name": name, "description": description,
        "payload": payload, "severity": severity, "is_resolved": False, "started_at": at.isoformat(),
        "resolved_at": None,
    }  # fmt: skip
    webhook = {"event_type": "alert_active", "event_id": "e", "occurred_at": START.isoformat(), "data": row}
    assert_same(event_of(Provider.LEVELIO, webhook), listed(Provider.LEVELIO, {"data": [row], "has_more": False}))
