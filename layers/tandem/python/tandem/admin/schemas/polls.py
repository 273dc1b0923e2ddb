"""Polls and imports of alerts, as a person asks for them."""

from typing import Literal

from pydantic import Field

from tandem.admin.schemas.base import Given, Time

MOST_DAYS = 90


class RunAnswer(Given):
    """A poll or an import that a person asked for. Kept for 30 days."""

    id: str
    kind: Literal["poll", "alerts"]
    state: Literal["queued", "running", "succeeded", "failed"]
    requested_at: Time
    requested_by: str = Field(description="The user's id")
    days: int | None = Field(description="How far back an import goes")
    started_at: Time | None
    finished_at: Time | None
    error: str | None = Field(description="Why it failed, and what to do", examples=[None])
    listed: int = Field(description="Alerts that the RMM lists as active")
    unreadable: int = Field(description="Rows, also of ended alerts, that could not be read; they stopped no other")
    unreadable_alerts: list[str] = Field(description="The first ten of them, and why", examples=[[]])
    fired: int = Field(description="Those of them that were new, or fired again")
    cleared: int = Field(description="Alerts that were over")
    history: int = Field(description="Ended alerts that were taken over, without tickets")
