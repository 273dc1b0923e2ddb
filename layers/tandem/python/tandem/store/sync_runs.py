"""How the device syncs of each integration stand, and their runs (questions 36 and 37).

A lease keeps two runs of one integration from being at work at once; it ends by itself, for a function that dies gives
nothing back. A run goes from state to state, each time on condition that it is still in the state before: messages come
more than once, and a person may cancel it meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.codec import encode_item
from tandem.store.errors import AlreadyDoneError, ConflictError, MovedOnError, translating
from tandem.store.expiry import unless_expired
from tandem.store.listing import Found
from tandem.store.sync_progress import Progress, RunUpdate
from tandem.store.sync_records import (
    ENDED,
    NEXT,
    Retiring,
    RunKind,
    RunState,
    SyncRun,
    SyncState,
    confirm_values,
    last_attribute,
    run_from,
    run_item,
    state_from,
    success_attribute,
    wanted_attribute,
)
from tandem.store.transactions import ConditionsFailedError, transact, update
from tandem.times import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NOBODY_HAS_IT = "attribute_not_exists(lease_run_id)"
_IT_HAS_ENDED = "lease_until < :now"
_IT_IS_MINE = "lease_run_id = :run"


class SyncRuns:
    """Runs and sync states of one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def state(self, integration_id: str) -> SyncState:
        """How its syncs stand; read consistently."""
        return self.states([integration_id])[integration_id]

    def states(self, integration_ids: list[str]) -> dict[str, SyncState]:
        """How the syncs of these integrations stand; read consistently."""
        wanted = map(keys.sync_state_key, integration_ids)
        found = map(state_from, get_items(self._client, self._table, wanted, consistent=True).values())
        return {each: SyncState(each) for each in integration_ids} | {each.integration_id: each for each in found}

    def run(self, integration_id: str, run_id: str, now: datetime) -> SyncRun | None:
        """One run; read consistently."""
        wanted = [keys.sync_run_key(integration_id, run_id)]
        found = get_items(self._client, self._table, wanted, consistent=True)
        return next((unless_expired(item, now, run_from) for item in found.values()), None)

    def runs(self, integration_id: str, after: str | None, limit: int, now: datetime) -> Found[SyncRun]:
        """The integration's runs, newest first, behind the run with the id `after`."""
        low, high = keys.RUN_PREFIX, keys.RUN_PREFIX + (after or "\U0010ffff")
        with translating():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
                ExpressionAttributeValues=encode_item(
                    {":pk": keys.sync_state_key(integration_id)["pk"], ":low": low, ":high": high}
                ),
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit + 2,  # the bound itself, and one more, to know whether there are more
            )
        found = [unless_expired(dict(item), now, run_from) for item in answer["Items"]]
        runs = [run for run in found if run is not None and run.run_id != after]
        return Found(runs[:limit], runs[limit - 1].run_id if len(runs) > limit else None)

    def begin(self, run: SyncRun, now: datetime, until: datetime) -> bool:
        """Take the integration's lease for a new run and write the run, both or none. False while another run has the
        lease. The same run begun again changes nothing. A run of its kind is not wanted any more."""
        put = {"TableName": self._table, "Item": run_item(run), "ConditionExpression": "attribute_not_exists(pk)"}
        lease = self._lease(run, now, until)
        lease["UpdateExpression"] += " REMOVE #wanted"
        lease["ExpressionAttributeNames"] = {"#wanted": wanted_attribute(run.kind)}
        try:
            transact(self._client, [{"Update": lease}, {"Put": put}])
        except ConditionsFailedError as error:
            return 0 not in error.refused
        return True

    def note_wanted(self, integration_id: str, kind: RunKind, by: str) -> None:
        """A run of this kind is to begin when the present run of the integration ends; `by` asked for it."""
        update(
            self._client,
            {
                "TableName": self._table,
                "Key": encode_item(keys.sync_state_key(integration_id)),
                "UpdateExpression": "SET integration_id = :integration, #wanted = :by",
                "ExpressionAttributeNames": {"#wanted": wanted_attribute(kind)},
                "ExpressionAttributeValues": encode_item({":integration": integration_id, ":by": by}),
            },
        )

    def take(self, run: SyncRun, now: datetime, until: datetime) -> bool:
        """Take the lease for a run that is there already, to go on with it, or renew the one that it has. False while
        another run has it."""
        return self._unless_refused(self._lease(run, now, until))

    def give_back(self, run: SyncRun) -> bool:
        """Give the lease back without an end of the run, such as one that waits for a person. False if it is another's
        by now."""
        return self._unless_refused(
            {
                "TableName": self._table,
                "Key": encode_item(keys.sync_state_key(run.integration_id)),
                "UpdateExpression": "REMOVE lease_run_id, lease_until",
                "ConditionExpression": _IT_IS_MINE,
                "ExpressionAttributeValues": encode_item({":run": run.run_id}),
            }
        )

    def heartbeat(self, run: SyncRun, now: datetime) -> SyncRun:
        """The run gives a sign of life, and is given as it is now. Raises MovedOnError if its state is another by
        now."""
        return self._updated(self._update(run).require("state", run.state).set("heartbeat_at", to_text(now)))

    def note_trouble(self, run: SyncRun, sentence: str, now: datetime) -> None:
        """What is being tried again stands in the run until something goes well. Raises MovedOnError as `heartbeat`."""
        change = self._update(run).require("state", run.state).set("heartbeat_at", to_text(now))
        self._updated(change.set("trouble", sentence))

    def advance(self, run: SyncRun, progress: Progress, step: str, now: datetime) -> SyncRun:
        """One step of several within a state was done: its progress is added once, and `step` is the next message,
        whose number is that of the run as it is given back.

        `run`: as it was when the step began, its `step_number` the message's. Raises AlreadyDoneError if the step was
        done before, MovedOnError if the run is in another state.
        """
        change = self._update(run).require("state", run.state).require("step_number", run.step_number)
        change.set("step", step).set("step_number", run.step_number + 1).progress(run, progress, now)
        return self._updated(change)

    def move(
        self,
        run: SyncRun,
        to: RunState,
        now: datetime,
        *,
        step: str | None = None,
        pages_total: int | None = None,
        confirm: tuple[Retiring, ...] = (),
        confirmed_by: str | None = None,
        warnings: tuple[str, ...] = (),
    ) -> SyncRun:
        """The run goes on to another state, and is given as it is then. `step`: the message to be sent now, if it is
        one. `pages_total` begins the count of pages done anew. Raises MovedOnError if it is not in the state of `run`
        any more: then somebody else did that. Raises ValueError for a way that no run goes (NEXT)."""
        if to not in NEXT.get(run.state, ()):
            raise ValueError(f"no run goes from {run.state} to {to}")
        change = self._update(run).require("state", run.state).set("state", to)
        change.set("step_number", run.step_number + 1).progress(run, Progress(warnings=warnings), now)
        change.set("step", step)
        if run.started_at is None:
            change.set("started_at", to_text(now))
        if pages_total is not None:
            change.set("pages_total", pages_total).set("pages_done", 0)
        if confirm:
            change.set("confirm", confirm_values(confirm))
        if confirmed_by is not None:
            change.set("confirmed_by", confirmed_by)
        return self._updated(change)

    def request_cancel(self, run: SyncRun) -> SyncRun:
        """Ask the run's steps to stop. Raises MovedOnError if it has ended."""
        return self._updated(self._update(run).require("state", *NEXT).set("cancel_requested", True))

    def finish(self, run: SyncRun, state: RunState, now: datetime, error: str | None = None) -> bool:
        """End the run, give its lease back, and note in the integration's state what came of it. `error`: a sentence,
        of one that failed. False, and nothing is written, if it has ended before. Raises ConflictError if the lease
        changes hands right now."""
        if state not in ENDED:
            raise ValueError(f"{state} is no end")
        of_run = self._update(run).require("state", *NEXT)
        of_run.set("state", state).set("finished_at", to_text(now)).set("error", error).set("step", None)
        of_run.set("trouble", None)
        for condition in (_IT_IS_MINE, f"{_NOBODY_HAS_IT} OR lease_run_id <> :run"):
            # Whose the lease is decides whether it is removed, and an update knows no `if`.
            of_state = self._outcome(run, state, now, error, releases=condition == _IT_IS_MINE)
            of_state["ConditionExpression"] = condition
            try:
                transact(self._client, [{"Update": of_run.request()}, {"Update": of_state}])
            except ConditionsFailedError as refusal:
                if 0 in refusal.refused:
                    return False
            else:
                return True
        raise ConflictError("the lease changes hands")

    def forget(self, integration_id: str) -> None:
        """How the syncs of an integration that is gone stood. Its runs expire."""
        with translating():
            self._client.delete_item(TableName=self._table, Key=encode_item(keys.sync_state_key(integration_id)))

    def _outcome(
        self, run: SyncRun, state: RunState, now: datetime, error: str | None, *, releases: bool
    ) -> dict[str, Any]:
        at = to_text(now)
        sets = ["integration_id = :integration", "#last = :last"]
        names = {"#last": last_attribute(run.kind)}
        values: dict[str, Any] = {
            ":integration": run.integration_id,
            ":run": run.run_id,
            ":last": {"run_id": run.run_id, "state": state, "finished_at": at},
        }
        removes = ["lease_run_id", "lease_until"] if releases else []
        add = ""
        if state == "succeeded":
            sets += ["#success = :at", "consecutive_failures = :zero"]
            names["#success"] = success_attribute(run.kind)
            values |= {":at": at, ":zero": 0}
            removes.append("last_error")
        elif state == "failed":
            sets.append("last_error = :error")
            values |= {":error": error or "The sync failed.", ":one": 1}
            add = " ADD consecutive_failures :one"
        remove = f" REMOVE {', '.join(removes)}" if removes else ""
        return {
            "TableName": self._table,
            "Key": encode_item(keys.sync_state_key(run.integration_id)),
            "UpdateExpression": f"SET {', '.join(sets)}{add}{remove}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": encode_item(values),
        }

    def _lease(self, run: SyncRun, now: datetime, until: datetime) -> dict[str, Any]:
        values = {
            ":run": run.run_id,
            ":until": to_text(until),
            ":integration": run.integration_id,
            ":now": to_text(now),
        }
        return {
            "TableName": self._table,
            "Key": encode_item(keys.sync_state_key(run.integration_id)),
            "UpdateExpression": "SET lease_run_id = :run, lease_until = :until, integration_id = :integration",
            "ConditionExpression": f"{_NOBODY_HAS_IT} OR {_IT_HAS_ENDED} OR {_IT_IS_MINE}",
            "ExpressionAttributeValues": encode_item(values),
        }

    def _unless_refused(self, request: Mapping[str, Any]) -> bool:
        try:
            update(self._client, request)
        except ConditionsFailedError:
            return False
        return True

    def _update(self, run: SyncRun) -> RunUpdate:
        return RunUpdate(self._table, run.integration_id, run.run_id)

    def _updated(self, change: RunUpdate) -> SyncRun:
        try:
            return run_from(update(self._client, change.request()))
        except ConditionsFailedError as error:
            there = error.refused[0]
            if there and change.wants_state(run_from(there).state):
                raise AlreadyDoneError("this step was done before") from error
            raise MovedOnError("the run is not in the step's state any more") from error
