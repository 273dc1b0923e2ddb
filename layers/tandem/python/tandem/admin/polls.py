"""Polls and imports of alerts that a person asks for, and the route of polls (that of imports: sync_runs.py)."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.problems import conflict, unavailable
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.admin.schemas.polls import RunAnswer
from tandem.ids import new_id
from tandem.polling.starting import NotStartedError
from tandem.store.configuration.records import Role
from tandem.store.polls import Run

AnyCall = Call[Any, Any]

BROKEN_OFF_AFTER = timedelta(minutes=20)
"""A function that polls has ten minutes, and waits five at most for its turn."""

_BROKEN_OFF = "It was broken off: the log of scheduled_poll says more. It may be asked for again."
_NOT_CONNECTED = "the integration has no credentials, so its RMM cannot be asked: connect it first"


def poll_now(call: Call[NoBody, NoQuery]) -> Answer:
    """A poll begins."""
    integration_id = the_integration(call).integration_id
    run = _started(call, Run(new_id(), integration_id, "poll", "queued", call.now, _user(call)))
    return Answer(run, 202, f"/integrations/{integration_id}/runs/{run.id}")


def begin_import(call: AnyCall, days: int) -> RunAnswer:
    """An import of alerts begins."""
    integration_id = the_integration(call).integration_id
    return _started(call, Run(new_id(), integration_id, "alerts", "queued", call.now, _user(call), days=days))


def poll_answer(run: Run, now: datetime) -> RunAnswer:
    """A run that its function never finished is shown as failed."""
    if run.finished_at is None and now - (run.started_at or run.requested_at) > BROKEN_OFF_AFTER:
        run = replace(run, state="failed", error=_BROKEN_OFF)
    values = asdict(run) | {"unreadable_alerts": list(run.unreadable_alerts)}
    del values["integration_id"]
    return RunAnswer.model_validate({"id": values.pop("run_id"), **values})


def _started(call: AnyCall, run: Run) -> RunAnswer:
    if not the_integration(call).has_credentials:
        raise conflict(_NOT_CONNECTED)
    call.services.polls.put_run(run, call.now)
    try:
        call.services.poll_starter.start(run.integration_id, run.run_id)
    except NotStartedError as error:
        call.services.polls.put_run(replace(run, state="failed", finished_at=call.now, error=str(error)), call.now)
        raise unavailable(f"{error}; try again") from error
    return poll_answer(run, call.now)


def _user(call: AnyCall) -> str:
    return call.principal.user_id


_ONE = "/integrations/{integration_id}"
_TAG = "Integrations"
_AT_ONCE = "One poll of an integration runs at a time: while another one does, the run fails and says so."

ROUTES: Routes = (
    Route(
        "POST",
        f"{_ONE}/poll",
        "Poll an integration now",
        Role.ADMIN,
        poll_now,
        RunAnswer,
        _TAG,
        202,
        description=f"Asks the RMM for its active alerts, whether or not polling is switched on. {_AT_ONCE}",
        conflicts="the integration has no credentials",
    ),
)
