"""Polls on the deployed stack: connected to a simulated RMM that sends no webhooks, by schedule and by hand."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tandem.times import utc_now
from tests.e2e.conftest import Integration, Stack, eventually
from tests.simulators.tacticalrmm.simulator import API_KEY, TacticalRmm

pytestmark = pytest.mark.emulator

GROUP = "tandem-local"


@dataclass
class Polled:
    """A Tactical RMM that is connected, and whose webhooks go nowhere."""

    stack: Stack
    server: TacticalRmm
    integration: Integration
    device: str

    @property
    def path(self) -> str:
        return f"/integrations/{self.integration.id}"

    def fires(self, condition: str = "ping") -> str:
        """An alert of the server, and its id."""
        alert = self.server.trigger(self.device, condition)
        assert alert is not None
        return str(alert.id)

    def poll(self) -> dict[str, Any]:
        """A poll by hand, to its end."""
        return self.followed(self.stack.ok("POST", f"{self.path}/poll"))

    def followed(self, run: dict[str, Any]) -> dict[str, Any]:
        """The run when it has ended."""
        found: dict[str, Any] = run

        def ended() -> bool:
            nonlocal found
            found = self.stack.ok("GET", f"{self.path}/runs/{run['id']}")
            return found["finished_at"] is not None

        eventually(ended, "the run ends")
        return found

    def status(self, alert_id: str) -> str | None:
        return (self.stack.alert(self.integration, alert_id) or {}).get("status")

    def schedule(self) -> dict[str, Any] | None:
        """The integration's schedule, if it has one."""
        scheduler: Any = self.stack.aws.client("scheduler")
        try:
            found: dict[str, Any] = scheduler.get_schedule(GroupName=GROUP, Name=f"poll-{self.integration.id}")
        except scheduler.exceptions.ResourceNotFoundException:
            return None
        return found


@pytest.fixture
def polled(stack: Stack, simulated_tacticalrmm: TacticalRmm) -> Iterator[Polled]:
    """With one agent, whose client Tandem knows."""
    server = simulated_tacticalrmm
    device = server.add_device(server.add_client("Acme").id, "SRV-1")
    integration = stack.connect(
        "tacticalrmm",
        instance_url=server.url,
        allow_private_address=True,
        credentials={"api_key": API_KEY},
        default_client_id=stack.new_client(),
    )
    yield Polled(stack, server, integration, device.hostname)
    stack.api("DELETE", f"/integrations/{integration.id}")


def test_a_poll_heals_what_webhooks_missed(polled: Polled) -> None:
    alert_id = polled.fires()
    run = polled.poll()
    assert (run["state"], run["listed"], run["fired"]) == ("succeeded", 1, 1), run
    eventually(lambda: polled.status(alert_id) == "active", "the alert is known")
    eventually(
        lambda: bool((polled.stack.alert(polled.integration, alert_id) or {}).get("ticket_id")), "and has a ticket"
    )
    shown = polled.stack.ok("GET", polled.path)
    assert shown["polling"]["last_result"]["fired"] == 1
    assert shown["polling"]["next_poll_at"] > shown["polling"]["last_polled_at"]

    polled.server.clear(int(alert_id))
    assert polled.poll()["cleared"] == 0
    assert polled.poll()["cleared"] == 1
    eventually(lambda: polled.status(alert_id) == "resolved", "two lists lacked it")


def test_an_rmm_that_is_down_is_told_in_a_sentence_and_resolves_nothing(polled: Polled) -> None:
    alert_id = polled.fires()
    polled.poll()
    eventually(lambda: polled.status(alert_id) == "active", "the alert is known")
    polled.server.faults.add("html", times=None, path="alerts")
    for _ in range(3):
        run = polled.poll()
        assert run["state"] == "failed"
        assert run["error"].endswith(".")
    shown = polled.stack.ok("GET", polled.path)
    assert (shown["status"], shown["status_reason"]) == ("error", run["error"])
    assert polled.status(alert_id) == "active"


def test_the_schedule_follows_the_integration_and_runs_polls(polled: Polled) -> None:
    made = polled.schedule()
    assert made is not None
    assert made["ScheduleExpression"] == "rate(15 minutes)"
    assert json.loads(made["Target"]["Input"]) == {"integration_id": polled.integration.id}
    polled.stack.ok("PATCH", polled.path, {"polling": {"interval_minutes": 5}})
    changed = polled.schedule()
    assert changed is not None
    assert changed["ScheduleExpression"] == "rate(5 minutes)"

    alert_id = polled.fires()
    scheduler: Any = polled.stack.aws.client("scheduler")
    # What Scheduler does in five minutes, in a few seconds: the same target, once.
    scheduler.create_schedule(
        GroupName=GROUP,
        Name=f"once-{uuid.uuid4().hex[:12]}",
        ScheduleExpression=f"at({(utc_now() + timedelta(seconds=1)).strftime('%Y-%m-%dT%H:%M:%S')})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=changed["Target"],
    )
    eventually(lambda: polled.status(alert_id) == "active", "the schedule's target polled")

    polled.stack.ok("POST", f"{polled.path}/disconnect")
    assert polled.schedule() is None
    asked = len(polled.server.requests.all())
    assert polled.stack.api("POST", f"{polled.path}/poll").status_code == 409
    polled.stack.aws.client("lambda").invoke(
        FunctionName=changed["Target"]["Arn"], Payload=changed["Target"]["Input"].encode()
    )
    assert len(polled.server.requests.all()) == asked, "a disconnected integration is not asked, whoever wants it"


def test_an_import_takes_over_what_was_there_before(polled: Polled) -> None:
    over, live = polled.fires("ping"), polled.fires("disk")
    polled.server.clear(int(over))
    run = polled.followed(polled.stack.ok("POST", f"{polled.path}/sync", {"kind": "alerts", "days": 7}))
    assert (run["state"], run["listed"], run["history"]) == ("succeeded", 1, 1), run
    eventually(lambda: (polled.status(over), polled.status(live)) == ("resolved", "active"), "both are known")
    assert (polled.stack.alert(polled.integration, over) or {})["ticket_id"] is None


def test_the_daily_check_mends_schedules(polled: Polled) -> None:
    scheduler: Any = polled.stack.aws.client("scheduler")
    made = polled.schedule()
    assert made is not None
    scheduler.delete_schedule(GroupName=GROUP, Name=f"poll-{polled.integration.id}")
    check = scheduler.get_schedule(GroupName=GROUP, Name="tandem-local-check-schedules")
    assert check["Target"]["Arn"] == made["Target"]["Arn"]
    answer = polled.stack.aws.client("lambda").invoke(
        FunctionName=check["Target"]["Arn"], Payload=check["Target"]["Input"].encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    mended = polled.schedule()
    assert mended is not None
    assert mended["Target"] == made["Target"], "by the function that it names itself"
