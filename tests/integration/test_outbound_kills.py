"""A dispatcher or resetter that is killed between any two calls, and its message delivered again to another one: every
alert is reset, and once in effect. The RMM and the queues are calls too."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.alerts.models import AlertStatus
from tandem.alerts.outbound import ResetState
from tandem.connections.errors import Rejected
from tests.emulator import EmulatedAws, create_table
from tests.integration.deployment import of_kind
from tests.integration.kills import Sandbox, moments
from tests.integration.resetting import Tenant
from tests.unit.alerts.world import triggered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

MINUTE = timedelta(minutes=1)


class Doors:
    """Stands in for a client's events, so that a sandbox watches calls that are none of AWS's."""

    def __init__(self) -> None:
        self._watched: dict[str, Callable[..., None]] = {}

    def register(self, name: str, watch: Callable[..., None]) -> None:
        self._watched[name] = watch

    def around(self, call: Callable[[], Any]) -> Any:
        self._watched["before-call"]()
        try:
            return call()
        finally:
            self._watched["after-call"]()


class Doomed:
    """A tenant of its own with two closed tickets, and workers on it that may be killed."""

    def __init__(
        self, dynamodb: "DynamoDBClient", aws: EmulatedAws, sandbox: Sandbox, name: str, status: str = "connected"
    ) -> None:
        self.tenant = Tenant(dynamodb, create_table(dynamodb, name), status=status)
        self.tenant.hear(*(triggered(0, each, device=each) for each in ("a1", "a2")))
        self.tenant.now += MINUTE
        self.closed = [self.tenant.close(ticket) for ticket in self.tenant.tickets()]
        watched, doors = aws.client("dynamodb"), Doors()
        sandbox.attach(watched.meta.events)
        sandbox.attach(doors)
        self.tenant.around = doors.around
        self.dispatcher, self.resetter = self.tenant.dispatcher(watched), self.tenant.resetter(watched)

    def dispatch(self) -> None:
        self.tenant.dispatch(*self.closed, dispatcher=self.dispatcher)

    def reset(self) -> None:
        self.tenant.work(self.resetter)

    def delivered_again(self) -> None:
        """What the queues do when nobody answered: after a while, or before it, and in any case more than once."""
        tenant = self.tenant
        tenant.around = lambda call: call()
        tenant.process()
        for _ in range(2):
            tenant.now += 7 * MINUTE
            tenant.dispatch(*self.closed)
            tenant.work_until_done(tenant.now + timedelta(days=1))

    def assert_all_is_reset_once(self) -> None:
        tenant = self.tenant
        assert sorted(tenant.rmm.effects) == ["a1", "a2"]
        self.assert_all_is_over(ResetState.DONE)

    def assert_all_is_over(self, state: ResetState) -> None:
        tenant = self.tenant
        for name in ("a1", "a2"):
            assert (tenant.wish(name).state, tenant.alert(name).status) == (state, AlertStatus.RESOLVED)
        assert len(of_kind(tenant.client, tenant.table, "C#")) == 4, "one comment each of the opening and the reset"


def every_death(
    prepare: Callable[[str], Doomed], work: Callable[[Doomed], None], sandbox: Sandbox, name: str
) -> "list[Doomed]":
    """The tenant after each death, and after its message came again."""
    undisturbed = prepare(name)
    calls = sandbox.count(lambda: work(undisturbed))
    assert calls > 5
    left = []
    for number, (call, moment) in enumerate(moments(calls)):
        doomed = prepare(f"{name}-{number}")
        sandbox.kill(lambda doomed=doomed: work(doomed), call, moment)  # type: ignore[misc]  # mypy knows no default
        doomed.delivered_again()
        left.append(doomed)
    return left


def test_a_killed_dispatcher_loses_no_alert_and_doubles_no_reset(
    dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws
) -> None:
    sandbox = Sandbox()

    def prepare(name: str) -> Doomed:
        return Doomed(dynamodb, emulated_aws, sandbox, name)

    for doomed in every_death(prepare, Doomed.dispatch, sandbox, "outbound-kills-dispatch"):
        doomed.assert_all_is_reset_once()
        assert sorted(doomed.tenant.rmm.resets) == ["a1", "a2"]


def test_a_killed_dispatcher_of_a_tenant_without_connection_resolves_all(
    dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws
) -> None:
    sandbox = Sandbox()

    def prepare(name: str) -> Doomed:
        return Doomed(dynamodb, emulated_aws, sandbox, name, status="webhook_only")

    for doomed in every_death(prepare, Doomed.dispatch, sandbox, "outbound-kills-local"):
        doomed.assert_all_is_over(ResetState.NOT_CONNECTED)


def test_a_killed_resetter_loses_no_alert_and_doubles_no_reset(
    dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws
) -> None:
    sandbox = Sandbox()

    def prepare(name: str) -> Doomed:
        doomed = Doomed(dynamodb, emulated_aws, sandbox, name)
        doomed.tenant.dispatch(*doomed.closed)
        return doomed

    for doomed in every_death(prepare, Doomed.reset, sandbox, "outbound-kills-reset"):
        doomed.assert_all_is_reset_once()
        assert len(doomed.tenant.rmm.resets) <= 3, "asked again at most for the one at which it died"


def test_a_killed_resetter_parks_what_the_rmm_refuses(dynamodb: "DynamoDBClient", emulated_aws: EmulatedAws) -> None:
    sandbox = Sandbox()

    def prepare(name: str) -> Doomed:
        doomed = Doomed(dynamodb, emulated_aws, sandbox, name)
        doomed.tenant.rmm.faults["a1"] = Rejected("Tactical RMM did not do what it was asked to (HTTP 400).")
        doomed.tenant.dispatch(*doomed.closed)
        return doomed

    for doomed in every_death(prepare, Doomed.reset, sandbox, "outbound-kills-refused"):
        tenant = doomed.tenant
        assert (tenant.wish("a1").state, tenant.wish("a2").state) == (ResetState.FAILED, ResetState.DONE)
        # Two letters of it where the close came again between the letter and the note of it; one replay will do.
        assert len({each["payload"] for each in tenant.dead_letters()}) == 1
        assert tenant.rmm.effects == ["a2"]
