"""Routes of runs: beginning polls, imports and syncs, following them, ending them."""

from typing import Any

from tandem.admin.auditing import note
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.polls import begin_import, poll_answer
from tandem.admin.problems import conflict, invalid, not_found
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.polls import RunAnswer
from tandem.admin.schemas.sync_runs import AnyRunAnswer, SyncRequest, SyncRunAnswer
from tandem.admin.sync_answers import sync_run_answer
from tandem.alerts.wording import PROVIDER_NAMES
from tandem.store.configuration.records import Role
from tandem.store.errors import AlreadyDoneError, MovedOnError
from tandem.store.polls import Run
from tandem.store.sync_records import SyncRun
from tandem.syncing.message import Step, SyncMessage
from tandem.syncing.settings import HAVE_SOFTWARE

AnyCall = Call[Any, Any]

_NOT_CONNECTED = "the integration has no credentials, so its RMM cannot be asked: connect it first"


def sync(call: Call[SyncRequest, NoQuery]) -> Answer:
    """A run begins."""
    body, integration = call.body, the_integration(call)
    if body.kind == "alerts":
        answer = begin_import(call, body.days)
        return Answer(AnyRunAnswer(answer), 202, _path(integration.integration_id, answer.id))
    if body.given("days"):
        raise invalid("days", "only an import of alerts goes back in time")
    if body.kind == "software" and integration.provider not in HAVE_SOFTWARE:
        raise invalid("kind", f"{PROVIDER_NAMES[integration.provider]} has no software inventory")
    if not integration.has_credentials:
        raise conflict(_NOT_CONNECTED)
    start = call.services.sync_starter.start(integration.integration_id, body.kind, call.principal.user_id, call.now)
    run = start.run or start.at_work
    if run is None:
        raise conflict("another sync of the integration has just ended; ask again")
    if run.kind != body.kind:
        raise conflict(f"a sync of {run.kind} is at work ({run.run_id}); ask again when it has ended")
    return Answer(AnyRunAnswer(sync_run_answer(run, call.now)), 202, _path(integration.integration_id, run.run_id))


def list_runs(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of an integration's runs, newest first."""
    integration_id, limit = the_integration(call).integration_id, call.query.limit
    after = after_of(call, "runs")
    syncs = call.services.sync_runs.runs(integration_id, after, limit, call.now)
    polls = [
        each for each in call.services.polls.runs(integration_id, call.now) if after is None or _order(each) < after
    ]
    every: list[Run | SyncRun] = [*syncs.records, *polls]
    found = sorted(every, key=_order, reverse=True)
    shown = found[:limit]
    more = len(found) > limit or syncs.after is not None
    items = [AnyRunAnswer(_answer(call, each)) for each in shown]
    following = cursor_of(call, "runs", _order(shown[-1]) if more and shown else None)
    return Answer(Page[AnyRunAnswer](items=items, next_cursor=following))


def get_run(call: Call[NoBody, NoQuery]) -> Answer:
    """One run."""
    return Answer(AnyRunAnswer(_answer(call, _the_run(call))))


def cancel_run(call: Call[NoBody, NoQuery]) -> Answer:
    """A sync that is asked to stop."""
    run = _the_sync(call, "a poll is over in some minutes, and cannot be cancelled")
    try:
        run = call.services.sync_runs.request_cancel(run)
    except (AlreadyDoneError, MovedOnError):
        raise conflict("the run has ended") from None
    # A run that waits, or whose function died, has nobody who would look.
    call.services.sync_queue.send([SyncMessage(Step.FINISH, run.integration_id, run.run_id)])
    note(call, "cancel_sync", f"run:{run.run_id}", f"of {run.kind}, integration:{run.integration_id}")
    return Answer(sync_run_answer(run, call.now), 202)


def confirm_run(call: Call[NoBody, NoQuery]) -> Answer:
    """A sync that may retire what it asked about."""
    run = _the_sync(call, "a poll retires nothing")
    if run.state != "needs_confirmation" or run.cancel_requested:
        raise conflict(f"the run waits for no confirmation: it is {run.state}")
    organizations = ", ".join(
        f"{each.retiring} of {each.of} in {each.name or each.organization_id}" for each in run.confirm
    )
    note(call, "confirm_retiring", f"run:{run.run_id}", f"{organizations}, integration:{run.integration_id}")
    message = SyncMessage(Step.CONFIRM, run.integration_id, run.run_id, by=call.principal.user_id)
    call.services.sync_queue.send([message])
    return Answer(sync_run_answer(run, call.now), 202)


def _the_run(call: AnyCall) -> Run | SyncRun:
    integration_id, run_id = the_integration(call).integration_id, call.params["run_id"]
    run = call.services.polls.run(integration_id, run_id, call.now) or call.services.sync_runs.run(
        integration_id, run_id, call.now
    )
    if run is None:
        raise not_found("run", run_id)
    return run


def _the_sync(call: AnyCall, refusal: str) -> SyncRun:
    run = _the_run(call)
    if isinstance(run, Run):
        raise conflict(refusal)
    return run


def _answer(call: AnyCall, run: Run | SyncRun) -> RunAnswer | SyncRunAnswer:
    return poll_answer(run, call.now) if isinstance(run, Run) else sync_run_answer(run, call.now)


def _order(run: Run | SyncRun) -> str:
    """Ids of syncs begin with their time; those of polls do not."""
    if isinstance(run, SyncRun):
        return run.run_id
    return f"{int(run.requested_at.timestamp() * 1000):012x}{run.run_id}"


def _path(integration_id: str, run_id: str) -> str:
    return f"/integrations/{integration_id}/runs/{run_id}"


_ONE = "/integrations/{integration_id}"
_TAG = "Integrations"

ROUTES: Routes = (
    Route(
        "POST",
        f"{_ONE}/sync",
        "Take over alerts, devices, patches, software or organizations from the RMM",
        Role.ADMIN,
        sync,
        AnyRunAnswer,
        _TAG,
        202,
        body=SyncRequest,
        description="Alerts: active ones go through the rules as in any poll. Ended ones of the last days become "
        "history: no ticket, notification or event. What Tandem knows already stays as it is. One poll or import runs "
        "at a time: while another one does, the run fails and says so.\n\nEverything else: one sync of an integration "
        "is at work at a time. Asked for the same kind, the one that is at work is given back.",
        conflicts="the integration has no credentials, or a sync of another kind is at work",
    ),
    Route(
        "GET",
        f"{_ONE}/runs",
        "List an integration's runs",
        Role.VIEWER,
        list_runs,
        Page[AnyRunAnswer],
        _TAG,
        query=PageQuery,
        description="All syncs of devices, and the polls and imports that somebody asked for; newest first.",
    ),
    Route("GET", f"{_ONE}/runs/{{run_id}}", "Read a run", Role.VIEWER, get_run, AnyRunAnswer, _TAG),
    Route(
        "POST",
        f"{_ONE}/runs/{{run_id}}/cancel",
        "Cancel a sync",
        Role.ADMIN,
        cancel_run,
        SyncRunAnswer,
        _TAG,
        202,
        description="It stops after the step that it is at. What it wrote so far stays. Audited.",
        conflicts="the run has ended, or is a poll",
    ),
    Route(
        "POST",
        f"{_ONE}/runs/{{run_id}}/confirm",
        "Let a sync retire what it asked about",
        Role.ADMIN,
        confirm_run,
        SyncRunAnswer,
        _TAG,
        202,
        description="A sync that would retire more than a fifth of an organization's devices names it in `confirm` and "
        "waits. Otherwise cancel it, or leave it: the next one that succeeds takes its place. Audited.",
        conflicts="it does not wait for a confirmation",
    ),
)
