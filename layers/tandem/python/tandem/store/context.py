"""What is configured, cached in a warm function and reloaded when the configuration's version moves.

The version is read along with round 1 of each batch (reads.py), so the cache costs no call of its own.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tandem.alerts.decision import Context
from tandem.alerts.models import (
    Client,
    Organization,
    Provider,
    Rule,
    RuleActions,
    RuleConditions,
    Severity,
)
from tandem.alerts.tickets import Board, Status
from tandem.alerts.windows import MaintenanceWindow
from tandem.store import keys
from tandem.store.codec import decode_item, encode_item
from tandem.store.errors import translating
from tandem.store.records import contact_from
from tandem.store.windows import window_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ContextCache:
    """Contexts by integration, all of one configuration version."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._version = -1
        self._contexts: dict[str, Context] = {}
        self._clients: dict[str, Client] = {}
        self._boards: dict[str, Board] = {}
        self._windows: tuple[MaintenanceWindow, ...] = ()

    def refresh(self, version: int) -> None:
        """Forget everything if the configuration is no longer this version. Raises BusyError; then all is as before."""
        if version == self._version:
            return
        with translating():
            clients = {item["client_id"]: _client(item) for item in self._collection("CLIENT")}
            boards = {item["board_id"]: board_of(item) for item in self._collection("BOARD")}
            windows = tuple(window_of(item) for item in self._collection("WINDOW"))
        self._clients, self._boards, self._windows = clients, boards, windows
        self._contexts, self._version = {}, version

    @property
    def version(self) -> int:
        """The version that the contexts are of."""
        return self._version

    def context(self, integration_id: str) -> Context | None:
        """The context of an integration; None for one that does not exist. Raises BusyError."""
        known = self._contexts.get(integration_id)
        if known is not None:
            return known
        with translating():
            loaded = self._load(integration_id)
        if loaded is not None:
            self._contexts[integration_id] = loaded
        return loaded

    def _load(self, integration_id: str) -> Context | None:
        answer = self._client.get_item(
            TableName=self._table,
            Key=encode_item(keys.integration_key(integration_id)),
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        integration = decode_item(answer["Item"])
        rules = (rule_of(item) for item in self._collection(f"RULE#{integration_id}"))
        organizations = (_organization(item) for item in self._collection(f"ORGANIZATION#{integration_id}"))
        return Context(
            integration_id=integration_id,
            provider=Provider(integration["provider"]),
            integration_name=integration["name"],
            rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.rule_id))),
            organizations={organization.external_id: organization for organization in organizations},
            clients=self._clients,
            boards=self._boards,
            windows=self._windows,
            default_client_id=integration.get("default_client_id"),
        )

    def _collection(self, partition: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield decode_item(item)


def rule_of(values: dict[str, Any]) -> Rule:
    """The rule of an item's values."""
    conditions, actions = values["conditions"], values["actions"]
    return Rule(
        rule_id=values["rule_id"],
        name=values["name"],
        active=values["active"],
        order=values["order"],
        revision=values["revision"],
        description=values.get("description", ""),
        conditions=RuleConditions(
            severities=tuple(Severity(severity) for severity in conditions.get("severities", ())),
            activity_types=tuple(conditions.get("activity_types", ())),
            alert_classes=tuple(conditions.get("alert_classes", ())),
            source_types=tuple(conditions.get("source_types", ())),
            organization_ids=tuple(conditions.get("organization_ids", ())),
            keywords=tuple(conditions.get("keywords", ())),
            message_pattern=conditions.get("message_pattern"),
        ),
        actions=RuleActions(
            create_ticket=actions.get("create_ticket", True),
            board_id=actions.get("board_id"),
            priority=actions.get("priority"),
            assignee_id=actions.get("assignee_id"),
            title_template=actions.get("title_template"),
            description_template=actions.get("description_template"),
            auto_resolve_ticket=actions.get("auto_resolve_ticket", False),
            auto_resolve_status_id=actions.get("auto_resolve_status_id"),
            reset_alert_on_ticket_close=actions.get("reset_alert_on_ticket_close", True),
            notify_user_ids=tuple(actions.get("notify_user_ids", ())),
        ),
    )


def board_of(values: dict[str, Any]) -> Board:
    """The board of an item's values."""
    return Board(
        board_id=values["board_id"],
        name=values["name"],
        is_default=values.get("is_default", False),
        active=values.get("active", True),
        statuses=tuple(
            Status(
                status_id=status["status_id"],
                name=status["name"],
                is_default=status.get("is_default", False),
                is_closed=status.get("is_closed", False),
            )
            for status in values["statuses"]
        ),
    )


def _client(values: dict[str, Any]) -> Client:
    return Client(values["client_id"], values["name"], contact_from(values.get("default_contact")))


def _organization(values: dict[str, Any]) -> Organization:
    return Organization(
        external_id=values["external_id"],
        name=values.get("name"),
        client_id=values.get("client_id"),
        default_contact=contact_from(values.get("default_contact")),
    )
