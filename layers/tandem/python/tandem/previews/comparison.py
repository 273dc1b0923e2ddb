"""What differs between two simulations of the same events, alert by alert.

change            because of the alert's firings
ticket_made       they open more tickets than before
ticket_not_made   they open fewer
routed_elsewhere  as many, but on another board, with another priority, assignee or client
decided_otherwise no difference in tickets opened, but one in what became of a firing
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tandem.alerts.history import AppliedEvent
from tandem.alerts.models import Outcome
from tandem.alerts.tickets import Ticket
from tandem.previews.simulation import Effect


class Change(StrEnum):
    """In what an alert's fate differs."""

    TICKET_MADE = "ticket_made"
    TICKET_NOT_MADE = "ticket_not_made"
    ROUTED_ELSEWHERE = "routed_elsewhere"
    DECIDED_OTHERWISE = "decided_otherwise"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one alert before and after. `told`, `before` and `after` are of its first firing that differs
    (where none does: of its first one that is shown); `firings`: how many are like that."""

    told: AppliedEvent
    change: Change
    before: Effect
    after: Effect
    firings: int


_Firing = tuple[AppliedEvent, Effect, Effect]


def differences(
    events: Sequence[AppliedEvent], before: Sequence[Effect | None], after: Sequence[Effect | None]
) -> list[Fate]:
    """The alerts whose fate differs, the latest first."""
    fates = []
    for firings in _by_alert(events, before, after):
        different = [firing for firing in firings if _tells(firing[1]) != _tells(firing[2])]
        if different:
            told, was, becomes = different[0]
            fates.append(Fate(told, _change(firings), was, becomes, len(different)))
    return _latest_first(fates)


def caught_by(
    window_id: str, events: Sequence[AppliedEvent], before: Sequence[Effect | None], after: Sequence[Effect | None]
) -> list[Fate]:
    """The alerts that this window holds in the simulation after, the latest first."""
    fates = []
    for firings in _by_alert(events, before, after):
        caught = [firing for firing in firings if any(held.window_id == window_id for held in firing[2].held)]
        if caught:
            told, was, becomes = caught[0]
            fates.append(Fate(told, _change(firings), was, becomes, len(caught)))
    return _latest_first(fates)


def routing(ticket: Ticket) -> tuple[str, str, str | None, str | None]:
    """Where a ticket goes: board, priority, assignee, client."""
    return ticket.board_id, ticket.priority.value, ticket.assignee_id, ticket.client_id


def _by_alert(
    events: Sequence[AppliedEvent], before: Sequence[Effect | None], after: Sequence[Effect | None]
) -> Iterable[list[_Firing]]:
    firings: dict[str, list[_Firing]] = {}
    for event, was, becomes in zip(events, before, after, strict=True):
        if was is not None and becomes is not None:
            firings.setdefault(event.alert_id, []).append((event, was, becomes))
    return firings.values()


def _tells(effect: Effect) -> object:
    """All that makes a difference to people."""
    made = effect.ticket if effect.outcome is Outcome.TICKET_CREATED else None
    return effect.outcome, routing(made) if made is not None else None


def _change(firings: Sequence[_Firing]) -> Change:
    was, becomes = _opened(each[1] for each in firings), _opened(each[2] for each in firings)
    if len(was) != len(becomes):
        return Change.TICKET_MADE if len(becomes) > len(was) else Change.TICKET_NOT_MADE
    if [routing(ticket) for ticket in was] != [routing(ticket) for ticket in becomes]:
        return Change.ROUTED_ELSEWHERE
    same = all(_tells(each[1]) == _tells(each[2]) for each in firings)
    return Change.NONE if same else Change.DECIDED_OTHERWISE


def _opened(effects: Iterable[Effect]) -> list[Ticket]:
    """The tickets that were opened; several firings that one window held have opened one together."""
    opened = (each.ticket for each in effects if each.outcome is Outcome.TICKET_CREATED and each.ticket is not None)
    return list({ticket.ticket_id: ticket for ticket in opened}.values())


def _latest_first(fates: Iterable[Fate]) -> list[Fate]:
    return sorted(fates, key=lambda fate: (fate.told.applied_at, fate.told.alert_id), reverse=True)
