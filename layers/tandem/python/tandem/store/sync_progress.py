"""What a step adds to the record of its run, as one update: alone, or in one transaction with what the step wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tandem.assets.pages import Failure, PageDecision
from tandem.store import keys
from tandem.store.codec import encode, encode_item
from tandem.store.sync_records import (
    COUNTERS,
    MOST_FAILURES,
    RunState,
    SyncRun,
    failure_values,
    skipped_attribute,
)
from tandem.times import to_text

MOST_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step did; the fields are those of SyncRun. `failures` may be more than a run keeps."""

    pages_listed: int = 0
    rows_seen: int = 0
    pages_done: int = 0
    listed: int = 0
    created: int = 0
    linked: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed_devices: int = 0
    failures: tuple[Failure, ...] = ()
    missing: int = 0
    returned: int = 0
    retired: int = 0
    warnings: tuple[str, ...] = ()


def progress_of(decision: PageDecision) -> Progress:
    """What a decision about a page of the fleet adds."""
    counts = decision.counts
    return Progress(
        listed=counts.listed,
        created=counts.created,
        linked=counts.linked,
        updated=counts.updated,
        unchanged=counts.unchanged,
        skipped=counts.skipped,
        failed_devices=counts.failed,
        failures=decision.failures,
        missing=counts.missing,
        returned=counts.returned,
        retired=counts.retired,
    )


class RunUpdate:
    """An update of a run's item that is put together part by part: `set`, `add`, `append`, `require`."""

    def __init__(self, table: str, integration_id: str, run_id: str) -> None:
        self._table = table
        self._key = keys.sync_run_key(integration_id, run_id)
        self._sets: list[str] = []
        self._adds: list[str] = []
        self._removes: list[str] = []
        self._conditions: list[str] = []
        self._states: tuple[RunState, ...] = ()
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def set(self, name: str, value: Any) -> "RunUpdate":
        """The attribute is this; None removes it."""
        if value is None:
            self._removes.append(self._name(name))
        else:
            self._sets.append(f"{self._name(name)} = {self._value(value)}")
        return self

    def add(self, name: str, number: int) -> "RunUpdate":
        """The counter grows by this; nothing happens for 0."""
        if number:
            self._adds.append(f"{self._name(name)} {self._value(number)}")
        return self

    def append(self, name: str, values: list[Any]) -> "RunUpdate":
        """The list goes on with these."""
        if values:
            attribute = self._name(name)
            nothing = self._value([])
            self._sets.append(
                f"{attribute} = list_append(if_not_exists({attribute}, {nothing}), {self._value(values)})"
            )
        return self

    def require(self, name: str, *values: Any) -> "RunUpdate":
        """Nothing is written unless the attribute is one of these."""
        if name == "state":
            self._states = values
        self._conditions.append(f"{self._name(name)} IN ({', '.join(map(self._value, values))})")
        return self

    def wants_state(self, state: RunState) -> bool:
        """The update is required to find the run in this state, or one of several such."""
        return state in self._states

    def progress(self, run: SyncRun, progress: Progress, now: datetime) -> "RunUpdate":
        """All that a step did. Only the first failures are kept; `run` may be a few pages old, so some more are."""
        for name in COUNTERS:
            self.add(name, getattr(progress, name))
        for reason, count in progress.skipped.items():
            self.add(skipped_attribute(reason), count)
        room = max(0, MOST_FAILURES - len(run.failures))
        self.append("failures", [failure_values(each) for each in progress.failures[:room]])
        room = max(0, MOST_WARNINGS - len(run.warnings))
        self.append("warnings", [each for each in progress.warnings if each not in run.warnings][:room])
        return self.set("heartbeat_at", to_text(now)).set("trouble", None)

    def request(self) -> dict[str, Any]:
        """The arguments of UpdateItem, or an action of a transaction. What was there comes with a refusal."""
        clauses = [
            f"{verb} {', '.join(parts)}"
            for verb, parts in (("SET", self._sets), ("ADD", self._adds), ("REMOVE", self._removes))
            if parts
        ]
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": encode_item(self._key),
            "UpdateExpression": " ".join(clauses),
            "ExpressionAttributeNames": dict(self._names),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if self._conditions:
            request["ConditionExpression"] = " AND ".join(self._conditions)
        if self._values:
            request["ExpressionAttributeValues"] = dict(self._values)
        return request

    def _name(self, name: str) -> str:
        return self._placeholder("#", name, self._names)

    def _value(self, value: Any) -> str:
        place = f":v{len(self._values)}"
        self._values[place] = encode(value)
        return place

    def _placeholder(self, mark: str, name: str, taken: dict[str, str]) -> str:
        for place, each in taken.items():
            if each == name:
                return place
        place = f"{mark}n{len(taken)}"
        taken[place] = name
        return place


def progress_update(table: str, run: SyncRun, progress: Progress, now: datetime, state: RunState) -> dict[str, Any]:
    """The update that adds a step's progress, on condition that the run is in this state."""
    update = RunUpdate(table, run.integration_id, run.run_id).require("state", state)
    return update.progress(run, progress, now).request()
