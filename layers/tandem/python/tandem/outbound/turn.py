"""One integration's turn: the resets of one batch that are for its RMM.

a message that is no wish                          parked as a dead letter, acknowledged
a wish that another has replaced, or is settled    acknowledged
an alert that fired again, is over, ...            noted; the RMM is asked nothing
no connection                                      resolved in Tandem alone; noted
the RMM did it                                     a reset, origin outbound, goes to the processor; noted
the RMM will not do it, or has failed for a day    parked as a dead letter, and `failed`; acknowledged
the RMM is out of reach, busy, ...                 noted; given back with all behind it
Tandem's own rate leaves no time for it            given back with all behind it, until the rate allows it

Everything may be done twice: an alert that is reset already is reset again without effect, and its event is the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from tandem.alert_queue import QueueError
from tandem.alerts.again import reset_by_tandem
from tandem.alerts.limits import cut_bytes
from tandem.alerts.models import Alert
from tandem.alerts.outbound import Need, OutboundReset, ResetState, need
from tandem.connections.errors import NotConnected, Paced, VendorError
from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.outbound.connected import Directory, Rmms, is_reached
from tandem.outbound.dispatcher import Events
from tandem.outbound.failing import ATTEMPTS_OF_ONE, GIVES_UP_AFTER, Concerns, concerns, wait_after
from tandem.outbound.message import OutboundMessageError, decode
from tandem.outbound.queue import Message
from tandem.store.configuration.records import Integration
from tandem.store.errors import StoreError
from tandem.store.outbound import OutboundResets

SOURCE = "alert-resets"
"""Of its dead letters."""

_ERROR_BYTES = 1024
_TO_BE_DONE = (ResetState.PENDING, ResetState.FAILED)  # a failed one is here because somebody replayed its letter


@dataclass(frozen=True, slots=True)
class Outside:
    """What a turn uses of the world."""

    wishes: OutboundResets
    integrations: Directory
    rmms: Rmms
    events: Events
    dead_letters: DeadLetters
    clock: Callable[[], datetime]


@dataclass(slots=True)
class Handled:
    """What became of one message. `outcome`: the state of its wish by now, if it was settled. `failed`: why the message
    must be given back, `wait`: for how many seconds."""

    message: Message
    alert_id: str | None = None
    outcome: ResetState | None = None
    parked: str | None = None
    failed: str | None = None
    wait: int = 0


class Turn:
    """Made for one batch's messages of one integration."""

    def __init__(self, outside: Outside, deadline: Deadline) -> None:
        self._outside = outside
        self._deadline = deadline
        self._rmm: Rmm | None = None
        self._went_well: list[bool] = []
        self._perhaps: list[tuple[Handled, OutboundReset]] = []
        self._error: Exception | None = None
        self._is_over = False

    def carry_out(self, messages: Sequence[Message]) -> list[Handled]:
        """Carry out the messages in their order, as far as it goes."""
        handled = [Handled(message) for message in messages]
        for one in handled:
            if self._is_over:
                one.failed = f"an earlier one failed: {self._error}"
            else:
                self._guarded(one, self._carry_out)
        for one, wish in self._perhaps:
            if any(self._went_well) and wish.attempts >= ATTEMPTS_OF_ONE:
                self._guarded(one, partial(self._give_up, wish=wish))
        self._put_off([one for one in handled if one.failed is not None])
        return handled

    def _guarded(self, one: Handled, work: Callable[[Handled], None]) -> None:
        try:
            work(one)
        except (StoreError, QueueError) as error:
            self._fail(one, error)
            self._is_over = True

    def _carry_out(self, one: Handled) -> None:
        try:
            wanted = decode(one.message.body)
        except OutboundMessageError as error:
            self._park(one, f"not a reset that is asked for: {error}")
            return
        one.alert_id = wanted.alert_id
        known = self._outside.wishes.known(wanted.alert_id, wanted.ticket_id, self._outside.clock())
        wish, alert = known.wish, known.alert
        if wish is None or wish.request_id != wanted.request_id or wish.state not in _TO_BE_DONE:
            return
        needed = need(wish, alert, known.ticket)
        if needed is not Need.RESET or alert is None or alert.external_alert_id is None:
            self._settle(one, wish, ResetState.DONE if needed is Need.OVER_ALREADY else ResetState.NOT_NEEDED)
            return
        integration = self._outside.integrations.get(wish.integration_id)
        if integration is None or not is_reached(integration, wish.asked_at):
            self._in_tandem_alone(one, wish, alert)
        else:
            self._ask(one, wish, alert, alert.external_alert_id, integration)

    def _in_tandem_alone(self, one: Handled, wish: OutboundReset, alert: Alert) -> None:
        self._resolve(alert, replace(wish, state=ResetState.NOT_CONNECTED), wish.asked_at)
        self._settle(one, wish, ResetState.NOT_CONNECTED)

    def _ask(
        self, one: Handled, wish: OutboundReset, alert: Alert, external_alert_id: str, integration: Integration
    ) -> None:
        began = self._outside.clock()  # what fires while the RMM answers is later
        try:
            if self._rmm is None:
                self._rmm = self._outside.rmms.open(integration, self._deadline)
            self._rmm.reset(external_alert_id)
        except NotConnected:
            self._in_tandem_alone(one, wish, alert)
            return
        except VendorError as error:
            self._failed(one, wish, error)
            return
        self._went_well.append(True)
        self._resolve(alert, wish, began)
        self._settle(one, replace(wish, attempts=wish.attempts + 1, last_error=None), ResetState.DONE)

    def _failed(self, one: Handled, wish: OutboundReset, error: VendorError) -> None:
        is_old = self._outside.clock() - one.message.sent_at >= GIVES_UP_AFTER
        if isinstance(error, Paced) and not is_old:
            # The RMM was not asked: nothing was attempted.
            self._fail(one, error)
            self._is_over = True
            return
        self._went_well.append(False)
        wish = replace(wish, attempts=wish.attempts + 1, last_error=cut_bytes(str(error), _ERROR_BYTES))
        about = concerns(error)
        if about is Concerns.THE_ALERT or is_old:
            self._give_up(one, wish)
            return
        self._outside.wishes.note(wish)
        self._fail(one, error)
        if about is Concerns.THE_ALERT_PERHAPS:
            self._perhaps.append((one, wish))
        # One more is tried where the failure may be about this alert alone.
        self._is_over = about is Concerns.THE_RMM or len(self._perhaps) > 1

    def _fail(self, one: Handled, error: Exception) -> None:
        one.failed = str(error)
        self._error = error

    def _give_up(self, one: Handled, wish: OutboundReset) -> None:
        self._park(one, wish.last_error or "")
        self._settle(one, wish, ResetState.FAILED)
        one.failed = None

    def _resolve(self, alert: Alert, wish: OutboundReset, at: datetime) -> None:
        """The alert is over in Tandem, too; one that a person resolved is by now."""
        if alert.is_live:
            self._outside.events.send([reset_by_tandem(alert, wish, at, self._outside.clock())])

    def _settle(self, one: Handled, wish: OutboundReset, state: ResetState) -> None:
        self._outside.wishes.note(replace(wish, state=state, done_at=self._outside.clock()))
        one.outcome = state

    def _park(self, one: Handled, reason: str) -> None:
        message = one.message
        letter = DeadLetter(
            SOURCE, message.message_id, reason, message.body, message.sent_at, message.attempts, message.group_id
        )
        self._outside.dead_letters.park(letter, self._outside.clock())
        one.parked = reason

    def _put_off(self, given_back: Sequence[Handled]) -> None:
        """All of them for as long as the first: the queue gives none of the group while one of it is put off."""
        for one in given_back:
            if self._error is not None:
                one.wait = wait_after(self._error, given_back[0].message.attempts, self._went_well)
