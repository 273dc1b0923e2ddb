"""An instance of the admin API that is killed between any two calls while a person acts, and the person who tries it
again: nothing is lost, nothing is doubled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.integration.admin_calls import AdminApi
from tests.integration.kills import Sandbox, items_of, moments, outline, restore
from tests.integration.sweeping import sweep_of_windows
from tests.unit.alerts.world import triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

CLOSING = {"auto_resolve_ticket": True}
RECORDING = {"create_ticket": False}


@pytest.fixture
def sandbox(api: AdminApi) -> Iterator[Sandbox]:
    """Around all clients that are made from now on."""
    made = Sandbox()
    boto3.setup_default_session()
    made.attach(boto3._get_default_session().events)
    yield made
    boto3.setup_default_session()


def fired(api: AdminApi, *, mapped: bool = True, **actions: bool) -> str:
    """An integration in which a1 fired. `actions`: of its one rule."""
    client = api.new_client()
    integration_id = api.new_integration(rule=False, **({"default_client_id": client} if mapped else {}))
    api.new_rule(integration_id, actions=actions)
    api.hear(integration_id, triggered())
    return integration_id


def act_on_alert(api: AdminApi, integration_id: str, act: str) -> tuple[str, str, None]:
    return "POST", f"/alerts/{api.alert_id(integration_id)}/{act}", None


def act_on_ticket(api: AdminApi, integration_id: str, act: str) -> tuple[str, str, None]:
    return "POST", f"/tickets/{api.alert(integration_id)['ticket_id']}/{act}", None


def a_minute_later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def disturbed(
    api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox, request: tuple[str, str, object], again: int = 200
) -> list[tuple[str, ...]]:
    """Ask it of an instance that is killed at each of its calls in turn, then of one that lives, and compare what the
    table holds when sweep and processor are through with what one undisturbed request leaves, which is given back.

    `again`: what is answered to the second request if the first was carried out."""
    doomed = api.another_instance()
    beginning = items_of(dynamodb, api.name)

    def ask() -> None:
        assert api.call(*request, instance=doomed).status < 300

    def end() -> list[tuple[str, ...]]:
        sweep_of_windows(dynamodb, api.sqs, api.name, api.queue_url, a_minute_later).run(lambda: True)
        api.work_the_queue()
        return outline(api.stored())

    ask()  # from now on it makes the same calls each time
    expected = end()
    restore(dynamodb, api.name, beginning)
    calls = sandbox.count(ask)
    assert end() == expected
    restore(dynamodb, api.name, beginning)
    answers = set()
    for call, moment in moments(calls):
        sandbox.kill(ask, call, moment)
        if items_of(dynamodb, api.name) == beginning:
            continue  # who asks again is the first
        answers.add(api.call(*request).status)
        assert end() == expected, f"killed {moment} call {call}"
        restore(dynamodb, api.name, beginning)
    assert again in answers
    assert answers <= {200, 201, 204, again}
    return expected


@pytest.mark.parametrize("act", ["acknowledge", "resolve"])
def test_an_act_on_an_alert(api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox, act: str) -> None:
    disturbed(api, dynamodb, sandbox, act_on_alert(api, fired(api, **CLOSING), act))


def test_a_ticket_by_hand_is_made_once_and_whoever_asks_again_is_told_which(
    api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox
) -> None:
    disturbed(api, dynamodb, sandbox, act_on_alert(api, fired(api, **RECORDING), "ticket"), again=409)


def test_a_close(api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox) -> None:
    disturbed(api, dynamodb, sandbox, act_on_ticket(api, fired(api), "close"))


def test_a_reopening(api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox) -> None:
    integration_id = fired(api)
    method, path, _ = act_on_ticket(api, integration_id, "close")
    api.ok(method, path)
    disturbed(api, dynamodb, sandbox, act_on_ticket(api, integration_id, "reopen"))


def test_a_mapping_frees_every_alert_that_waited_for_it_once(
    api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox
) -> None:
    integration_id = fired(api, mapped=False)
    api.hear(integration_id, triggered(1, "b1", device="d2"))
    client = api.new_client("Globex")
    request = ("PUT", f"/integrations/{integration_id}/organizations/o1", {"client_id": client})
    end = disturbed(api, dynamodb, sandbox, request)
    assert not [line for line in end if line[0] == "WAITING"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_window_that_is_switched_off_or_deleted_frees_every_alert_that_it_held_once(
    api: AdminApi, dynamodb: "DynamoDBClient", sandbox: Sandbox, method: str
) -> None:
    window = {"name": "Now", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z"}
    window_id = api.ok("POST", "/maintenance-windows", window)["id"]
    integration_id = fired(api)
    api.hear(integration_id, triggered(1, "b1", device="d2"))
    body = {**window, "active": False} if method == "PUT" else None
    request = (method, f"/maintenance-windows/{window_id}", body)
    end = disturbed(api, dynamodb, sandbox, request, again=404 if method == "DELETE" else 200)
    assert not [line for line in end if line[0] == "DUE"]
    assert len([line for line in end if line[:2] == ("T", "TI")]) == 2
