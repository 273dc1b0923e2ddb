"""Previews of rules and windows, and the applying of a rule."""

from typing import Literal

from pydantic import Field

from tandem.admin.schemas.alerts import AlertDeviceAnswer, AlertOrganizationAnswer, AlertStatusName
from tandem.admin.schemas.base import Given, Id, PriorityName, ProviderName, SeverityName, Taken, Time, example
from tandem.admin.schemas.rules import RuleBody
from tandem.admin.schemas.windows import WindowBody
from tandem.archive.reading import MOST_DAYS

ChangeName = Literal["ticket_made", "ticket_not_made", "routed_elsewhere", "decided_otherwise", "none"]
OutcomeName = Literal[
    "ticket_created",
    "occurrence_appended",
    "severity_raised",
    "recorded_only",
    "needs_mapping",
    "suppressed",
    "resolved",
    "acknowledged",
    "placed",
    "ignored",
]

_DAYS = Field(7, ge=1, le=MOST_DAYS, description="How many days back from now")


class RulePreviewBody(RuleBody):
    """A rule as it would be saved, and over which days it is tried."""

    model_config = example(
        name="No heartbeats", conditions={"keywords": ["heartbeat"]}, actions={"create_ticket": False}, days=14
    )

    rule_id: Id | None = Field(None, description="The rule that it would replace; a new one if left out")
    days: int = _DAYS


class SavedRulePreviewBody(Taken):
    """Over which days a saved rule is tried."""

    days: int = _DAYS


class WindowPreviewBody(WindowBody):
    """A maintenance window as it would be saved, and over which days it is tried."""

    model_config = example(
        name="Patch night, Northwind",
        client_id="vxk3m2qd7z5h4tjw6nya",
        weekly={"days": ["tue", "thu"], "start": "22:00", "end": "02:00", "timezone": "America/New_York"},
        days=30,
    )

    window_id: Id | None = Field(None, description="The window that it would replace; a new one if left out")
    days: int = _DAYS


class ApplyBody(Taken):
    """Which preview it is that is applied."""

    model_config = example(preview_id="vxk3m2qd7z5h4tjw6nya")

    preview_id: Id


class PreviewAlertAnswer(Given):
    """The alert as it was when it fired."""

    id: str
    external_id: str | None
    integration_id: str
    provider: ProviderName
    identity: str
    severity: SeverityName
    message: str
    device: AlertDeviceAnswer | None
    organization: AlertOrganizationAnswer | None
    client_id: str | None
    status: AlertStatusName | None = Field(description="What it really was then")
    ticket_id: str | None = Field(description="The ticket that it really had then")


class PreviewTicketAnswer(Given):
    """A ticket that would have been made or joined."""

    title: str
    board_id: str
    priority: PriorityName
    assignee_id: str | None
    client_id: str | None


class PreviewHeldAnswer(Given):
    """A window that would have held the alert. `window_id` is `new` for one that is not saved."""

    window_id: str
    since: Time
    until: Time


class PreviewOutcomeAnswer(Given):
    """What would have become of the firing, the end of the windows that held it included."""

    at: Time
    outcome: OutcomeName
    reason: str
    rule_id: str | None = Field(description="The rule that decides; `new` for one that is not saved")
    ticket: PreviewTicketAnswer | None
    held: list[PreviewHeldAnswer]


class PreviewItemAnswer(Given):
    """One alert that fares otherwise. `before` and `after` are of its first firing that does; `firings`: how many."""

    alert: PreviewAlertAnswer
    applied_at: Time
    occurred_at: Time
    change: ChangeName
    firings: int
    before: PreviewOutcomeAnswer
    after: PreviewOutcomeAnswer


class PreviewSummaryAnswer(Given):
    """All items in numbers, the ones of other pages included. `events` and `alerts`: what was looked at.
    `recorded_instead` and `suppressed_instead` are among `tickets_not_made`."""

    events: int
    alerts: int
    listed: int
    tickets_made: int
    tickets_not_made: int
    routed_elsewhere: int
    decided_otherwise: int
    recorded_instead: int
    suppressed_instead: int


class PreviewAnswer(Given):
    """What would have been different, the latest first. `complete`: nothing between `covered_from` and `until` is
    missing, and that is all that was asked for."""

    summary: PreviewSummaryAnswer
    items: list[PreviewItemAnswer]
    next_cursor: str | None
    covered_from: Time
    until: Time
    complete: bool
    notes: list[str] = Field(description="What to keep in mind, in words")


class LiveAnswer(Given):
    """Live alerts that are only recorded. `would`: how many of them would have which outcome if the rule is applied;
    `complete`: all were looked at."""

    alerts: int
    would: dict[OutcomeName, int] = Field(examples=[{"ticket_created": 12, "occurrence_appended": 3}])
    complete: bool


class SavedRulePreviewAnswer(PreviewAnswer):
    """What the rule would have changed if it had been there all the time, and what applying it would do now."""

    preview_id: str | None = Field(description="For applying the rule, within an hour; on the first page")
    live: LiveAnswer | None = Field(description="On the first page")


class ApplyAnswer(Given):
    """How many live alerts are decided again now, oldest first. Not `complete`: apply again for the rest."""

    handed_over: int
    complete: bool
