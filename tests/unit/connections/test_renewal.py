"""Renewing tokens when things go slowly or wrong: a lock that ended, a secret that shows late or takes nothing, a
refresh token that somebody else has spent. Time is a clock that jumps."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tandem.connections.credentials import Credentials, Kept, Kind
from tandem.connections.errors import NotConnected, Refused, TimeIsUp, Unreachable
from tandem.connections.limits import Deadline
from tandem.connections.renewal import KEEPING_SECONDS, TURN_SECONDS, Renewal, Tokens
from tandem.store.errors import BusyError
from tandem.store.token_locks import LOCKED_SECONDS
from tests.unit.connections.world import World, json

APP = Credentials(Kind.AUTHORIZATION_CODE, {"client_id": "app", "client_secret": "a-client-secret"})
ADDRESS = "https://eu.ninjarmm.com"


class Secrets:
    """Shows what was written after `lag` seconds, and takes nothing while `failures` are left."""

    def __init__(self, world: World) -> None:
        self.lag = 0.0
        self.failures: list[Exception] = []
        self.tries = 0
        self._world = world
        self._written: list[tuple[float, dict[str, Any]]] = []

    def read_all(self, integration_id: str) -> dict[str, Any]:
        shown = [values for at, values in self._written if at + self.lag <= self._world.seconds]
        return dict(shown[-1]) if shown else {}

    def keep_all(self, integration_id: str, values: Mapping[str, Any]) -> None:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self._written.append((self._world.seconds, dict(values)))

    @property
    def newest(self) -> dict[str, Any]:
        return self._written[-1][1]


class Locks:
    """One lock that ends, as the table's do. `silent`: extending gets no answer."""

    def __init__(self, world: World) -> None:
        self.silent = False
        self.renewals = 0
        self._world = world
        self._held: tuple[str, float] | None = None

    def take(self, integration_id: str, owner: str) -> int | None:
        if self._held is not None and self._world.seconds <= self._held[1]:
            return None
        self._held = (owner, self._world.seconds + LOCKED_SECONDS)
        return self.renewals

    def extend(self, integration_id: str, owner: str) -> bool:
        if self.silent:
            raise BusyError("no answer from the table")
        if self._held is None or self._held[0] != owner:
            return False
        self._held = (owner, self._world.seconds + LOCKED_SECONDS)
        return True

    def release(self, integration_id: str, owner: str, renewals: int) -> None:
        if self._held is not None and self._held[0] == owner:
            self._held, self.renewals = None, renewals

    def remove(self, integration_id: str) -> None:
        self._held, self.renewals = None, 0


class Tenant:
    """An integration with the tokens t0."""

    def __init__(self) -> None:
        self.world = World(json({}))
        self.secrets, self.locks = Secrets(self.world), Locks(self.world)
        self.renewal = self.function()
        self.secrets.keep_all("i1", Kept(APP, ADDRESS, {"token": "t0", "renewals": 0}).as_values())
        self.secrets.tries = 0

    def function(self) -> Renewal:
        """Another function of the tenant's."""
        return Renewal(self.secrets, self.locks, self.world.around)

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, self.world.around.clock)

    def renew(
        self, stale: str, fetch: Callable[[Kept, Deadline], Tokens], seconds: float = 600, address: str = ADDRESS
    ) -> Tokens:
        def is_good(tokens: Tokens) -> bool:
            return bool(tokens["token"] != stale)

        return self.function().renew("i1", address, is_good, fetch, self.deadline(seconds), "Acme RMM")

    @property
    def token(self) -> str:
        """The one that is kept."""
        return str(self.secrets.newest["tokens"]["token"])


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def gives(token: str) -> Callable[[Kept, Deadline], Tokens]:
    return lambda _kept, _deadline: {"token": token}


def refused(code: str, status: int = 400) -> ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata}, "PutSecretValue")


def test_a_turn_with_all_that_belongs_to_it_is_shorter_than_the_lock() -> None:
    assert TURN_SECONDS + KEEPING_SECONDS < LOCKED_SECONDS


@pytest.mark.parametrize(("seconds", "given"), [(600, TURN_SECONDS), (9, 9)])
def test_a_vendor_is_given_less_time_than_the_lock_lasts_however_much_the_work_has(
    tenant: Tenant, seconds: float, given: float
) -> None:
    times: list[float] = []

    def fetch(_: Kept, deadline: Deadline) -> Tokens:
        times.append(deadline.remaining())
        return {"token": "t1"}

    assert tenant.renew("t0", fetch, seconds)["token"] == "t1"
    assert times == [given]


def test_who_lost_the_lock_leaves_newer_tokens_alone_and_uses_them(tenant: Tenant) -> None:
    def slow(_: Kept, __: Deadline) -> Tokens:
        tenant.world.sleep(LOCKED_SECONDS + 1)
        assert tenant.renew("t0", gives("newer"))["token"] == "newer"
        return {"token": "older"}

    assert tenant.renew("t0", slow)["token"] == "newer"
    assert tenant.token == "newer"


def test_who_lost_the_lock_to_one_that_got_nothing_keeps_what_it_has_and_spends_no_token_twice(tenant: Tenant) -> None:
    spent: list[str] = []

    def refuses(kept: Kept, _: Deadline) -> Tokens:
        raise Refused("The refresh token was used already.")

    def slow(kept: Kept, _: Deadline) -> Tokens:
        spent.append((kept.tokens or {})["token"])
        tenant.world.sleep(LOCKED_SECONDS + 1)
        with pytest.raises(Refused):
            tenant.renew("t0", refuses)
        return {"token": "t1"}

    assert tenant.renew("t0", slow)["token"] == "t1"
    assert (tenant.token, spent) == ("t1", ["t0"])


def test_a_refusal_counts_for_nothing_if_somebody_else_has_put_newer_tokens_there(tenant: Tenant) -> None:
    def too_late(kept: Kept, _: Deadline) -> Tokens:
        tenant.secrets.keep_all("i1", kept.with_tokens({"token": "newer"}, 1).as_values())
        raise Refused("The refresh token was used already.")

    assert tenant.renew("t0", too_late)["token"] == "newer"


def test_a_refusal_of_what_is_kept_still_is_one(tenant: Tenant) -> None:
    def fetch(_: Kept, __: Deadline) -> Tokens:
        raise Refused("Connect NinjaOne again.")

    with pytest.raises(Refused, match="Connect NinjaOne again"):
        tenant.renew("t0", fetch)
    assert tenant.token == "t0"
    assert tenant.renew("t0", gives("t1"))["token"] == "t1", "the lock was given back"


def test_new_tokens_are_kept_even_if_the_table_does_not_say_whose_turn_it_is(tenant: Tenant) -> None:
    tenant.locks.silent = True
    tenant.renew("t0", gives("t1"))
    assert tenant.token == "t1"


BUSY = [
    refused("ThrottlingException"),
    refused("InternalServiceError", 500),
    refused("ServiceUnavailable", 503),
    ReadTimeoutError(endpoint_url="https://secretsmanager.example"),
]


@pytest.mark.parametrize("seconds", [600, 1])
def test_new_tokens_are_offered_again_to_a_secret_store_that_is_busy_whatever_time_is_left(
    tenant: Tenant, seconds: float
) -> None:
    tenant.secrets.failures = list(BUSY)
    assert tenant.renew("t0", gives("t1"), seconds)["token"] == "t1"
    assert (tenant.token, tenant.secrets.tries) == ("t1", len(BUSY) + 1)


def test_a_secret_store_that_stays_busy_is_given_up_before_the_lock_ends(tenant: Tenant) -> None:
    tenant.secrets.failures = [refused("ThrottlingException")] * 1000
    with pytest.raises(Unreachable, match="ThrottlingException"):
        tenant.renew("t0", gives("t1"))
    assert KEEPING_SECONDS / 2 < tenant.world.seconds <= KEEPING_SECONDS


def test_what_no_repetition_mends_is_told_at_once(tenant: Tenant) -> None:
    tenant.secrets.failures = [refused("AccessDeniedException")]
    with pytest.raises(Unreachable, match="AccessDenied"):
        tenant.renew("t0", gives("t1"))
    assert tenant.secrets.tries == 1


def test_nothing_is_renewed_to_be_sent_elsewhere(tenant: Tenant) -> None:
    for stale in ("t0", "another"):
        with pytest.raises(NotConnected, match="connect the integration again"):
            tenant.renew(stale, gives("t1"), address="https://elsewhere.example")
    assert tenant.secrets.tries == 0


def test_a_secret_of_before_addresses_were_kept_gets_one_with_its_next_tokens(tenant: Tenant) -> None:
    tenant.secrets.keep_all("i1", Kept(APP, None, {"token": "t0", "renewals": 0}).as_values())
    tenant.renew("t0", gives("t1"))
    assert tenant.secrets.newest["address"] == ADDRESS


# ---- changes


def test_a_change_is_made_of_the_newest_tokens_though_the_secret_shows_late(tenant: Tenant) -> None:
    tenant.renew("t0", gives("t1"))
    tenant.secrets.lag = 3.0
    tenant.world.seconds += 3.0
    tenant.renew("t1", gives("t2"))
    tenant.renewal.change(
        "i1", lambda kept: Kept(kept.credentials, kept.address, kept.tokens, state_key="k"), _long(tenant)
    )
    assert (tenant.token, tenant.secrets.newest["state_key"]) == ("t2", "k")


def test_a_change_gives_up_rather_than_write_old_tokens_over_newer_ones(tenant: Tenant) -> None:
    tenant.locks.renewals = 7
    with pytest.raises(TimeIsUp):
        tenant.renewal.change("i1", lambda kept: kept.at("https://elsewhere.example"), tenant.deadline(5))
    assert tenant.secrets.tries == 0


def test_other_credentials_do_not_wait_for_ever_for_tokens_that_were_lost(tenant: Tenant) -> None:
    tenant.locks.renewals = 7
    key = Credentials(Kind.API_KEY, {"api_key": "another-api-key"})
    tenant.renewal.change("i1", lambda _: Kept(key, ADDRESS), tenant.deadline(5))
    assert tenant.renewal.read("i1").credentials == key
    assert tenant.renewal.read("i1").renewals == 8


def test_who_lost_the_lock_changes_what_is_there_by_then(tenant: Tenant) -> None:
    seen: list[str] = []

    def change(kept: Kept) -> Kept:
        seen.append((kept.tokens or {})["token"])
        if len(seen) == 1:
            tenant.world.sleep(LOCKED_SECONDS + 1)
            tenant.renew("t0", gives("t1"))
        return Kept(kept.credentials, kept.address, kept.tokens, state_key="k")

    tenant.renewal.change("i1", change, _long(tenant))
    assert seen == ["t0", "t1"]
    assert (tenant.token, tenant.secrets.newest["state_key"]) == ("t1", "k")


def test_a_change_that_changes_nothing_writes_nothing_and_else_what_was_before_is_given(tenant: Tenant) -> None:
    assert tenant.renewal.change("i1", lambda _: None, tenant.deadline(5)) is None
    assert tenant.secrets.tries == 0
    before = tenant.renewal.read("i1")
    assert tenant.renewal.change("i1", lambda _: Kept(), tenant.deadline(5)) == before


def _long(tenant: Tenant) -> Deadline:
    return tenant.deadline(600)
