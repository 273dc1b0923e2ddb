"""What webhook_ingest answers, for the documents only: the function itself is kept free of pydantic.

tests/unit/admin/test_openapi.py holds these against the answers that ingest makes.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from tandem.admin.schemas.base import Given, ProblemField


class WebhookReply(Given):
    """What all answers to a webhook share: nothing beyond their fields."""

    model_config = ConfigDict(extra="forbid")


class WebhookAcceptedAnswer(WebhookReply):
    """The event is stored durably."""

    status: Literal["accepted"]
    event_id: str = Field(description="Stands in the trace of the alert", examples=["vxk3m2qd7z5h4tjw6nya"])


class WebhookIgnoredAnswer(WebhookReply):
    """Authentic, and nothing to do."""

    status: Literal["ignored"]
    reason: str = Field(examples=["device event"])
    event: str = Field("", description="The sender's own word for it, if it has one", examples=["device_updated"])


class WebhookRefusedAnswer(WebhookReply):
    """The sender's fault; nothing is stored."""

    status: Literal["refused"]
    reason: str = Field(examples=["unauthorized"])
    errors: list[ProblemField] = Field(description="What was expected where")


class WebhookFailedAnswer(WebhookReply):
    """Not stored; the sender may try again."""

    status: Literal["error"]
    reason: str = Field(examples=["not stored, try again"])


class GatewayAnswer(Given):
    """What the gateway in front of the functions says itself."""

    message: str = Field(examples=["Too Many Requests"])
