"""What a person says about the ticket of an alert."""

from pydantic import Field

from tandem.admin.schemas.base import Id, Name, PriorityName, Taken, example


class TicketOfAlertBody(Taken):
    """The ticket of an alert; what is left out comes from the alert."""

    model_config = example(priority="high", title="{{device}}: look at the disk")

    title: Name | None = Field(
        None, description="May hold {{device}} {{message}} {{severity}} {{organization}}", examples=["{{device}}: disk"]
    )
    board_id: Id | None = Field(None, description="The default board if left out")
    priority: PriorityName | None = Field(None, description="By the alert's severity if left out")
    assignee_id: Id | None = None
    client_id: Id | None = Field(None, description="The client that the alert belongs to if left out")
