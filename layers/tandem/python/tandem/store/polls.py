"""How the polling of each integration stands, and the runs that people asked for (questions 25 and 26).

The state is an item of its own: it changes with each poll, and the integration's configuration, which every function
caches, does not. A lease on it keeps two polls of one integration from running at once; it ends by itself, for a
function that dies gives nothing back.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from tandem.store import keys
from tandem.store.codec import Item, decode_item, encode_item
from tandem.store.errors import ConflictError, translating
from tandem.store.expiry import unless_expired
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STATE_KEPT = timedelta(days=90)
RUN_KEPT = timedelta(days=30)

RunKind = Literal["poll", "alerts"]
RunState = Literal["queued", "running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class PollState:
    """What came of the polls of one integration so far.

    `last_polled_at`: when the last one began, whatever came of it; `last_success_at`: the last that went well.
    `last_error`: a sentence for the admin, None when the last one went well; `warning`: it did, but for this.
    `listed`, ...: of the last one that went well; `unreadable_alerts`: the first of those rows, and why. `listings`:
    the keys of the complete listings that count, newest first. `devices_sought_at`: when the RMM's devices were listed
    last.
    """

    integration_id: str
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    warning: str | None = None
    consecutive_failures: int = 0
    listed: int = 0
    unreadable: int = 0
    unreadable_alerts: tuple[str, ...] = ()
    fired: int = 0
    cleared: int = 0
    held_back: int = 0
    listings: tuple[str, ...] = ()
    devices_sought_at: datetime | None = None

    def failures_since(self, connected_at: datetime | None) -> int:
        """Failed polls in a row with the credentials that were given then: what others came to says nothing of them."""
        is_before = connected_at is not None and self.last_polled_at is not None and self.last_polled_at < connected_at
        return 0 if is_before else self.consecutive_failures


@dataclass(frozen=True, slots=True)
class Run:
    """A poll or an import of alerts that a person asked for. `error`: a sentence, of one that failed. `days`: how far
    back an import goes. `history`: ended alerts that it took over."""

    run_id: str
    integration_id: str
    kind: RunKind
    state: RunState
    requested_at: datetime
    requested_by: str
    days: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    listed: int = 0
    unreadable: int = 0
    unreadable_alerts: tuple[str, ...] = ()
    fired: int = 0
    cleared: int = 0
    history: int = 0


class Polls:
    """Poll states and runs of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def state(self, integration_id: str, now: datetime) -> PollState:
        """How its polling stands; read consistently."""
        item = self._item(keys.poll_key(integration_id))
        found = unless_expired(item, now, _state_from) if item is not None else None
        return found or PollState(integration_id)

    def begin(self, integration_id: str, lease_id: str, now: datetime, until: datetime) -> PollState | None:
        """Take the lease until then and give the state; None while another poll has it."""
        nobody_has_it = "attribute_not_exists(lease_until)"
        it_has_ended = "lease_until < :now"
        try:
            with translating():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=encode_item(keys.poll_key(integration_id)),
                    UpdateExpression="SET lease_id = :lease_id, lease_until = :until, integration_id = :integration_id",
                    ConditionExpression=f"{nobody_has_it} OR {it_has_ended}",
                    ExpressionAttributeValues=encode_item(
                        {
                            ":lease_id": lease_id,
                            ":now": to_text(now),
                            ":until": to_text(until),
                            ":integration_id": integration_id,
                        }
                    ),
                    ReturnValues="ALL_NEW",
                )
        except ConflictError:
            return None
        return _state_from(answer["Attributes"])

    def end(self, state: PollState, lease_id: str, now: datetime) -> None:
        """Write what came of the poll and give the lease back. Raises ConflictError if the lease is another's by now:
        then that poll's word counts."""
        item = {
            **keys.poll_key(state.integration_id),
            **_values(state),
            "expires_at": int((now + STATE_KEPT).timestamp()),
        }
        with translating():
            self._client.put_item(
                TableName=self._table,
                Item=encode_item(item),
                ConditionExpression="lease_id = :lease_id",
                ExpressionAttributeValues=encode_item({":lease_id": lease_id}),
            )

    def put_run(self, run: Run, now: datetime) -> None:
        """Write how the run stands."""
        expires_at = int((now + RUN_KEPT).timestamp())
        key = keys.poll_run_key(run.integration_id, run.run_id)
        with translating():
            self._client.put_item(
                TableName=self._table, Item=encode_item({**key, **_values(run), "expires_at": expires_at})
            )

    def run(self, integration_id: str, run_id: str, now: datetime) -> Run | None:
        """One run."""
        item = self._item(keys.poll_run_key(integration_id, run_id))
        return unless_expired(item, now, _run_from) if item is not None else None

    def runs(self, integration_id: str, now: datetime) -> list[Run]:
        """The runs that people asked for in the last 30 days, in no order."""
        partition = keys.poll_key(integration_id)["pk"]
        request: dict[str, Any] = {}
        found: list[Run] = []
        while True:
            with translating():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :run)",
                    ExpressionAttributeValues=encode_item({":pk": partition, ":run": keys.RUN_PREFIX}),
                    ConsistentRead=True,
                    **request,
                )
            runs = (unless_expired(dict(item), now, _run_from) for item in answer["Items"])
            found += [run for run in runs if run is not None]
            if "LastEvaluatedKey" not in answer:
                return found
            request = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _item(self, key: keys.Key) -> Item | None:
        with translating():
            answer = self._client.get_item(TableName=self._table, Key=encode_item(key), ConsistentRead=True)
        return answer.get("Item")  # type: ignore[return-value]  # boto3's stubs know more kinds of values


def _values(record: PollState | Run) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {name: to_text(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _state_from(item: Any) -> PollState:
    return PollState(**_known(PollState, item))


def _run_from(item: Any) -> Run:
    return Run(**_known(Run, item))


def _known(record: type, item: Any) -> dict[str, Any]:
    """What the record has a field for, times as times."""
    values = decode_item(item)
    return {each.name: _plain(each.name, values[each.name]) for each in fields(record) if each.name in values}


def _plain(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return from_text(value)
    return tuple(value) if isinstance(value, list) else value
