"""Which webhooks have a device looked at, and what the sender is told of those that are no alerts."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tandem.alerts.models import Provider
from tandem.assets.news import News
from tandem.ingest.integration import Integration
from tandem.syncing.refresh_message import RefreshMessage
from tests.unit.ingest.outside import ALERT, Outside, an_integration

NINJAONE = replace(an_integration(Provider.NINJAONE), is_connected=True, is_synced=True)
TACTICAL = replace(an_integration(), is_connected=True, is_synced=True)
NEWS = {"id": 1, "activityType": "SYSTEM", "statusCode": "NODE_UPDATED", "deviceId": 5}


def test_news_of_a_device_is_on_the_queue_before_its_answer() -> None:
    outside = Outside(NINJAONE)
    answer = outside.post(NEWS)
    ((message, _),) = outside.refreshes
    assert message == RefreshMessage("int-1", "5", News.CHANGED)
    assert (answer.status, answer.body["status"]) == (200, "accepted")
    assert answer.body["event_id"] == outside.post(NEWS).body["event_id"]
    assert outside.sent == []


def test_news_of_organizations_names_no_device() -> None:
    outside = Outside(NINJAONE)
    outside.post({**NEWS, "statusCode": "CLIENT_UPDATED"})
    ((message, _),) = outside.refreshes
    assert message == RefreshMessage("int-1", None, News.ORGANIZATIONS)


@pytest.mark.parametrize("integration", [an_integration(Provider.NINJAONE), replace(NINJAONE, is_synced=False)])
def test_news_is_ignored_where_devices_are_not_synced(integration: Integration) -> None:
    outside = Outside(integration)
    assert outside.post(NEWS).body == {"status": "ignored", "reason": "device event", "event": "NODE_UPDATED"}
    assert outside.refreshes == []


def test_the_sender_may_try_again_when_news_could_not_be_kept() -> None:
    outside = Outside(NINJAONE)
    outside.broken = {"refreshes"}
    assert outside.post(NEWS).status == 500


def test_what_is_heard_of_a_device_within_half_a_minute_is_one_message() -> None:
    outside = Outside(NINJAONE)
    for seconds, code in ((0, "NODE_UPDATED"), (29, "SYSTEM_REBOOTED"), (29, "NODE_DELETED"), (30, "USER_LOGGED_IN")):
        outside.seconds = seconds
        outside.post({**NEWS, "statusCode": code})
    changed, rebooted, deleted, logged_in = (known_as for _, known_as in outside.refreshes)
    assert changed == rebooted
    assert len({changed, deleted, logged_in}) == 3


def test_the_device_of_an_alert_is_looked_at_once_an_hour_without_waiting_for_it() -> None:
    outside = Outside(TACTICAL)
    for seconds in (0, 60, 3599):
        outside.seconds = seconds
        outside.post({**ALERT, "alert_id": str(seconds)})
    assert [message for message, _ in outside.refreshes] == [RefreshMessage("int-1", "agent-1", News.ALERTED)]
    assert outside.brief == [True]
    outside.seconds = 3600
    outside.post({**ALERT, "alert_id": "another"})
    assert len(outside.refreshes) == 2
    assert outside.table_reads == 3  # what any webhook costs: the integration, each few seconds


def test_no_device_is_looked_at_because_an_alert_is_over_or_the_integration_is_not_synced() -> None:
    outside = Outside(TACTICAL)
    outside.post({**ALERT, "event": "resolve"})
    assert outside.refreshes == []
    outside = Outside(replace(TACTICAL, is_synced=False))
    outside.post()
    assert (len(outside.sent), outside.refreshes) == (1, [])


def test_an_alert_is_accepted_though_its_device_cannot_be_looked_at() -> None:
    outside = Outside(TACTICAL)
    outside.broken = {"refreshes"}
    assert outside.post().body["status"] == "accepted"
    assert len(outside.sent) == 1


def test_without_that_queue_alerts_go_their_way_and_news_is_ignored() -> None:
    outside = Outside(NINJAONE, has_refreshes=False)
    assert outside.post(NEWS).body["status"] == "ignored"
    assert outside.post({**NEWS, "statusCode": "TRIGGERED", "seriesUid": "s"}).body["status"] == "accepted"


def test_devices_are_synced_only_while_the_credentials_work_and_nobody_has_switched_it_off() -> None:
    values: dict[str, Any] = {"integration_id": "i1", "provider": "tacticalrmm", "status": "connected"}
    assert Integration.from_values(values).is_synced
    assert not Integration.from_values({**values, "device_sync_enabled": False}).is_synced
    assert not Integration.from_values({**values, "status": "reconnect_required"}).is_synced


@pytest.mark.parametrize(("word", "kind"), [("POLICY_UPDATED", "POLICY_UPDATED"), ("{{no}} such 7", "other")])
def test_unknown_types_are_counted_by_type_and_odd_ones_together(
    capsys: pytest.CaptureFixture[str], word: str, kind: str
) -> None:
    outside = Outside(NINJAONE)
    assert outside.post({"activityType": "SYSTEM", "statusCode": word}).body["reason"] == "unknown event type"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (counted,) = [line for line in lines if "WebhookUnknownType" in line]
    assert (counted["type"], counted["provider"]) == (kind, "ninjaone")
