"""Alerts."""

from typing import Literal

from pydantic import Field

from tandem.admin.schemas.base import ExternalId, Given, Id, PageQuery, ProviderName, SeverityName, Time
from tandem.admin.schemas.rules import ActionsAnswer, ConditionsAnswer

ResetStateName = Literal["pending", "done", "failed", "not_connected", "no_id", "not_needed"]
AlertStatusName = Literal["active", "acknowledged", "resolved", "auto_resolved", "suppressed"]


class AlertsQuery(PageQuery):
    """Which alerts; all filters that are given must fit."""

    integration_id: Id | None = None
    status: AlertStatusName | None = None
    device_id: ExternalId | None = Field(None, description="As the RMM calls the device")
    ticket_id: Id | None = None
    client_id: Id | None = None


class AlertDeviceAnswer(Given):
    """The device that an alert is about."""

    external_id: str
    name: str | None
    asset_id: str | None


class AlertOrganizationAnswer(Given):
    """The RMM's customer that an alert is about."""

    external_id: str
    name: str | None


class MatchedRuleAnswer(Given):
    """The rule as it was when it matched; what is not kept of it any more is null."""

    id: str
    revision: int
    name: str
    description: str | None
    order: int | None
    conditions: ConditionsAnswer | None
    actions: ActionsAnswer | None


class OutboundResetAnswer(Given):
    """Telling the RMM that the alert is over, because its ticket was closed or a person resolved it."""

    state: ResetStateName = Field(
        description="pending: its turn comes, or it is tried again; done: the RMM was told, or the alert was over; "
        "failed: given up; not_connected: resolved in Tandem alone; no_id: the same, for the RMM gave the alert no id; "
        "not_needed: it fired again, or its ticket was reopened, before its turn"
    )
    attempts: int
    last_error: str | None
    asked_at: Time
    done_at: Time | None


class DecisionAnswer(Given):
    """One line of the trace: what was decided, and why. `count` > 1: that many alike, the last one at `last_at`."""

    at: Time
    outcome: str
    reason: str
    event_id: str
    rule_id: str | None
    window_id: str | None
    ticket_id: str | None
    count: int
    last_at: Time | None


class AlertAnswer(Given):
    """One alert of an RMM, as lists show it."""

    id: str
    integration_id: str
    provider: ProviderName
    external_id: str | None
    status: AlertStatusName
    severity: SeverityName
    identity: str = Field(description="What keeps firing, in the RMM's words")
    condition_id: str
    message: str
    activity_type: str | None
    alert_class: str | None
    source_type: str | None
    device: AlertDeviceAnswer | None
    organization: AlertOrganizationAnswer | None
    client_id: str | None
    needs_mapping: bool = Field(description="It waits for its organization or device to be mapped to a client")
    ticket_id: str | None
    occurrence_count: int
    first_seen_at: Time
    triggered_at: Time | None
    last_occurrence_at: Time | None
    acknowledged_at: Time | None
    acknowledged_by: str | None
    resolved_at: Time | None
    suppressed_by_window_id: str | None = Field(description="The maintenance window that holds it")
    suppressed_until: Time | None = Field(description="When that window ends, and the alert is decided again")
    matched_rule: MatchedRuleAnswer | None
    outbound_reset: OutboundResetAnswer | None


class WholeAlertAnswer(AlertAnswer):
    """One alert with its trace and the sender's own text. The message is whole here."""

    decisions: list[DecisionAnswer]
    raw: str | None = Field(description="What the RMM sent, kept for 90 days")
