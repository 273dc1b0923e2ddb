"""Routes of what a person does with an alert: acknowledge it, resolve it, have its RMM told again, make its ticket."""

import time
from dataclasses import replace

from tandem.admin import references
from tandem.admin.alert_desk import Decide
from tandem.admin.alerts import get_alert
from tandem.admin.attempts import until_applied
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.problems import conflict, not_found
from tandem.admin.schemas.alert_acts import TicketOfAlertBody
from tandem.admin.schemas.alerts import WholeAlertAnswer
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.admin.schemas.tickets import WholeTicketAnswer
from tandem.admin.ticket_answers import whole_ticket
from tandem.alerts import again
from tandem.alerts.by_hand import ConditionHasTicketError, Wishes, ticket_by_hand
from tandem.alerts.decide import decide
from tandem.alerts.decision import Context, Decision, State
from tandem.alerts.models import Alert, AlertEvent, AlertStatus, Kind, Origin, Outcome
from tandem.alerts.outbound import ResetState, wish_again
from tandem.alerts.tickets import Priority
from tandem.ids import new_id
from tandem.store.configuration.records import Role

_MAY_BE_ASKED_AGAIN = (ResetState.FAILED, ResetState.NOT_CONNECTED)

_NOTHING = Decision(Outcome.IGNORED, "nothing to do")


def acknowledge_alert(call: Call[NoBody, NoQuery]) -> Answer:
    """An alert, acknowledged by the caller."""

    def decided(event: AlertEvent, state: State, context: Context) -> Decision:
        alert = _there(state)
        if alert.status is AlertStatus.ACKNOWLEDGED:
            return _NOTHING
        if alert.status is not AlertStatus.ACTIVE:
            raise conflict(f"only an active alert can be acknowledged; this one is {alert.status.value}")
        return decide(event, state, context, call.now)

    return _acted(call, Kind.ACKNOWLEDGED, decided)


def resolve_alert(call: Call[NoBody, NoQuery]) -> Answer:
    """An alert, resolved by the caller."""

    def decided(event: AlertEvent, state: State, context: Context) -> Decision:
        return decide(event, state, context, call.now) if _there(state).is_live else _NOTHING

    return _acted(call, Kind.RESET, decided)


def make_ticket(call: Call[TicketOfAlertBody, NoQuery]) -> Answer:
    """The ticket of an alert, made by hand."""
    body = call.body
    references.client(call, "client_id", body.client_id)
    references.user(call, "assignee_id", body.assignee_id)
    board = references.board(call, "board_id", body.board_id)
    wishes = Wishes(
        board_id=board.board_id,
        priority=Priority(body.priority) if body.priority is not None else None,
        assignee_id=body.assignee_id,
        title=body.title,
        client_id=body.client_id,
    )
    event_id = new_id()
    alerts = call.services.alert_desk

    def worded(alert: Alert, message: str) -> AlertEvent:
        event = again.decide_again(alert, message, Origin.PERSON, event_id, call.now)
        return replace(event, acted_by=call.principal.user_id)

    def decided(event: AlertEvent, state: State, context: Context) -> Decision:
        try:
            ticket_by_hand(event, _there(state), state, context, wishes, call.now)
        except ConditionHasTicketError as refusal:
            raise conflict(f"{refusal} ({refusal.ticket_id})") from None
        # Numbered only when there will be a ticket: a refusal writes nothing, not even the counter.
        numbered = replace(context, ticket_number=alerts.next_number())
        return ticket_by_hand(event, _there(state), state, numbered, wishes, call.now)

    decision = alerts.act(call.params["alert_id"], call.now, worded, decided)
    assert decision.ticket is not None  # noqa: S101 a ticket by hand makes a ticket
    return Answer(whole_ticket(call, decision.ticket), 201, f"/tickets/{decision.ticket.ticket_id}")


def tell_the_rmm_again(call: Call[NoBody, NoQuery]) -> Answer:
    """An alert whose RMM is told once more that it is over."""
    alert_id, outbound = call.params["alert_id"], call.services.outbound
    request_id = new_id()

    def attempt() -> None:
        wish = outbound.several([alert_id]).get(alert_id)
        if alert_id not in call.services.lookups.alerts([alert_id], call.now):
            raise not_found("alert", alert_id)
        if wish is None:
            raise conflict("nobody asked yet that its RMM is told: resolve the alert, or close its ticket")
        if wish.state not in _MAY_BE_ASKED_AGAIN:
            raise conflict(f"only what failed, or had no connection, is asked again; this is {wish.state.value}")
        outbound.ask(wish_again(wish, request_id, call.now), wish)

    until_applied(attempt, time.sleep)
    return get_alert(call)


def _acted(call: Call[NoBody, NoQuery], kind: Kind, decided: Decide) -> Answer:
    event_id = new_id()

    def worded(alert: Alert, _: str) -> AlertEvent:
        return again.by_person(alert, kind, call.principal.user_id, event_id, call.now)

    call.services.alert_desk.act(call.params["alert_id"], call.now, worded, decided)
    return get_alert(call)


def _there(state: State) -> Alert:
    if state.alert is None:
        raise conflict("the alert has just expired")
    return state.alert


_ONE = "/alerts/{alert_id}"
_TAG = "Alerts"

ROUTES: Routes = (
    Route(
        "POST",
        f"{_ONE}/acknowledge",
        "Acknowledge an alert",
        Role.TECHNICIAN,
        acknowledge_alert,
        WholeAlertAnswer,
        _TAG,
        description="Tandem notes who and when, on its ticket too. An acknowledged alert stays as it is.",
        conflicts="the alert is neither active nor acknowledged",
    ),
    Route(
        "POST",
        f"{_ONE}/resolve",
        "Resolve an alert",
        Role.TECHNICIAN,
        resolve_alert,
        WholeAlertAnswer,
        _TAG,
        description="Its RMM is told, too (`outbound_reset`). Only a later firing revives it. Its ticket closes when "
        "its rule says so, no other alert of it is live and nobody has worked on it. A resolved alert stays as it is.",
    ),
    Route(
        "POST",
        f"{_ONE}/outbound-reset/retry",
        "Tell the RMM once more that an alert is over",
        Role.TECHNICIAN,
        tell_the_rmm_again,
        WholeAlertAnswer,
        _TAG,
        description="For a reset in the RMM that failed, or that there was no connection for. An alert that has fired "
        "again meanwhile is left alone.",
        conflicts="nobody asked for it yet, or it is neither failed nor not_connected",
    ),
    Route(
        "POST",
        f"{_ONE}/ticket",
        "Make the ticket of an alert by hand",
        Role.TECHNICIAN,
        make_ticket,
        WholeTicketAnswer,
        _TAG,
        201,
        body=TicketOfAlertBody,
        body_required=False,
        description="Whatever rules and maintenance windows say. What is left out is as a rule would make it.",
        conflicts="its condition has an open ticket, which is named",
    ),
)
