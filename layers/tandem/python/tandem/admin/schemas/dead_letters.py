"""What could not be processed."""

from pydantic import Field

from tandem.admin.schemas.base import Given, Time


class DeadLetterAnswer(Given):
    """One message that could not be processed, kept for 30 days."""

    id: str
    source: str
    reason: str
    received_at: Time
    payload: str | None = Field(description="The message as it was")
