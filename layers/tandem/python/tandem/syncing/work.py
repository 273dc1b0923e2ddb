"""What device_sync does with a message: the step that it asks for, if the run is still there to take it.

done        the step is done, and what comes next is sent
nothing     the run has ended, or this step of it was done before
cancelled   a person asked for it: the run ends here; what was written stays, and is right
again       something failed that may pass: the message is to come again
failed      it will not pass, or did not in all attempts: the run ends with the reason
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from tandem import telemetry
from tandem.alert_queue import QueueError
from tandem.connections.errors import Paced, VendorError
from tandem.connections.limits import Deadline
from tandem.store.configuration.records import Integration
from tandem.store.errors import AlreadyDoneError, MovedOnError, StoreError
from tandem.store.sync_records import RunState, SyncRun
from tandem.syncing import report
from tandem.syncing.applying import apply_page
from tandem.syncing.attempts import ATTEMPTS, DEADLY_ATTEMPTS, may_pass, wait_after
from tandem.syncing.errors import RunCancelledError, RunFailedError, RunReplacedError
from tandem.syncing.finishing import clean_up, confirm, finish, retire
from tandem.syncing.listing import first_listing, list_page, sources_of
from tandem.syncing.message import Step, SyncMessage, encode
from tandem.syncing.organizations import list_organizations
from tandem.syncing.patches import patch_page
from tandem.syncing.resuming import messages_of
from tandem.syncing.software import apply_software
from tandem.syncing.sorting import sort
from tandem.syncing.staging import StagingUnavailableError
from tandem.syncing.tools import Task, Tools

Outcome = Literal["done", "nothing", "cancelled", "again", "failed"]

STATES: dict[Step, tuple[RunState, ...]] = {
    Step.START: ("queued",),
    Step.ORGANIZATIONS: ("listing",),
    Step.LIST: ("listing",),
    Step.SORT: ("listing", "sorting"),
    Step.PAGE: ("applying",),
    Step.FINISH: ("listing", "applying", "finishing"),
    Step.RETIRE: ("retiring",),
    Step.CONFIRM: ("needs_confirmation",),
}
"""In which states of a run each step is done."""

NOT_CONNECTED = "The integration is not connected any more. Connect it, and the next sync does all of it."
CONNECTED_ANEW = "The integration was connected anew while this sync was at work. The next sync does all of it."
NO_SOFTWARE = "This RMM has no software inventory."
_DEADLY = (
    "Tandem's function died of the same step of this sync again and again, of a lack of time or memory. What it has "
    "written is right. See the log of device_sync; more memory (memory_mb of the tenant file) may help."
)
_OWN_FAILURE = (
    "Tandem itself could not finish the sync ({what}). What it has written is right, and the next sync does the rest. "
    "If this stays so, see the log of device_sync."
)


class Integrations(Protocol):
    """Where integrations stand."""

    def get(self, integration_id: str) -> Integration | None:
        """One integration, as it is now."""
        ...


@dataclass(frozen=True, slots=True)
class Handled:
    """`again_in`: seconds after which the message must come again; None: it is done with. `reason`: of `again` and
    `failed`."""

    outcome: Outcome
    again_in: int | None = None
    reason: str | None = None


class SyncWork:
    """Does the messages of the device-sync queue. `start_wanted`: begins what the integration whose id it is given
    waits for, now that a run has ended; it may raise a StoreError or QueueError."""

    def __init__(self, tools: Tools, integrations: Integrations, start_wanted: Callable[[str], object]) -> None:
        self._tools = tools
        self._integrations = integrations
        self._start_wanted = start_wanted
        self._steps: dict[Step, Callable[[Task], None]] = {
            Step.START: self._start,
            Step.ORGANIZATIONS: lambda task: list_organizations(tools, task),
            Step.LIST: lambda task: list_page(tools, task),
            Step.SORT: lambda task: sort(tools, task),
            Step.PAGE: self._page,
            Step.FINISH: lambda task: self._succeed(task, finish(tools, task)),
            Step.RETIRE: lambda task: self._succeed(task, retire(tools, task)),
            Step.CONFIRM: lambda task: confirm(tools, task),
        }

    def handle(self, message: SyncMessage, deadline: Deadline, attempt: int = 1) -> Handled:
        """Do one message that was received so often. Whatever happens to it, it raises nothing."""
        began = self._tools.monotonic()
        try:
            handled = self._handle(message, deadline, attempt)
        except Exception as error:  # noqa: BLE001  also ending a run may fail: then it is tried again
            telemetry.log_exception("sync step failed", run_id=message.run_id, step=message.step.value)
            handled = Handled("again", wait_after(attempt), type(error).__name__)
        took = int((self._tools.monotonic() - began) * 1000)
        report.step_done(message, handled.outcome, took, handled.reason)
        return handled

    def _handle(self, message: SyncMessage, deadline: Deadline, attempt: int) -> Handled:
        run = self._tools.runs.run(message.integration_id, message.run_id, self._tools.clock())
        if run is None or run.has_ended:
            if attempt > 1:
                self._go_on(message.integration_id)  # whoever ended the run may have died before doing it
            return Handled("nothing")
        integration = self._integrations.get(message.integration_id)
        try:
            if run.cancel_requested:
                raise RunCancelledError
            if not _fits(message, run):
                return self._repeat(message, run, attempt)
            if attempt > DEADLY_ATTEMPTS:
                raise RunFailedError(_DEADLY)
            task = Task(message, run, _still_connected(integration, run), deadline, attempt >= ATTEMPTS)
            if message.step is not Step.CONFIRM:
                self._tools.renew(run)
            self._steps[message.step](task)
        except (AlreadyDoneError, MovedOnError):
            present = self._tools.runs.run(message.integration_id, message.run_id, self._tools.clock())
            return self._repeat(message, present, attempt)
        except RunCancelledError:
            self._end(run, "cancelled", integration)
            return Handled("cancelled")
        except (RunFailedError, RunReplacedError) as error:
            self._end(run, "failed", integration, str(error))
            return Handled("failed", reason=str(error))
        except Paced as error:
            # The RMM's rate is used up by others: nothing failed, so it costs no attempt.
            self._tools.queue.send([message], int(error.retry_after or 0) + 1)
            return Handled("done", reason=str(error))
        except VendorError as error:
            return self._failed(run, integration, attempt, str(error), may_pass(error), error.retry_after)
        except (StoreError, StagingUnavailableError, QueueError) as error:
            return self._failed(run, integration, attempt, _OWN_FAILURE.format(what=error))
        except Exception as error:  # noqa: BLE001  whatever it is, the run must end with a reason
            telemetry.log_exception("sync step failed", run_id=run.run_id, step=message.step.value)
            return self._failed(run, integration, attempt, _OWN_FAILURE.format(what=type(error).__name__))
        return Handled("done")

    def _start(self, task: Task) -> None:
        """The run leaves the queue."""
        warnings: tuple[str, ...] = ()
        if task.run.kind in ("devices", "organizations"):
            following = task.next(Step.ORGANIZATIONS)
        else:
            sources = sources_of(self._tools.fleet(task), task.run.kind)
            following = first_listing(task, sources)
            if task.run.kind == "software" and not sources:
                following, warnings = task.next(Step.FINISH), (NO_SOFTWARE,)
        step = encode(following)
        self._tools.runs.move(task.run, "listing", self._tools.clock(), step=step, warnings=warnings)
        self._tools.queue.send([following])

    def _page(self, task: Task) -> None:
        if task.run.kind == "software":
            apply_software(self._tools, task)
        elif task.run.kind == "patches":
            patch_page(self._tools, task)
        else:
            apply_page(self._tools, task)

    def _repeat(self, message: SyncMessage, run: SyncRun | None, attempt: int) -> Handled:
        """The step was done before. If the message was delivered before, it may have died before it could send what
        comes next; if not, the other one of its kind does that."""
        if run is not None and not run.has_ended and attempt > 1 and message.step_number <= run.step_number:
            self._tools.queue.send(messages_of(run))
        return Handled("nothing")

    def _succeed(self, task: Task, run: SyncRun | None) -> None:
        if run is not None:
            clean_up(self._tools, run)
            self._end(run, "succeeded", task.integration)

    def _failed(
        self,
        run: SyncRun,
        integration: Integration | None,
        attempt: int,
        sentence: str,
        passes: bool = True,
        asked_for: float | None = None,
    ) -> Handled:
        if passes and attempt < ATTEMPTS:
            try:
                self._tools.runs.note_trouble(run, sentence, self._tools.clock())
            except StoreError as error:
                telemetry.log(logging.WARNING, "trouble not noted", run_id=run.run_id, error=type(error).__name__)
            return Handled("again", wait_after(attempt, asked_for), sentence)
        self._end(run, "failed", integration, sentence)
        return Handled("failed", reason=sentence)

    def _end(
        self,
        run: SyncRun,
        state: Literal["succeeded", "failed", "cancelled"],
        integration: Integration | None,
        error: str | None = None,
    ) -> None:
        now = self._tools.clock()
        if self._tools.runs.finish(run, state, now, error):
            ended = self._tools.runs.run(run.integration_id, run.run_id, now) or run
            provider = integration.provider if integration is not None else None
            report.run_ended(ended, state, provider, (now - run.requested_at).total_seconds())
        self._go_on(run.integration_id)

    def _go_on(self, integration_id: str) -> None:
        """To the next run. What cannot be begun now is begun when the schedule comes round."""
        try:
            self._start_wanted(integration_id)
        except (StoreError, QueueError) as error:
            telemetry.log(logging.WARNING, "next sync not begun", integration_id=integration_id, error=str(error))


def _fits(message: SyncMessage, run: SyncRun) -> bool:
    """The run is where the message belongs."""
    if run.state not in STATES[message.step]:
        return False
    return message.step is Step.CONFIRM or message.step_number == run.step_number


def _still_connected(integration: Integration | None, run: SyncRun) -> Integration:
    """Raises RunFailedError if what the run has listed is of no RMM, or of another one."""
    if integration is None or not integration.has_credentials:
        raise RunFailedError(NOT_CONNECTED)
    if integration.connection_since is not None and integration.connection_since > run.requested_at:
        raise RunFailedError(CONNECTED_ANEW)
    return integration
