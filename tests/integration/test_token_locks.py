"""Taking turns at renewing tokens, in the real table of the emulator."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tandem.store.token_locks import LOCKED_SECONDS, TokenLocks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def locks(dynamodb: "DynamoDBClient", table_name: str, clock: Clock) -> TokenLocks:
    return TokenLocks(dynamodb, table_name, clock)


def test_one_of_ten_has_its_turn(locks: TokenLocks) -> None:
    with ThreadPoolExecutor(10) as pool:
        turns = list(pool.map(lambda number: locks.take("i1", f"owner-{number}"), range(10)))

    assert sorted(turns, key=str) == [0, *[None] * 9]


def test_the_next_is_told_how_many_renewals_there_were(locks: TokenLocks) -> None:
    assert locks.take("i1", "first") == 0
    locks.release("i1", "first", 1)
    assert locks.take("i1", "second") == 1
    assert locks.take("i2", "third") == 0, "each integration has its own"


def test_who_still_has_the_lock_has_it_for_its_whole_time_anew(locks: TokenLocks, clock: Clock) -> None:
    assert locks.take("i1", "slow") == 0
    clock.now += timedelta(seconds=LOCKED_SECONDS - 1)
    assert locks.extend("i1", "slow")
    clock.now += timedelta(seconds=LOCKED_SECONDS)
    assert locks.take("i1", "early") is None
    clock.now += timedelta(seconds=1)
    assert locks.extend("i1", "slow"), "nobody has taken it over"
    clock.now += timedelta(seconds=LOCKED_SECONDS + 1)
    assert locks.take("i1", "heir") == 0
    assert not locks.extend("i1", "slow")
    locks.release("i1", "heir", 1)
    assert not locks.extend("i1", "heir")


def test_with_the_integration_goes_its_lock(locks: TokenLocks, dynamodb: "DynamoDBClient", table_name: str) -> None:
    locks.take("i1", "owner")
    locks.remove("i1")
    locks.remove("i1")
    locks.release("i1", "owner", 3)
    assert dynamodb.scan(TableName=table_name)["Items"] == []


def test_a_lock_whose_owner_died_is_taken_over_and_what_the_dead_say_then_counts_for_nothing(
    locks: TokenLocks, clock: Clock
) -> None:
    assert locks.take("i1", "dead") == 0
    clock.now = START + timedelta(seconds=LOCKED_SECONDS)
    assert locks.take("i1", "early") is None
    clock.now += timedelta(seconds=1)
    assert locks.take("i1", "heir") == 0
    locks.release("i1", "dead", 7)
    assert locks.take("i1", "early") is None
    locks.release("i1", "heir", 1)
    assert locks.take("i1", "early") == 1
