"""What could not be processed, and handing it over again."""

from typing import Annotated

from pydantic import Field

from tandem.admin.schemas.base import Given, Name, PageQuery, Taken, Time, example

MOST_IDS = 500

LetterId = Annotated[str, Field(min_length=1, max_length=128)]


class DeadLettersQuery(PageQuery):
    """Which dead letters; all filters that are given must fit."""

    source: Name | None = Field(None, description="What the letter was for, such as `alert-events`")
    reason: Name | None = Field(None, description="A part of the reason, in any letter case")
    replayed: bool | None = Field(None, description="Whether it was replayed already")
    sent_before: Time | None = Field(None, description="Sent at this time or before")
    sent_after: Time | None = Field(None, description="Sent at this time or later")
    min_attempts: int | None = Field(None, ge=1, le=1_000_000, description="Tried at least so often")


class DeadLetterAnswer(Given):
    """Something that could not be processed, kept for 30 days."""

    id: str
    source: str = Field(description="What it was for: a queue, or a function that reads the table's stream")
    reason: str
    received_at: Time = Field(description="When it was sent")
    age_seconds: int = Field(description="Since then")
    attempts: int = Field(description="How often it was tried")
    parked_at: Time
    replayed_at: Time | None
    replayed_by: str | None = Field(description="The id of the user who replayed it last")
    not_replayable: str | None = Field(description="Why it cannot be replayed; null if it can")
    payload: str = Field(description="The message as it was; of a long one the list shows the beginning")


class ReplayBody(Taken):
    """Which letters. Without `ids` and `source`: all that were not replayed yet."""

    model_config = example(source="alert-events", force=False)

    ids: Annotated[list[LetterId], Field(min_length=1, max_length=MOST_IDS)] | None = None
    source: Name | None = None
    force: bool = Field(False, description="Alerts that were sent more than a day ago make their tickets all the same")


class NotReplayedAnswer(Given):
    """A letter that was not handed over."""

    id: str
    reason: str


class ReplayAnswer(Given):
    """What came of it."""

    replayed: int
    without_ticket: int = Field(description="Of those, alerts that come too late to make a ticket")
    left: int = Field(
        description="Letters that the time did not suffice for, as far as they could be counted; at most 10000"
    )
    not_replayed: list[NotReplayedAnswer] = Field(description="Letters that cannot be replayed; at most 100 are named")
