"""Alerts over the admin API: lists by each filter, and one alert whole."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.alerts.models import Severity
from tandem.store import keys
from tandem.store.codec import encode_item
from tests.integration.admin_calls import AdminApi
from tests.unit.alerts.world import acknowledged, reset, triggered

pytestmark = pytest.mark.emulator


def listed(api: AdminApi, **query: Any) -> list[str]:
    return [each["external_id"] for each in api.items("/alerts", **query)]


def test_an_alert_is_shown_whole_with_its_trace_and_what_the_rmm_sent(api: AdminApi) -> None:
    client_id = api.new_client()
    integration_id = api.new_integration("levelio", rule=False, default_client_id=client_id)
    rule_id = api.new_rule(integration_id, "Everything")
    fired = replace(
        triggered(severity=Severity.MAJOR),
        raw=gzip.compress('{"sent": "by the RMM, wörtlich"}'.encode()),
        activity_type="CONDITION",
        alert_class="server",
        source_type="WMI",
    )
    (result,) = api.hear(integration_id, fired, provider="levelio")
    event = result.event
    assert event is not None
    alert = api.ok("GET", f"/alerts/{event.alert_id}")
    ticket_id = alert["ticket_id"]
    first_seen_at = alert["first_seen_at"]
    assert alert == {
        "id": event.alert_id,
        "integration_id": integration_id,
        "provider": "levelio",
        "external_id": "a1",
        "status": "active",
        "severity": "major",
        "identity": "check:1",
        "condition_id": event.condition_id,
        "message": "Disk C: is full",
        "activity_type": "CONDITION",
        "alert_class": "server",
        "source_type": "WMI",
        "device": {"external_id": "d1", "name": "PC-d1", "asset_id": None},
        "organization": {"external_id": "o1", "name": "Organization o1"},
        "client_id": client_id,
        "needs_mapping": False,
        "ticket_id": ticket_id,
        "occurrence_count": 1,
        "first_seen_at": first_seen_at,
        "triggered_at": "2026-11-21T08:00:00Z",
        "last_occurrence_at": "2026-11-21T08:00:00Z",
        "acknowledged_at": None,
        "acknowledged_by": None,
        "resolved_at": None,
        "suppressed_by_window_id": None,
        "suppressed_until": None,
        "matched_rule": alert["matched_rule"],
        "outbound_reset": None,
        "decisions": [
            {
                "at": first_seen_at,
                "outcome": "ticket_created",
                "reason": alert["decisions"][0]["reason"],
                "event_id": event.event_id,
                "rule_id": rule_id,
                "window_id": None,
                "ticket_id": ticket_id,
                "count": 1,
                "last_at": None,
            }
        ],
        "raw": '{"sent": "by the RMM, wörtlich"}',
    }
    assert alert["matched_rule"]["id"] == rule_id
    assert "Everything" in alert["decisions"][0]["reason"]
    in_list = {name: value for name, value in alert.items() if name not in ("decisions", "raw")}
    assert api.items("/alerts") == [in_list], "lists leave out decisions and raw"


def test_an_alert_without_device_or_organization_says_so(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, replace(triggered(device=None, organization=None), raw=None))
    alert = api.alert(integration_id)
    assert (alert["device"], alert["organization"], alert["client_id"], alert["raw"]) == (None, None, None, None)
    assert (alert["needs_mapping"], alert["ticket_id"]) == (True, None)


def test_what_cannot_be_unpacked_is_not_shown(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, replace(triggered(), raw=b"no gzip"))
    assert api.alert(integration_id)["raw"] is None


def test_a_small_raw_text_that_unpacks_to_a_lot_does_not_break_the_answer(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, replace(triggered(), raw=gzip.compress(b"0" * 30_000_000)))
    assert len(api.alert(integration_id)["raw"]) < 5_000_000, "Lambda answers with 6 MB at most"


def test_what_happens_to_an_alert_is_shown(api: AdminApi) -> None:
    integration_id = api.new_integration(default_client_id=api.new_client())
    api.hear(integration_id, triggered(0), triggered(5), replace(acknowledged(6), acted_by="ada"))
    alert = api.alert(integration_id)
    assert (alert["status"], alert["acknowledged_at"], alert["acknowledged_by"]) == (
        "acknowledged",
        "2026-11-21T08:06:00Z",
        "ada",
    )
    assert (alert["occurrence_count"], alert["last_occurrence_at"]) == (2, "2026-11-21T08:05:00Z")
    api.hear(integration_id, reset(9))
    alert = api.alert(integration_id)
    assert (alert["status"], alert["resolved_at"]) == ("resolved", "2026-11-21T08:09:00Z")
    assert [line["outcome"] for line in alert["decisions"]] == [
        "ticket_created",
        "occurrence_appended",
        "acknowledged",
        "resolved",
    ]


def test_why_there_is_no_ticket_is_read_from_the_alert(api: AdminApi) -> None:
    integration_id = api.new_integration(rule=False)
    api.hear(integration_id, triggered(0, "no-rule"))
    api.new_rule(integration_id, "Only record", actions={"create_ticket": False})
    api.hear(integration_id, triggered(0, "recorded", device="d2"))
    for external_id, outcome in (("no-rule", "recorded_only"), ("recorded", "recorded_only")):
        (line,) = api.alert(integration_id, external_id)["decisions"]
        assert line["outcome"] == outcome
        assert line["reason"]


@pytest.fixture(scope="module")
def crowd(refusing: AdminApi) -> dict[str, str]:
    """Five alerts of two integrations, for tests that only read; gives what they are filtered by."""
    api = refusing
    acme, globex = api.new_client("Acme"), api.new_client("Globex")
    one = api.new_integration(default_client_id=acme)
    two = api.new_integration()
    api.ok("PUT", f"/integrations/{two}/organizations/o1", {"client_id": globex})
    api.hear(one, triggered(0, "a1"), triggered(1, "a2"), triggered(2, "a3", device="d2"))
    api.hear(two, triggered(0, "b1"), triggered(1, "b2", device="d3", organization="o2"))
    api.hear(one, acknowledged(3, "a1"), reset(3, "a3", device="d2"))
    return {"one": one, "two": two, "acme": acme, "globex": globex, "ticket": api.alert(one)["ticket_id"]}


def test_alerts_come_newest_first(refusing: AdminApi, crowd: dict[str, str]) -> None:
    assert listed(refusing) == ["b2", "b1", "a3", "a2", "a1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"integration_id": "one"}, ["a3", "a2", "a1"]),
        ({"integration_id": "two"}, ["b2", "b1"]),
        ({"status": "active"}, ["b2", "b1", "a2"]),
        ({"status": "acknowledged"}, ["a1"]),
        ({"status": "resolved"}, ["a3"]),
        ({"status": "auto_resolved"}, []),
        ({"status": "suppressed"}, []),
        ({"device_id": "d1"}, ["b1", "a2", "a1"]),
        ({"device_id": "d2"}, ["a3"]),
        ({"device_id": "unknown"}, []),
        ({"client_id": "acme"}, ["a3", "a2", "a1"]),
        ({"client_id": "globex"}, ["b1"]),
        ({"client_id": "unknown"}, []),
        ({"integration_id": "unknown"}, []),
        ({"ticket_id": "unknown"}, []),
        ({"integration_id": "two", "device_id": "d1"}, ["b1"]),
        ({"integration_id": "one", "status": "active", "device_id": "d1"}, ["a2"]),
        ({"integration_id": "one", "client_id": "globex"}, []),
        ({"client_id": "acme", "status": "resolved"}, ["a3"]),
    ],
)
def test_alerts_are_filtered_by_all_that_is_given(
    refusing: AdminApi, crowd: dict[str, str], query: dict[str, str], expected: list[str]
) -> None:
    given = {name: crowd.get(value, value) for name, value in query.items()}
    for limit in (1, 50):
        assert listed(refusing, limit=limit, **given) == expected


def test_alerts_of_a_ticket_are_the_ones_that_are_linked_to_it(refusing: AdminApi, crowd: dict[str, str]) -> None:
    for limit in (1, 50):
        assert sorted(listed(refusing, ticket_id=crowd["ticket"], limit=limit)) == ["a1", "a2"]
    assert listed(refusing, ticket_id=crowd["ticket"], status="acknowledged") == ["a1"]
    assert listed(refusing, ticket_id=crowd["ticket"], client_id=crowd["globex"]) == []


def test_a_reset_that_came_before_its_trigger_is_shown_to_nobody(api: AdminApi) -> None:
    integration_id = api.new_integration()
    (result,) = api.hear(integration_id, reset(1))
    assert result.event is not None
    assert listed(api) == []
    assert listed(api, device_id="d1") == []
    api.refused(404, "GET", f"/alerts/{result.event.alert_id}")


def test_an_expired_alert_is_gone_even_while_it_lingers(api: AdminApi) -> None:
    integration_id = api.new_integration()
    api.hear(integration_id, triggered(), triggered(0, "a2", device="d2"))
    alert = api.alert(integration_id)
    api.dynamodb.update_item(
        TableName=api.name,
        Key=encode_item(keys.alert_key(alert["id"])),
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues=encode_item({":past": int((datetime.now(UTC) - timedelta(days=1)).timestamp())}),
    )
    assert listed(api) == ["a2"]
    assert listed(api, status="active") == ["a2"]
    api.refused(404, "GET", f"/alerts/{alert['id']}")


def test_an_unknown_alert_is_404(refusing: AdminApi) -> None:
    assert "nothing" in refusing.refused(404, "GET", "/alerts/nothing")["detail"]
