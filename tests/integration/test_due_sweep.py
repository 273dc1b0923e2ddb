"""The sweep, with a real table, queue and processor, and a clock that jumps. No window is edited to make it end."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alert_queue import QueueError
from tandem.alerts.decision import Wake
from tandem.alerts.models import Alert, AlertStatus, Origin, Provider, Severity, alert_id_of
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.store import keys
from tandem.store.records import alert_item, wake_item
from tandem.sweeping import held_alerts
from tandem.sweeping.report import report
from tandem.sweeping.sweep import Swept, Taken
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import function
from tests.integration.deployment import Calls, configuration_changed
from tests.integration.sweeping import Lapse
from tests.unit.alerts.world import START, acknowledged, at, reset, triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator

NewLapse = Callable[..., Lapse]


def window(end: float = 60, identifier: str = "w1", **scope: Any) -> MaintenanceWindow:
    """Holds from an hour before the test's day begins until `end`, minutes of it."""
    return MaintenanceWindow(identifier, f"Patch night {identifier}", span=Span(at(-60), at(end)), **scope)


@pytest.fixture
def lapse(dynamodb: "DynamoDBClient", sqs: "SQSClient", table_name: str, new_queue: Callable[..., str]) -> NewLapse:
    """Makes the test's tenant, with these windows."""
    url = new_queue()
    return lambda *windows, **more: Lapse(dynamodb, sqs, table_name, url, *windows, **more)


def of_every_alert(tenant: Lapse, field: str) -> dict[str, Any]:
    return {each["external_alert_id"]: each.get(field) for each in tenant.of_kind("ALERT")}


def looks(count: int) -> Callable[[], bool]:
    """There is time so many times that one looks."""
    left = iter([True] * count)
    return lambda: next(left, False)


def test_what_a_window_held_surfaces_within_a_run_of_its_end_and_not_before(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    tenant.minutes_later(59)
    assert tenant.sweep() == Taken()
    assert tenant.alert()["status"] == "suppressed"

    tenant.minutes_later(60)
    assert tenant.sweep() == Taken(handed_over=1)
    (event,) = tenant.work()
    assert (event.origin, event.decide_again, event.external_alert_id) == (Origin.SWEEP, True, "a1")
    assert tenant.alert()["status"] == "active"
    assert [ticket["title"] for ticket in tenant.tickets()] == ["PC-d1: Disk C: is full"]
    assert tenant.due() == []
    assert tenant.sweep() == Taken()


def test_an_alert_is_left_alone_while_a_clock_that_is_behind_may_see_its_window(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    tenant.now = at(60) + timedelta(seconds=1)
    assert tenant.sweep() == Taken()


def test_of_two_alerts_of_one_condition_the_one_that_fired_first_makes_the_ticket(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    names = [f"a{number}" for number in range(6)]
    tenant.fires(*(triggered(5 - number, name) for number, name in enumerate(names)))
    tenant.minutes_later(61)
    tenant.sweep()
    assert [event.external_alert_id for event in tenant.work()] == names[::-1], "by when they fired, not by their ids"
    (ticket,) = tenant.tickets()
    assert ticket["source_reference"] == "a5"


def test_the_window_that_ended_first_is_seen_to_first(lapse: NewLapse) -> None:
    tenant = lapse(window(90, "long", client_id="c1"), window(40, "short"))
    tenant.fires(triggered(0, "a1"), triggered(5, "a2", device="d2", organization=None))
    assert of_every_alert(tenant, "suppressed_by_window_id") == {"a1": "long", "a2": "short"}
    tenant.minutes_later(95)
    tenant.sweep()
    assert [event.external_alert_id for event in tenant.work()] == ["a2", "a1"]


def test_a_reset_of_a_held_alert_is_quiet_and_nothing_is_due_for_it(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered(), reset(5))
    assert tenant.due() == []
    tenant.minutes_later(61)
    assert tenant.sweep() == Taken()
    assert tenant.tickets() == []


def test_a_reset_between_sweep_and_processor_is_quiet_too(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    tenant.minutes_later(61)
    tenant.sweep()
    tenant.fires(reset(61))
    tenant.work()
    assert tenant.tickets() == []
    assert tenant.alert()["status"] == "resolved"


def test_an_alert_that_was_acknowledged_while_it_was_held_surfaces_acknowledged(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered(), acknowledged(5))
    tenant.minutes_later(61)
    tenant.sweep_and_work()
    assert tenant.alert()["status"] == "acknowledged"
    assert len(tenant.tickets()) == 1


def test_rules_see_the_whole_message_of_an_alert_that_keeps_only_its_beginning(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    long_message = "Disk C: is full. " * 100
    tenant.fires(replace(triggered(), message=long_message))
    assert len(tenant.alert()["message"]) < 300
    tenant.minutes_later(61)
    tenant.sweep()
    assert [event.message for event in tenant.work()] == [long_message]


def test_while_the_processor_is_behind_every_run_finds_the_alert_and_the_queue_has_it_once(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    tenant.minutes_later(61)
    assert [tenant.sweep() for _ in range(3)] == [Taken(handed_over=1)] * 3
    assert len(tenant.work()) == 1
    assert tenant.sweep() == Taken()


def test_an_alert_that_is_held_and_freed_again_and_again_is_handed_over_each_time(lapse: NewLapse) -> None:
    tenant = lapse(*(MaintenanceWindow(f"w{n}", "Nightly", span=Span(at(n * 10), at(n * 10 + 5))) for n in range(4)))
    for night in range(4):
        tenant.minutes_later(night * 10)
        tenant.fires(triggered(night * 10), reset(night * 10 - 1))
        assert tenant.alert()["status"] == "suppressed"
        tenant.minutes_later(night * 10 + 5)
        assert tenant.sweep() == Taken(handed_over=1)
        tenant.work()
        assert tenant.alert()["status"] == "active"
        tenant.fires(reset(night * 10 + 6))


@pytest.mark.parametrize(
    "change",
    [
        lambda tenant: tenant.delete("w1"),
        lambda tenant: tenant.change("w1", active=False),
        lambda tenant: tenant.change("w1", client_id="another"),
        lambda tenant: tenant.change("w1", integration_id="another"),
        lambda tenant: tenant.change("w1", span=Span(at(-60), at(2))),
        lambda tenant: tenant.change("w1", span=Span(at(30), at(60))),
    ],
    ids=["deleted", "deactivated", "another client's", "another integration's", "ended earlier", "starts later"],
)
def test_a_change_of_a_window_frees_what_only_it_held(lapse: NewLapse, change: Callable[[Lapse], None]) -> None:
    tenant = lapse(window(60, "w1"), window(50, "w2", asset_id="another"))
    tenant.fires(triggered(0, "a1"), triggered(1, "a2", device="d2"))
    assert of_every_alert(tenant, "suppressed_by_window_id") == {"a1": "w1", "a2": "w1"}
    tenant.minutes_later(3)
    change(tenant)
    assert tenant.tickets() == [], "the request itself decides nothing"
    tenant.sweep_and_work()
    assert of_every_alert(tenant, "status") == {"a1": "active", "a2": "active"}
    assert len(tenant.tickets()) == 2
    assert tenant.due() == []


def test_what_another_window_holds_as_well_stays_held_and_is_freed_with_that_one(lapse: NewLapse) -> None:
    tenant = lapse(window(60, "w1"), window(30, "w2"))
    tenant.fires(triggered())
    tenant.minutes_later(3)
    tenant.delete("w1")
    tenant.sweep_and_work()
    assert (tenant.alert()["status"], tenant.alert()["suppressed_by_window_id"]) == ("suppressed", "w2")
    assert [entry["sk"][:16] for entry in tenant.due()] == [at(30).isoformat()[:16]]
    tenant.delete("w2")
    tenant.sweep_and_work()
    assert tenant.alert()["status"] == "active"
    assert tenant.due() == []


def test_an_end_that_moves_later_holds_for_longer(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    tenant.change("w1", span=Span(at(-60), at(90)))
    tenant.sweep_and_work()
    tenant.minutes_later(61)
    assert tenant.sweep() == Taken()
    tenant.minutes_later(90)
    tenant.sweep_and_work()
    assert len(tenant.tickets()) == 1
    assert tenant.due() == []


def test_an_end_that_moves_into_the_past_or_near_future_is_kept_to(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    tenant.change("w1", span=Span(at(-60), at(10)))
    tenant.sweep_and_work()
    assert tenant.alert()["status"] == "suppressed"
    tenant.minutes_later(10)
    tenant.sweep_and_work()
    assert tenant.alert()["status"] == "active"


def test_several_changes_of_a_window_hand_over_once_what_it_holds(lapse: NewLapse) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    for end in (70, 80, 90):
        tenant.change("w1", span=Span(at(-60), at(end)))
    assert tenant.sweep() == Taken(handed_over=1)
    tenant.work()
    assert [entry["sk"][:16] for entry in tenant.due()] == [at(90).isoformat()[:16]]


@pytest.mark.parametrize("sweeps_at_once", [False, True])
def test_a_window_that_is_deleted_while_a_batch_is_held_by_it_holds_nothing(
    lapse: NewLapse, emulated_aws: EmulatedAws, sweeps_at_once: bool
) -> None:
    """The batch has read the window; it is deleted before the batch writes. Even when the sweep has come and gone
    between, and so found nothing held, the processor looks again."""
    tenant = lapse(window(60))
    racing = emulated_aws.client("dynamodb")
    raced = False

    def delete_first(**_: Any) -> None:
        nonlocal raced
        if not raced:
            raced = True
            tenant.delete("w1")
            if sweeps_at_once:
                assert tenant.sweep() == Taken()

    racing.meta.events.register("before-call.dynamodb.TransactWriteItems", delete_first)
    tenant.processor = tenant.another_processor(racing)
    tenant.fires(triggered(0, "a1"), triggered(1, "a2", device="d2"))
    assert raced
    assert of_every_alert(tenant, "status") == {"a1": "active", "a2": "active"}
    tenant.sweep_and_work()
    assert len(tenant.tickets()) == 2
    assert tenant.due() == []


def test_a_batch_that_dies_before_it_looks_again_is_freed_when_it_is_delivered_again(
    lapse: NewLapse, emulated_aws: EmulatedAws, dynamodb: "DynamoDBClient"
) -> None:
    tenant = lapse(window(60))
    dying = emulated_aws.client("dynamodb")

    class PowerCutError(BaseException):
        """Lambda ends the function."""

    def die_after_the_write(**_: Any) -> None:
        tenant.delete("w1")
        tenant.sweep()
        raise PowerCutError

    dying.meta.events.register("after-call.dynamodb.TransactWriteItems", die_after_the_write)
    tenant.processor = tenant.another_processor(dying)
    with pytest.raises(PowerCutError):
        tenant.fires(triggered())
    assert tenant.alert()["status"] == "suppressed"
    tenant.processor = tenant.another_processor(dynamodb)
    tenant.fires(triggered())
    assert tenant.alert()["status"] == "active"
    assert tenant.due() == []


def test_a_window_entry_stays_until_all_that_it_held_is_in_the_queue(
    lapse: NewLapse, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = lapse(window(60))
    tenant.fires(*(triggered(number, f"a{number}", device=f"d{number}") for number in range(5)))
    tenant.delete("w1")
    monkeypatch.setattr(held_alerts, "AT_ONCE", 2)
    # The run, the window, two chunks, and then there is no more time.
    assert tenant.sweep(looks(4)) == Taken(handed_over=4, left_over=1)
    assert [entry["sk"].split("#")[1] for entry in tenant.due()].count(keys.WINDOW_CHANGED) == 1
    tenant.work()
    assert tenant.sweep() == Taken(handed_over=1)
    tenant.work()
    assert len(tenant.tickets()) == 5
    assert tenant.due() == []


def test_a_window_too_full_for_one_run_is_finished_by_later_ones_although_it_still_holds_all(
    lapse: NewLapse, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = lapse(window(60))
    tenant.fires(*(triggered(number, f"a{number}", device=f"d{number}") for number in range(7)))
    tenant.change("w1", client_id="c1")
    monkeypatch.setattr(held_alerts, "ROUND", 2)
    handed_over = []
    for _ in range(20):
        taken = tenant.sweep(looks(3))  # the run, the window, one round of two
        handed_over.append(taken.handed_over)
        tenant.work()
        if not taken.left_over:
            break
    assert handed_over == [2, 2, 2, 1]
    assert [entry["sk"].split("#")[1] for entry in tenant.due()] == [keys.WINDOW_ENDS] * 7


def test_a_run_that_fails_half_way_leaves_the_rest_due(lapse: NewLapse, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = lapse(window(60))
    tenant.fires(*(triggered(number, f"a{number}", device=f"d{number}") for number in range(4)))
    tenant.minutes_later(61)
    monkeypatch.setattr(held_alerts, "AT_ONCE", 1)
    sent = 0

    def full(**_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == 3:
            raise QueueError("full")

    tenant.sqs.meta.events.register("before-call.sqs.SendMessageBatch", full)
    try:
        with pytest.raises(QueueError):
            tenant.sweep()
    finally:
        tenant.sqs.meta.events.unregister("before-call.sqs.SendMessageBatch", full)
    tenant.work()
    assert len(tenant.tickets()) == 2
    tenant.sweep_and_work()
    assert len(tenant.tickets()) == 4


def test_entries_that_nothing_waits_for_are_dropped(
    lapse: NewLapse, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered(0, "a1"), triggered(1, "a2", device="d2"), reset(2, "a2", device="d2"))
    held, resolved = alert_id_of("i1", "a1"), alert_id_of("i1", "a2")
    for alert_id, minute in ((held, 1), (resolved, 2), ("gone", 3)):
        dynamodb.put_item(TableName=table_name, Item=wake_item(Wake(at(minute), alert_id, "w1")))
    tenant.minutes_later(5)
    assert tenant.sweep() == Taken(dropped=3)
    assert [entry["subject"] for entry in tenant.due()] == [held], "its own entry is not touched"


def test_alerts_of_an_integration_that_is_gone_are_not_handed_over_for_ever(
    lapse: NewLapse, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    tenant = lapse(window(60))
    tenant.fires(triggered())
    key = {name: {"S": value} for name, value in keys.integration_key("i1").items()}
    dynamodb.delete_item(TableName=table_name, Key=key)
    configuration_changed(dynamodb, table_name)
    tenant.minutes_later(61)
    assert tenant.sweep() == Taken(dropped=1)
    assert tenant.due() == []
    assert tenant.queued() == []


def test_entries_of_other_reasons_are_left_to_others(
    lapse: NewLapse, dynamodb: "DynamoDBClient", table_name: str
) -> None:
    tenant = lapse()
    key = {name: {"S": value} for name, value in keys.due_key(at(0), "u1", "another reason").items()}
    dynamodb.put_item(TableName=table_name, Item={**key, "subject": {"S": "u1"}})
    tenant.minutes_later(5)
    assert tenant.a_sweep().run(lambda: True) == Swept(Taken(), None)
    assert len(tenant.due()) == 1


def test_a_thousand_alerts_are_released_in_one_run_with_few_calls(
    lapse: NewLapse, dynamodb: "DynamoDBClient", sqs: "SQSClient", emulated_aws: EmulatedAws, table_name: str
) -> None:
    count = 1000
    tenant = lapse(window(60))
    _put_held(dynamodb, table_name, count)
    tenant.minutes_later(61)
    client, queue = emulated_aws.client("dynamodb"), emulated_aws.client("sqs")
    tenant.dynamodb, tenant.sqs = client, queue
    calls, sent = Calls(client), Counter[str]()
    queue.meta.events.register("before-call.sqs.*", lambda model, **_: sent.update([model.name]))
    started = time.monotonic()
    assert tenant.sweep() == Taken(handed_over=count)
    rate = count / (time.monotonic() - started)
    # Twice through the shards (the second time to see that there is no more), ten reads of a hundred, one integration.
    assert calls.take() == {"Query": 2 * keys.SHARDS, "BatchGetItem": count // 100 + 1}
    assert sent == {"SendMessageBatch": count // 10}
    assert rate > 100, "what the sweep must do, and a fraction of what it does"


def _put_held(client: "DynamoDBClient", table: str, count: int) -> None:
    """So many alerts of as many devices, held until minute 60."""
    items = []
    for number in range(count):
        alert = Alert(
            alert_id=alert_id_of("i1", f"a{number}"),
            integration_id="i1",
            provider=Provider.TACTICALRMM,
            external_alert_id=f"a{number}",
            condition_id=f"k{number}",
            identity="check:1",
            status=AlertStatus.SUPPRESSED,
            severity=Severity.MODERATE,
            message="Disk C: is full",
            first_seen_at=START,
            external_device_id=f"d{number}",
            triggered_at=at(number / count),
            last_triggered_at=at(number / count),
            suppressed_by_window_id="w1",
            suppressed_until=at(60),
            version=1,
        )
        items += [alert_item(alert, START), wake_item(Wake(at(60), alert.alert_id, "w1"))]
    for start in range(0, len(items), 25):
        puts: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={table: puts})


def test_a_run_is_counted_with_how_late_it_was_and_what_it_left(
    lapse: NewLapse, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = lapse(window(60))
    report(tenant.a_sweep().run(lambda: True))
    assert capsys.readouterr().out == "", "nothing was due"
    tenant.fires(triggered())
    tenant.minutes_later(61)
    report(tenant.a_sweep().run(lambda: True))
    line = capsys.readouterr().out
    for counted in ('"swept": 1', '"sweep_left_over": 0', '"sweep_lag_seconds": 63', '"function": "due_sweep"'):
        assert counted in line


def test_the_function_sweeps_what_its_environment_names_and_ends_before_its_time_does(
    lapse: NewLapse, emulator_environment: EmulatedAws, table_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Context:
        milliseconds = 14_000

        def get_remaining_time_in_millis(self) -> int:
            return self.milliseconds

    yesterday = datetime.now(UTC) - timedelta(days=1)  # by the clock that the function has
    tenant = lapse(MaintenanceWindow("w1", "Yesterday", span=Span(yesterday, yesterday + timedelta(hours=1))))
    tenant.now = yesterday
    tenant.fires(triggered())
    for name in ("TABLE_NAME", "ALERT_QUEUE_URL", "NOTIFICATIONS_QUEUE_URL"):
        monkeypatch.setenv(name, "")  # set by `function`, and put back behind the test
    queues = {"ALERT_QUEUE_URL": tenant.queue_url, "NOTIFICATIONS_QUEUE_URL": tenant.queue_url}
    handler = function("due_sweep", {"TABLE_NAME": table_name, **queues}).handler
    context = Context()
    handler({}, context)
    assert tenant.queued() == []
    context.milliseconds = 50_000
    handler({}, context)
    assert len(tenant.queued()) == 1
