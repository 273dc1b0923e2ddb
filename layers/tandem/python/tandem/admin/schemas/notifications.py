"""Notifications, and what a user wants to be sent."""

from typing import Literal

from pydantic import Field

from tandem.admin.schemas.base import Given, PageQuery, SeverityName, Taken, Time, example, unless_given


class NotificationPreferencesChange(Taken):
    """What to change of what a user is sent; what is left out stays as it is."""

    model_config = example(email=True, least_severity="major")

    email: bool = unless_given(description="New tickets are mailed, too")
    least_severity: SeverityName = unless_given(description="Tickets of less severe alerts are not told at all")


class NotificationPreferencesAnswer(Given):
    """What a user is sent when a rule that names the user makes a ticket."""

    email: bool = Field(description="By mail, too; in Tandem always")
    least_severity: SeverityName = Field(description="Tickets of less severe alerts are not told at all")


class NotificationsQuery(PageQuery):
    """Which part of the list, and of which notifications."""

    unread: Literal[True] | None = Field(None, description="Only those that are not read")


class NotifiedTicketAnswer(Given):
    """A ticket as it was when it was made."""

    id: str
    number: str
    title: str
    severity: SeverityName


class NotificationAnswer(Given):
    """One new ticket, or many that came within minutes. Kept for 90 days."""

    id: str
    kind: Literal["ticket", "digest"]
    title: str = Field(description="The ticket's, or how many tickets it tells of")
    ticket_count: int
    tickets: list[NotifiedTicketAnswer] = Field(
        description="The first 50; all of them: `GET /notifications/{notification_id}/tickets`"
    )
    created_at: Time
    read_at: Time | None
