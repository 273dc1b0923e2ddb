"""device_sync's handler as Lambda runs it, on the queues that the admin API and ingest fill."""

import json
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tandem.assets.news import News
from tandem.assets.shown import shown
from tandem.ids import new_id
from tandem.store.asset_records import asset_from
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.refresh_message import RefreshMessage, encode
from tests.emulator import EmulatedAws
from tests.integration.admin_calls import AdminApi, function
from tests.integration.kills import items_of
from tests.simulators import world
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level

pytestmark = pytest.mark.emulator

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:device_sync"
ROLE = "arn:aws:iam::123456789012:role/schedules"
CONTEXT = SimpleNamespace(invoked_function_arn=FUNCTION, get_remaining_time_in_millis=lambda: 900_000)


class Worker:
    """A warm instance of the function beside the admin API's tenant."""

    def __init__(self, api: AdminApi, handler: ModuleType, scheduler: Any, group: str) -> None:
        self.api, self.handler, self.scheduler, self.group = api, handler, scheduler, group
        self.answers: list[Any] = []

    def invoke(self, **event: Any) -> Any:
        return self.handler.handler(event, CONTEXT)

    def step(self) -> bool:
        """The next message of the queue of steps, if there is one."""
        given = self._received(self.api.sync_queue_url, 1)
        for each in given:
            self._batch([each], "arn:aws:sqs:eu-central-1:123456789012:device-sync", self.api.sync_queue_url)
        return bool(given)

    def refresh(self) -> list[str]:
        """All single devices that wait; gives the messages that must come again."""
        arn, again = "arn:aws:sqs:eu-central-1:123456789012:device-refresh.fifo", list[str]()
        while given := self._received(self.api.refresh_queue_url, 10):
            again += self._batch(given, arn, self.api.refresh_queue_url)
        return again

    def work(self) -> None:
        """All steps, and what follows from them."""
        while self.step():
            pass

    def state(self, integration_id: str) -> Any:
        return SyncRuns(self.api.dynamodb, self.api.name).state(integration_id)

    def devices(self) -> dict[str, str | None]:
        """The names of all assets, by their device."""
        items = [item for item in items_of(self.api.dynamodb, self.api.name) if item["sk"]["S"] == "ASSET"]
        assets = map(asset_from, items)
        return {asset.devices[0].external_id: shown(asset).facts.name for asset in assets}

    def hear(self, *messages: RefreshMessage) -> None:
        for each in messages:
            self.api.sqs.send_message(
                QueueUrl=self.api.refresh_queue_url,
                MessageBody=encode(each),
                MessageGroupId=each.group_id,
                MessageDeduplicationId=new_id(),
            )

    def schedules(self) -> set[str]:
        listed = self.scheduler.list_schedules(GroupName=self.group, NamePrefix="sync-")["Schedules"]
        return {each["Name"] for each in listed}

    def _received(self, url: str, count: int) -> list[dict[str, Any]]:
        answer = self.api.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=count, MessageSystemAttributeNames=["All"]
        )
        return [dict(each) for each in answer.get("Messages", [])]

    def _batch(self, given: list[dict[str, Any]], arn: str, url: str) -> list[str]:
        records = [
            {
                "messageId": each["MessageId"],
                "body": each["Body"],
                "receiptHandle": each["ReceiptHandle"],
                "attributes": each["Attributes"],
                "eventSourceARN": arn,
            }
            for each in given
        ]
        failed = {each["itemIdentifier"] for each in self.invoke(Records=records)["batchItemFailures"]}
        for each in given:
            if each["MessageId"] not in failed:
                self.api.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return sorted(failed)


@pytest.fixture
def level() -> Iterator[Level]:
    with Level(seed=1) as simulator:
        world.small(simulator)
        yield simulator


@pytest.fixture
def worker(api: AdminApi, emulated_aws: EmulatedAws) -> Worker:
    emulated_aws.client("s3").create_bucket(Bucket=api.name)
    scheduler: Any = emulated_aws.client("scheduler")
    group = f"{api.name}-schedules"
    scheduler.create_schedule_group(Name=group)
    more = {"SCHEDULE_GROUP": group, "SCHEDULE_ROLE_ARN": ROLE}
    return Worker(api, function("device_sync", api.environment | more), scheduler, group)


@pytest.fixture
def integration_id(api: AdminApi, level: Level) -> str:
    """A connected Level whose groups are all mapped to a client."""
    client = api.ok("POST", "/clients", {"name": "Acme"})["id"]
    body = {"provider": "levelio", "name": "Level", "instance_url": level.url, "allow_private_address": True}
    made = api.ok("POST", "/integrations", body | {"credentials": {"api_key": levelio.API_KEY}})
    for group in level.state.groups:
        path = f"/integrations/{made['id']}/organizations/{group.id}"
        api.ok("PUT", path, {"client_id": client, "name": group.name})
    found: str = made["id"]
    return found


def test_connecting_an_rmm_makes_its_devices_assets(worker: Worker, integration_id: str, level: Level) -> None:
    worker.work()
    assert worker.devices().keys() == {device.id for device in level.state.devices}
    shown_now = worker.api.ok("GET", f"/integrations/{integration_id}")["device_sync"]
    assert (shown_now["last_error"], shown_now["consecutive_failures"]) == (None, 0)
    assert shown_now["last_synced_at"] is not None


def test_a_turn_begins_a_sync_and_none_beside_it(worker: Worker, integration_id: str) -> None:
    worker.work()
    first = worker.state(integration_id).last["devices"].run_id
    worker.invoke(integration_id=integration_id)
    begun = worker.state(integration_id).lease_run_id
    worker.invoke(integration_id=integration_id)
    assert worker.state(integration_id).lease_run_id == begun != first
    worker.work()
    assert worker.state(integration_id).last["devices"].run_id == begun


def test_single_devices_are_looked_at_and_changed_groups_begin_a_sync_of_them(
    worker: Worker, integration_id: str, level: Level
) -> None:
    worker.work()
    one = next(iter(level.state.devices)).id
    level.rename_device(one, "RENAMED")
    worker.hear(RefreshMessage(integration_id, one, News.CHANGED))
    worker.hear(RefreshMessage(integration_id, None, News.ORGANIZATIONS))
    assert worker.refresh() == []
    assert worker.devices()[one] == "RENAMED"
    worker.work()
    assert worker.state(integration_id).last["organizations"].state == "succeeded"


def test_what_the_rmm_makes_impossible_comes_again(worker: Worker, integration_id: str, level: Level) -> None:
    worker.work()
    level.faults.add("status", status=503, times=None)
    worker.hear(RefreshMessage(integration_id, next(iter(level.state.devices)).id, News.CHANGED))
    assert len(worker.refresh()) == 1
    worker.invoke(integration_id=integration_id)
    worker.work()
    url = worker.api.sync_queue_url
    waiting = worker.api.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert waiting["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_the_daily_check_makes_and_removes_schedules(worker: Worker, integration_id: str) -> None:
    assert worker.schedules() == set()  # the admin API of this test has no scheduler
    worker.invoke(check_schedules=True)
    assert worker.schedules() == {f"sync-{integration_id}"}
    made = worker.scheduler.get_schedule(GroupName=worker.group, Name=f"sync-{integration_id}")
    assert (made["ScheduleExpression"], made["FlexibleTimeWindow"]["MaximumWindowInMinutes"]) == (
        "rate(60 minutes)",
        20,
    )
    assert json.loads(made["Target"]["Input"]) == {"integration_id": integration_id}
    worker.api.ok("PATCH", f"/integrations/{integration_id}", {"device_sync": {"enabled": False}})
    worker.invoke(integration_id=integration_id)
    assert worker.schedules() == set()


def test_a_message_that_is_none_is_a_dead_letter(worker: Worker) -> None:
    worker.api.sqs.send_message(QueueUrl=worker.api.sync_queue_url, MessageBody="{}")
    worker.work()
    (letter,) = worker.api.ok("GET", "/dead-letters")["items"]
    assert letter["source"] == "device-sync"
