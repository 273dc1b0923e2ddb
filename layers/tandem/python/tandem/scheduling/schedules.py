"""When something is done for each integration: one EventBridge Scheduler schedule each, in the stack's own group.

The schedule's flexible window is its jitter: Scheduler chooses a moment within it, so that integrations that were
connected together do not have their turns together.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem.scheduling.errors import SchedulesUnavailableError as SchedulesUnavailableError

POLLS = "poll-"
SYNCS = "sync-"
"""How the schedules of polls and of device syncs are called, before the integration's id."""

_RATE = re.compile(r"rate\((\d+) minutes?\)")
_WINDOW_SHARE = 3
"""The flexible window is a third of the interval."""


class Schedules(Protocol):
    """The schedules of one kind. Every method raises SchedulesUnavailableError."""

    def put(self, integration_id: str, interval_minutes: int) -> None:
        """Have the integration's turn come so often from now on."""
        ...

    def remove(self, integration_id: str) -> None:
        """Have it come no more; nothing happens if it does not."""
        ...

    def intervals(self) -> Mapping[str, int | None]:
        """By integration, the minutes between two turns; None for a schedule that says something else."""
        ...


class EventBridgeSchedules:
    """The schedules of one group whose names begin with `prefix`. They invoke `function` with
    `{"integration_id": ...}`, in the role `role`. `client` makes the AWS client at the first use."""

    def __init__(self, client: Callable[[], Any], *, group: str, function: str, role: str, prefix: str) -> None:
        self._client = client
        self._group = group
        self._function = function
        self._role = role
        self._prefix = prefix

    def put(self, integration_id: str, interval_minutes: int) -> None:
        """Make the schedule, or change it. Raises SchedulesUnavailableError."""
        wanted = self._wanted(integration_id, interval_minutes)
        try:
            try:
                self._client().create_schedule(**wanted)
            except ClientError as error:
                if _code(error) != "ConflictException":
                    raise
                self._client().update_schedule(**wanted)
        except (BotoCoreError, ClientError) as error:
            raise _unavailable("made", error) from error

    def remove(self, integration_id: str) -> None:
        """Remove the schedule, if there is one. Raises SchedulesUnavailableError."""
        try:
            self._client().delete_schedule(GroupName=self._group, Name=self._prefix + integration_id)
        except (BotoCoreError, ClientError) as error:
            if _code(error) != "ResourceNotFoundException":
                raise _unavailable("removed", error) from error

    def intervals(self) -> dict[str, int | None]:
        """By integration, the minutes between two turns. Raises SchedulesUnavailableError."""
        found: dict[str, int | None] = {}
        try:
            pages = (
                self._client().get_paginator("list_schedules").paginate(GroupName=self._group, NamePrefix=self._prefix)
            )
            for name in [each["Name"] for page in pages for each in page["Schedules"]]:
                # The list does not say how often.
                schedule = self._client().get_schedule(GroupName=self._group, Name=name)
                found[name.removeprefix(self._prefix)] = self._interval(schedule)
        except (BotoCoreError, ClientError) as error:
            raise _unavailable("read", error) from error
        return found

    def _interval(self, schedule: Mapping[str, Any]) -> int | None:
        """None if anything of it is not as `put` makes it: it is made anew then."""
        rate = _RATE.fullmatch(schedule["ScheduleExpression"])
        target = schedule["Target"]
        is_ours = (target["Arn"], target["RoleArn"]) == (self._function, self._role)
        return int(rate[1]) if rate and is_ours and schedule.get("State", "ENABLED") == "ENABLED" else None

    def _wanted(self, integration_id: str, minutes: int) -> Any:
        return {
            "GroupName": self._group,
            "Name": self._prefix + integration_id,
            "ScheduleExpression": f"rate({minutes} minute{'s' if minutes > 1 else ''})",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": max(1, minutes // _WINDOW_SHARE)},
            "State": "ENABLED",
            "Target": {
                "Arn": self._function,
                "RoleArn": self._role,
                "Input": json.dumps({"integration_id": integration_id}),
                # What Scheduler tries again is a Lambda service that did not take the event; work that failed is not
                # repeated, the next turn does it.
                "RetryPolicy": {"MaximumEventAgeInSeconds": minutes * 60, "MaximumRetryAttempts": 2},
            },
        }


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""


def _unavailable(what: str, error: Exception) -> SchedulesUnavailableError:
    return SchedulesUnavailableError(f"the schedule could not be {what}: {_code(error) or type(error).__name__}")
