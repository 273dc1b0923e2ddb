"""Webhooks that led to nothing."""

from typing import Literal

from pydantic import Field

from tandem.admin.schemas.base import Given, Taken, Time


class DeliveriesQuery(Taken):
    """From when on backwards."""

    before: Time | None = Field(None, description="Only those before this time; now, where it is left out")


class DeliveryAnswer(Given):
    """A webhook that led to nothing."""

    received_at: Time
    outcome: Literal["refused", "ignored", "failed"]
    status: int = Field(description="What the sender was answered")
    reason: str
    field: str | None = Field(description="What was wrong, if it was refused")
    event: str | None = Field(description="The sender's word for what happened, if it was ignored")


class DeliveriesAnswer(Given):
    """The newest first."""

    items: list[DeliveryAnswer]
    searched_from: Time | None = Field(description="All since then were looked at; null: all that the log holds")
