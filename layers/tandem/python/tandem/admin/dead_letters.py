"""Routes of dead letters: what could not be processed, and why."""

from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.schemas.base import NoBody, Page, PageQuery
from tandem.admin.schemas.dead_letters import DeadLetterAnswer
from tandem.store.configuration.records import Role
from tandem.times import from_text


def list_dead_letters(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of dead letters, newest first."""

    def read(after: str | None, limit: int) -> list[dict[str, Any]]:
        return call.services.listing.dead_letters(after, limit, call.now)

    return Answer(page_of(call, "dead-letters", read, lambda each: each["sk"], _shape))


def _shape(values: dict[str, Any]) -> DeadLetterAnswer:
    return DeadLetterAnswer(
        id=values["dead_letter_id"],
        source=values["source"],
        reason=values["reason"],
        received_at=from_text(values["sent_at"]),
        payload=values.get("payload"),
    )


ROUTES: Routes = (
    Route(
        "GET",
        "/dead-letters",
        "List dead letters",
        Role.VIEWER,
        list_dead_letters,
        Page[DeadLetterAnswer],
        "Dead letters",
        query=PageQuery,
        description="Messages that could not be processed, newest first.",
    ),
)
