"""Routes of dead letters: what could not be processed, why, and again."""

from collections.abc import Iterable
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import invalid, not_found
from tandem.admin.replaying import LIMIT_SECONDS, PER_SECOND
from tandem.admin.schemas.base import NoBody, NoQuery, Page
from tandem.admin.schemas.dead_letters import (
    DeadLetterAnswer,
    DeadLettersQuery,
    NotReplayedAnswer,
    ReplayAnswer,
    ReplayBody,
)
from tandem.alerts.limits import cut_bytes
from tandem.dead_letters.letters import ParkedLetter, Wanted
from tandem.store.configuration.records import Role

SHOWN_IN_LISTS = 4 * 1024
"""Bytes of a payload: a page of the longest ones whole would be more than a function may answer."""

MOST_NOT_REPLAYED = 100
"""Letters that one answer names as not replayed."""


def list_dead_letters(call: Call[NoBody, DeadLettersQuery]) -> Answer:
    """One page of dead letters, newest first."""
    query = call.query
    wanted = Wanted(
        source=query.source,
        reason=query.reason,
        replayed=query.replayed,
        sent_before=query.sent_before,
        sent_after=query.sent_after,
        min_attempts=query.min_attempts,
    )
    found = call.services.dead_letters.page(wanted, after_of(call, "dead-letters"), query.limit, call.now)
    items = [_shape(call, each, cut_bytes(each.letter.payload, SHOWN_IN_LISTS)) for each in found.letters]
    return Answer(Page[DeadLetterAnswer](items=items, next_cursor=cursor_of(call, "dead-letters", found.after)))


def get_dead_letter(call: Call[NoBody, NoQuery]) -> Answer:
    """One dead letter, with all of its payload that is kept."""
    parked = _the_letter(call)
    return Answer(_shape(call, parked, parked.letter.payload))


def drop_dead_letter(call: Call[NoBody, NoQuery]) -> Answer:
    """The letter is gone, for good."""
    call.services.dead_letters.drop(_the_letter(call))
    return Answer(status=204)


def replay_dead_letters(call: Call[ReplayBody, NoQuery]) -> Answer:
    """Letters are handed over to what they were for, oldest first."""
    run = call.services.replaying.run(_chosen(call), call.principal.user_id, call.body.force, call.now)
    return Answer(
        ReplayAnswer(
            replayed=run.replayed,
            without_ticket=run.without_ticket,
            left=run.left,
            not_replayed=[
                NotReplayedAnswer(id=letter_id, reason=reason)
                for letter_id, reason in list(run.not_replayed.items())[:MOST_NOT_REPLAYED]
            ],
        )
    )


def _chosen(call: Call[ReplayBody, NoQuery]) -> Iterable[ParkedLetter]:
    body, letters = call.body, call.services.dead_letters
    if body.ids is None:
        return letters.oldest_first(Wanted(source=body.source, replayed=False), call.now)
    if body.source is not None:
        raise invalid("source", "goes without `ids`, which say already which letters")
    found = letters.several(body.ids, call.now)
    for place, letter_id in enumerate(body.ids):
        if letter_id not in found:
            raise invalid(f"ids.{place}", f"there is no dead letter '{letter_id}'")
    return sorted(found.values(), key=lambda each: each.place)


def _the_letter(call: Call[Any, Any]) -> ParkedLetter:
    letter_id = call.params["dead_letter_id"]
    found = call.services.dead_letters.several([letter_id], call.now)
    if letter_id not in found:
        raise not_found("dead letter", letter_id)
    return found[letter_id]


def _shape(call: Call[Any, Any], parked: ParkedLetter, payload: str) -> DeadLetterAnswer:
    letter = parked.letter
    return DeadLetterAnswer(
        id=parked.letter_id,
        source=letter.source,
        reason=letter.reason,
        received_at=letter.sent_at,
        age_seconds=max(0, int((call.now - letter.sent_at).total_seconds())),
        attempts=letter.attempts,
        parked_at=parked.parked_at,
        replayed_at=parked.replayed_at,
        replayed_by=parked.replayed_by,
        not_replayable=call.services.replaying.why_not(parked),
        payload=payload,
    )


_ALL = "/dead-letters"
_ONE = _ALL + "/{dead_letter_id}"
_TAG = "Dead letters"

ROUTES: Routes = (
    Route(
        "GET",
        _ALL,
        "List dead letters",
        Role.VIEWER,
        list_dead_letters,
        Page[DeadLetterAnswer],
        _TAG,
        query=DeadLettersQuery,
        description="What could not be processed, newest first, kept for 30 days. Long payloads are cut: read one "
        "letter to see all of it.",
    ),
    Route("GET", _ONE, "Read a dead letter", Role.VIEWER, get_dead_letter, DeadLetterAnswer, _TAG),
    Route(
        "POST",
        f"{_ALL}/replay",
        "Replay dead letters",
        Role.ADMIN,
        replay_dead_letters,
        ReplayAnswer,
        _TAG,
        body=ReplayBody,
        body_required=False,
        description="Hands letters over to what they were for, oldest first: those that `ids` names, or all that were "
        "not replayed yet, of one `source` or of every one. At most "
        f"{PER_SECOND} a second go out, for at most {LIMIT_SECONDS:.0f} seconds: while `left` is not 0, repeat the "
        "request. A letter counts as replayed once it was handed over; doing that twice does no harm. An alert that "
        "was sent more than a day ago makes no ticket, unless `force` says so.",
    ),
    Route(
        "DELETE",
        _ONE,
        "Drop a dead letter",
        Role.ADMIN,
        drop_dead_letter,
        None,
        _TAG,
        204,
        description="For good: nothing is processed any more.",
    ),
)
