"""Rules."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from tandem.admin.schemas.base import Given, Id, Name, PriorityName, SeverityName, Taken, Text, example
from tandem.admin.schemas.patterns import MessagePattern
from tandem.alerts.wording import PLACEHOLDERS, unknown_placeholders

MOST_WORDS = 100

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Words = Annotated[list[Word], Field(max_length=MOST_WORDS)]


def _empty_if_null(value: object) -> object:
    return [] if value is None else value


def _null_if_blank(text: str | None) -> str | None:
    return text if text and text.strip() else None


def _of_known_placeholders(text: str | None) -> str | None:
    """A misspelt one would be found out by its first ticket only."""
    unknown = unknown_placeholders(text or "")
    if unknown:
        known = ", ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
        raise ValueError(f"{unknown[0]} stands for nothing; there are {known}")
    return text


OptionalWords = Annotated[Words, BeforeValidator(_empty_if_null)]
Template = Annotated[Text | None, AfterValidator(_null_if_blank), AfterValidator(_of_known_placeholders)]


class ConditionsBody(Taken):
    """What a rule asks of an alert; all that is given must hold, nothing given matches every alert."""

    severities: Annotated[list[SeverityName], Field(max_length=5), BeforeValidator(_empty_if_null)] = Field(
        default_factory=list, examples=[["critical", "major"]]
    )
    activity_types: OptionalWords = Field(default_factory=list)
    alert_classes: OptionalWords = Field(default_factory=list)
    source_types: OptionalWords = Field(default_factory=list)
    organization_ids: OptionalWords = Field(default_factory=list, description="As the RMM calls them")
    keywords: OptionalWords = Field(default_factory=list, description="Any of these in the message, in any letter case")
    message_pattern: MessagePattern | None = None


class ActionsBody(Taken):
    """What a rule does with the alerts it matches."""

    create_ticket: bool = True
    board_id: Id | None = Field(default=None, description="The default board if left out")
    priority: PriorityName | None = Field(default=None, description="From the severity if left out")
    assignee_id: Id | None = None
    title_template: Template = Field(default=None, examples=["{{device}}: {{message}}"])
    description_template: Template = None
    auto_resolve_ticket: bool = Field(
        default=False, description="Close the untouched ticket when its last alert is reset"
    )
    auto_resolve_status_id: Id | None = Field(
        default=None, description="With this status; the board's first closed one else"
    )
    reset_alert_on_ticket_close: bool = True
    notify_user_ids: Annotated[list[Id], Field(max_length=MOST_WORDS), BeforeValidator(_empty_if_null)] = Field(
        default_factory=list
    )


class RuleBody(Taken):
    """A rule, whole."""

    model_config = example(
        name="Server alerts to the NOC",
        conditions={"severities": ["critical", "major"], "message_pattern": "(?i)disk .* (full|failing)"},
        actions={"title_template": "{{device}}: {{message}}", "priority": "high", "auto_resolve_ticket": True},
    )

    name: Name = Field(examples=["Server alerts to the NOC"])
    description: Annotated[Text, StringConstraints(max_length=2000)] = ""
    active: bool = True
    order: int | None = Field(None, ge=1, le=1_000_000, description="Lower is tried first; where it is, or last")
    conditions: ConditionsBody = ConditionsBody()
    actions: ActionsBody = ActionsBody()


class OrderBody(Taken):
    """All rules of the integration, in their new order."""

    model_config = example(ids=["q2hm5x7d3vkz4tjw6nya", "vxk3m2qd7z5h4tjw6nya"])

    ids: list[Id] = Field(max_length=200)


class ConditionsAnswer(Given):
    """What a rule asks of an alert."""

    severities: list[SeverityName]
    activity_types: list[str]
    alert_classes: list[str]
    source_types: list[str]
    organization_ids: list[str]
    keywords: list[str]
    message_pattern: str | None


class ActionsAnswer(Given):
    """What a rule does with the alerts it matches."""

    create_ticket: bool
    board_id: str | None
    priority: PriorityName | None
    assignee_id: str | None
    title_template: str | None
    description_template: str | None
    auto_resolve_ticket: bool
    auto_resolve_status_id: str | None
    reset_alert_on_ticket_close: bool
    notify_user_ids: list[str]


class RuleAnswer(Given):
    """A rule. The first active one that matches an alert decides; `revision` counts what it was made to mean."""

    id: str
    name: str
    description: str
    active: bool
    order: int
    revision: int
    conditions: ConditionsAnswer
    actions: ActionsAnswer


class OrderAnswer(Given):
    """The rules in the order in which they are tried."""

    items: list[RuleAnswer]
