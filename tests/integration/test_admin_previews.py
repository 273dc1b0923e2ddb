"""Previews over the admin API: what a rule or window would have changed, and applying a rule to live alerts."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tandem.alerts.models import AlertEvent
from tandem.archive.archiver import Archiver, into_bucket
from tandem.store.codec import encode_item
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import AdminApi, fields
from tests.unit.alerts.world import reset, triggered
from tests.unit.archive.stream import record

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.emulator

NOW = datetime.now(UTC).replace(microsecond=0)
HEARTBEAT = "Missed a heartbeat"


class Tenant:
    """A tenant whose alerts are archived."""

    def __init__(self, api: AdminApi, s3: "S3Client") -> None:
        self.api, self.s3 = api, s3
        s3.create_bucket(Bucket=api.name)
        self.integration_id = api.new_integration(rule=False, default_client_id=api.new_client())
        self.path = f"/integrations/{self.integration_id}/rules"
        self._archived = 0

    def hear(self, *events: AlertEvent, days_ago: float = 1) -> None:
        """Let the processor apply the events, and archive them as applied so long ago."""
        for event in events:
            before = self._alerts()
            self.api.hear(self.integration_id, event)
            at = NOW - timedelta(days=days_ago)
            for key, item in self._alerts().items():
                if item != before.get(key):
                    self._archived += 1
                    was = encode_item(before[key]) if key in before else None
                    self._archive(record(encode_item(item), was, at, self._archived))

    def preview(self, body: dict[str, Any], path: str = "/preview", **query: Any) -> Any:
        return self.api.ok("POST", f"{self.path}{path}", body, **query)

    def _alerts(self) -> dict[str, dict[str, Any]]:
        return {pk: item for (pk, sk), item in self.api.stored().items() if sk == "ALERT"}

    def _archive(self, told: dict[str, Any]) -> None:
        Archiver(lambda wanted: {}, into_bucket(self.s3, self.api.name)).archive([told])


@pytest.fixture(scope="module")
def s3(emulated_aws: EmulatedAws) -> "S3Client":
    return cast("S3Client", emulated_aws.client("s3"))


@pytest.fixture
def tenant(api: AdminApi, s3: "S3Client") -> Tenant:
    """One integration without rules, whose alerts have a client."""
    return Tenant(api, s3)


def changes(answer: Any) -> dict[str, str]:
    return {item["alert"]["external_id"]: item["change"] for item in answer["items"]}


# ---- a rule


def test_a_rule_that_would_have_made_tickets_tells_of_which_alerts_and_stores_nothing(tenant: Tenant) -> None:
    tenant.hear(triggered(), triggered(1, "b", device="d2", message=HEARTBEAT))
    with tenant.api.untouched():
        answer = tenant.preview({"name": "Heartbeats", "conditions": {"keywords": ["heartbeat"]}})
    (item,) = answer["items"]
    assert item["alert"]["external_id"] == "b"
    assert item["alert"]["message"] == HEARTBEAT
    assert (item["change"], item["firings"]) == ("ticket_made", 1)
    assert (item["before"]["outcome"], item["after"]["outcome"]) == ("recorded_only", "ticket_created")
    assert item["after"]["rule_id"] == "new"
    assert item["after"]["ticket"]["priority"] == "medium"
    assert answer["summary"] == {
        "events": 2,
        "alerts": 2,
        "listed": 1,
        "tickets_made": 1,
        "tickets_not_made": 0,
        "routed_elsewhere": 0,
        "decided_otherwise": 0,
        "recorded_instead": 0,
        "suppressed_instead": 0,
    }
    assert answer["complete"] is True
    assert answer["notes"]


def test_a_rule_can_be_tried_in_the_place_of_another_or_before_it(tenant: Tenant) -> None:
    rule_id = tenant.api.new_rule(tenant.integration_id, order=5)
    tenant.hear(triggered(message=HEARTBEAT), triggered(1, "b", device="d2"))
    quiet = {"name": "Quiet", "conditions": {"keywords": ["heartbeat"]}, "actions": {"create_ticket": False}}
    assert changes(tenant.preview(quiet)) == {}, "behind the rule that takes everything"
    assert changes(tenant.preview({**quiet, "order": 1})) == {"a1": "ticket_not_made"}
    instead = tenant.preview({**quiet, "rule_id": rule_id})
    assert changes(instead) == {"a1": "ticket_not_made", "b": "ticket_not_made"}
    assert instead["summary"]["recorded_instead"] == 2


def test_tickets_that_would_go_elsewhere_are_told(tenant: Tenant) -> None:
    rule_id = tenant.api.new_rule(tenant.integration_id)
    user = tenant.api.new_person("technician")
    tenant.hear(triggered())
    answer = tenant.preview(
        {"name": "Urgent", "rule_id": rule_id, "actions": {"priority": "urgent", "assignee_id": user.id}}
    )
    (item,) = answer["items"]
    assert item["change"] == "routed_elsewhere"
    assert (item["before"]["ticket"]["priority"], item["after"]["ticket"]["priority"]) == ("medium", "urgent")
    assert item["after"]["ticket"]["assignee_id"] == user.id
    assert item["alert"]["ticket_id"]


def test_only_the_days_asked_for_are_looked_at(tenant: Tenant) -> None:
    tenant.hear(triggered(), days_ago=9)
    tenant.hear(triggered(1, "b", device="d2"), days_ago=3)
    rule = {"name": "Everything"}
    assert set(changes(tenant.preview(rule))) == {"b"}
    answer = tenant.preview({**rule, "days": 30})
    assert list(changes(answer)) == ["b", "a1"]
    assert answer["covered_from"] < answer["until"]


def test_pages_go_on_where_the_one_before_ended_whatever_happens_meanwhile(tenant: Tenant) -> None:
    for number in range(5):
        tenant.hear(triggered(number, f"a{number}", device=f"d{number}"), days_ago=1 + number / 100)
    rule = {"name": "Everything"}
    first = tenant.preview(rule, limit=2)
    tenant.hear(triggered(9, "later", device="later"), days_ago=-1)
    second = tenant.preview(rule, limit=2, cursor=first["next_cursor"])
    third = tenant.preview(rule, limit=2, cursor=second["next_cursor"])
    assert [list(changes(each)) for each in (first, second, third)] == [["a0", "a1"], ["a2", "a3"], ["a4"]]
    assert third["next_cursor"] is None
    assert first["summary"] == second["summary"]


def test_a_cursor_of_another_preview_is_refused(tenant: Tenant) -> None:
    tenant.hear(triggered(), triggered(1, "b", device="d2"))
    cursor = tenant.preview({"name": "Everything"}, limit=1)["next_cursor"]
    other = {"name": "Something else"}
    problem = tenant.api.refused(400, "POST", f"{tenant.path}/preview", other, limit=1, cursor=cursor)
    assert fields(problem) == ["cursor"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "days": 31}, "days"),
        ({"name": "x", "days": 0}, "days"),
        ({"name": "x", "rule_id": "unknown"}, "rule_id"),
        ({"name": "x", "actions": {"board_id": "unknown"}}, "actions.board_id"),
        ({"name": "x", "conditions": {"message_pattern": "("}}, "conditions.message_pattern"),
        ({"name": "x", "limit": 3}, "limit"),
    ],
)
def test_what_cannot_be_tried_is_refused(refusing: AdminApi, body: dict[str, Any], field: str) -> None:
    path = f"/integrations/{refusing.new_integration(rule=False)}/rules/preview"
    assert fields(refusing.refused(422, "POST", path, body)) == [field]


def test_an_archive_out_of_reach_is_503_and_stores_nothing(refusing: AdminApi) -> None:
    path = f"/integrations/{refusing.new_integration(rule=False)}/rules/preview"
    problem = refusing.refused(503, "POST", path, {"name": "x"})  # this tenant has no bucket
    assert "archive" in problem["detail"]


# ---- a window


def test_a_window_tells_what_it_would_have_caught(tenant: Tenant) -> None:
    tenant.api.new_rule(tenant.integration_id)
    inside = NOW - timedelta(days=1)
    tenant.hear(triggered())
    tenant.hear(triggered(1, "later", device="d2"), days_ago=0.5)
    window = {
        "name": "Patches",
        "starts_at": (inside - timedelta(hours=1)).isoformat(),
        "ends_at": (inside + timedelta(hours=1)).isoformat(),
    }
    with tenant.api.untouched():
        answer = tenant.api.ok("POST", "/maintenance-windows/preview", window)
    (item,) = answer["items"]
    assert item["alert"]["external_id"] == "a1"
    assert item["after"]["held"][0]["window_id"] == "new"
    assert item["change"] == "none"
    assert item["after"]["outcome"] == "ticket_created", "when the window ends"
    assert item["after"]["at"] > item["before"]["at"]


def test_a_window_spares_the_ticket_of_what_was_reset_in_it(tenant: Tenant) -> None:
    tenant.api.new_rule(tenant.integration_id)
    inside = NOW - timedelta(days=1)
    tenant.hear(triggered(), reset(1))
    window = {
        "name": "Patches",
        "integration_id": tenant.integration_id,
        "starts_at": (inside - timedelta(hours=1)).isoformat(),
        "ends_at": (inside + timedelta(hours=1)).isoformat(),
    }
    answer = tenant.api.ok("POST", "/maintenance-windows/preview", window)
    assert changes(answer) == {"a1": "ticket_not_made"}
    assert answer["summary"]["suppressed_instead"] == 1


def test_a_window_that_is_saved_can_be_tried_otherwise(tenant: Tenant) -> None:
    tenant.hear(triggered())
    inside = NOW - timedelta(days=1)
    far = {"name": "W", "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}
    made = tenant.api.ok("POST", "/maintenance-windows", far)
    near = {
        "name": "W",
        "starts_at": (inside - timedelta(hours=1)).isoformat(),
        "ends_at": (inside + timedelta(hours=1)).isoformat(),
        "window_id": made["id"],
    }
    (item,) = tenant.api.ok("POST", "/maintenance-windows/preview", near)["items"]
    assert item["after"]["held"][0]["window_id"] == made["id"]
    assert tenant.api.ok("POST", "/maintenance-windows/preview", far)["items"] == []


@pytest.mark.parametrize(
    ("more", "field"),
    [({"window_id": "unknown"}, "window_id"), ({"client_id": "unknown"}, "client_id"), ({"days": 99}, "days")],
)
def test_a_window_that_cannot_be_tried_is_refused(refusing: AdminApi, more: dict[str, Any], field: str) -> None:
    window = {"name": "W", "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z", **more}
    assert fields(refusing.refused(422, "POST", "/maintenance-windows/preview", window)) == [field]


# ---- applying a rule


def test_a_saved_rule_is_previewed_and_then_applied_to_live_alerts_that_are_only_recorded(tenant: Tenant) -> None:
    tenant.hear(triggered(), triggered(1, "a2"), triggered(2, "b", device="d2"))
    tenant.hear(triggered(3, "over", device="d3"), reset(4, "over", device="d3"))
    rule_id = tenant.api.new_rule(tenant.integration_id)
    before = tenant.api.stored()
    answer = tenant.preview({}, f"/{rule_id}/preview")
    stored = tenant.api.stored()
    assert {sk for _, sk in stored.keys() - before.keys()} == {"PREVIEW"}
    assert all(stored[key] == before[key] for key in before)
    assert answer["live"] == {
        "alerts": 3,
        "would": {"occurrence_appended": 1, "ticket_created": 2},
        "complete": True,
    }
    assert answer["summary"]["tickets_made"] == 3, "the one that is over would have had a ticket, too"

    applied = tenant.api.call("POST", f"{tenant.path}/{rule_id}/apply", {"preview_id": answer["preview_id"]})
    assert (applied.status, applied.json) == (202, {"handed_over": 3, "complete": True})
    events = tenant.api.work_the_queue()
    assert all(event.decide_again and event.origin == "person" for event in events)
    assert len(tenant.api.items("/tickets")) == 2
    assert tenant.api.alert(tenant.integration_id)["matched_rule"]["id"] == rule_id
    assert tenant.api.alert(tenant.integration_id, "over")["ticket_id"] is None


def test_applying_again_hands_over_nothing(tenant: Tenant) -> None:
    tenant.hear(triggered())
    rule_id = tenant.api.new_rule(tenant.integration_id)
    body = {"preview_id": tenant.preview({}, f"/{rule_id}/preview")["preview_id"]}
    path = f"{tenant.path}/{rule_id}/apply"
    assert tenant.api.ok("POST", path, body)["handed_over"] == 1
    tenant.api.work_the_queue()
    assert tenant.api.ok("POST", path, body)["handed_over"] == 0


def test_only_what_the_rule_itself_decides_is_handed_over(tenant: Tenant) -> None:
    tenant.hear(triggered(message=HEARTBEAT), triggered(1, "b", device="d2"))
    tenant.api.new_rule(
        tenant.integration_id, "Quiet", conditions={"keywords": ["heartbeat"]}, actions={"create_ticket": False}
    )
    rule_id = tenant.api.new_rule(tenant.integration_id)
    answer = tenant.preview({}, f"/{rule_id}/preview")
    assert answer["live"]["would"] == {"ticket_created": 1}
    tenant.api.ok("POST", f"{tenant.path}/{rule_id}/apply", {"preview_id": answer["preview_id"]})
    assert [event.external_alert_id for event in tenant.api.work_the_queue()] == ["b"]


def test_the_oldest_alert_is_decided_first(tenant: Tenant) -> None:
    for number in (3, 1, 2):
        tenant.hear(triggered(number, f"a{number}"))
    rule_id = tenant.api.new_rule(tenant.integration_id)
    body = {"preview_id": tenant.preview({}, f"/{rule_id}/preview")["preview_id"]}
    tenant.api.ok("POST", f"{tenant.path}/{rule_id}/apply", body)
    assert [event.external_alert_id for event in tenant.api.work_the_queue()] == ["a1", "a2", "a3"]


def test_a_rule_that_changed_since_its_preview_is_not_applied(tenant: Tenant) -> None:
    rule_id = tenant.api.new_rule(tenant.integration_id)
    body = {"preview_id": tenant.preview({}, f"/{rule_id}/preview")["preview_id"]}
    tenant.api.ok("PUT", f"{tenant.path}/{rule_id}", {"name": "Otherwise", "actions": {"priority": "low"}})
    problem = tenant.api.refused(409, "POST", f"{tenant.path}/{rule_id}/apply", body)
    assert "changed" in problem["detail"]


def test_a_preview_of_another_rule_or_none_is_none(tenant: Tenant) -> None:
    rule_id, other = (tenant.api.new_rule(tenant.integration_id, name) for name in ("One", "Other"))
    body = {"preview_id": tenant.preview({}, f"/{other}/preview")["preview_id"]}
    for wrong in (body, {"preview_id": "unknown"}):
        tenant.api.refused(409, "POST", f"{tenant.path}/{rule_id}/apply", wrong)
    assert fields(tenant.api.refused(422, "POST", f"{tenant.path}/{rule_id}/apply", {})) == ["preview_id"]


def test_a_preview_is_kept_for_an_hour(tenant: Tenant) -> None:
    rule_id = tenant.api.new_rule(tenant.integration_id)
    preview_id = tenant.preview({}, f"/{rule_id}/preview")["preview_id"]
    (item,) = [item for (_, sk), item in tenant.api.stored().items() if sk == "PREVIEW"]
    assert 3500 < item["expires_at"] - datetime.now(UTC).timestamp() < 3900
    tenant.api.put({**item, "expires_at": int(NOW.timestamp()) - 1})
    tenant.api.refused(409, "POST", f"{tenant.path}/{rule_id}/apply", {"preview_id": preview_id})


def test_a_rule_that_is_not_active_is_not_applied(tenant: Tenant) -> None:
    rule_id = tenant.api.new_rule(tenant.integration_id, active=False)
    body = {"preview_id": tenant.preview({}, f"/{rule_id}/preview")["preview_id"]}
    tenant.api.refused(409, "POST", f"{tenant.path}/{rule_id}/apply", body)


@pytest.mark.parametrize("path", ["/integrations/{}/rules/preview", "/maintenance-windows/preview"])
@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"cursor": "nonsense"}])
def test_a_page_out_of_bounds_is_refused(refusing: AdminApi, path: str, query: dict[str, Any]) -> None:
    body = {"name": "x"}
    if "windows" in path:
        body |= {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}
    filled = path.format(refusing.new_integration(rule=False))
    assert fields(refusing.refused(400, "POST", filled, body, **query)) == list(query)
