"""An example for a schema: its own `examples` where it has them, else made from what it says."""

from typing import Any

from tandem.admin.openapi_schemas import REFERENCE, Schema, resolved

AN_ID = "vxk3m2qd7z5h4tjw6nya"
"""As long as Tandem's ids are (ids.py)."""

AN_ID_OF_A_LETTER = f"20261121T031716000000Z-{AN_ID}"

_CONDITION = "NW-DC01: Disk C: is at 96 percent"

_BY_FIELD: dict[str, Any] = {
    "Alert.acknowledged_at": None,
    "Alert.acknowledged_by": None,
    "Alert.alert_class": "conditiongroup",
    "Alert.activity_type": "CONDITION",
    "Alert.outbound_reset": None,
    "Alert.resolved_at": None,
    "Alert.source_type": "CONDITION_DISK_USAGE",
    "Actions.priority": "high",
    "AlertOrganization.name": "Northwind Dental",
    "Board.name": "Service desk",
    "Comment.edited_at": None,
    "Contact.name": "Grace Hopper",
    "Decision.last_at": None,
    "Integration.name": "NinjaOne, main account",
    "Integration.status": "webhook_only",
    "MatchedRule.name": "Server alerts to the NOC",
    "MatchedRule.description": "",
    "Rule.name": "Server alerts to the NOC",
    "Rule.description": "",
    "Device.facts": {"Operating system": "Windows Server 2022"},
    "Disk.name": "C:",
    "Installed.name": "7-Zip 23.01 (x64)",
    "Likeness.asset_id": AN_ID,
    "Likeness.reason": "It has the same serial number or MAC address, but is another client's",
    "NoInventory.reason": "Level has no software inventory.",
    "NotRefreshed.reason": "no connected RMM lists any of its devices",
    "Program.name": "7-zip",
    "ProgramAsset.asset_id": AN_ID,
    "ProgramAssets.name": "7-zip",
    "Retiring.name": "Northwind Dental",
    "SyncFailure.reason": "hostname is no text",
    "DeadLetter.source": "alert-events",
    "Delivery.outcome": "refused",
    "Delivery.reason": "unauthorized",
    "Delivery.status": 401,
    "Delivery.field": "X-Tandem-Secret",
    "Delivery.event": None,
    "searched_from": None,
    "DeadLetter.reason": "not an alert event: body: expected JSON",
    "DeadLetter.id": AN_ID_OF_A_LETTER,
    "DeadLetter.attempts": 1,
    "DeadLetter.replayed_at": None,
    "DeadLetter.replayed_by": None,
    "NotReplayed.id": AN_ID_OF_A_LETTER,
    "NotReplayed.reason": "it is not an alert event: body: expected JSON",
    "age_seconds": 3600,
    "not_replayable": None,
    "replayed": 12,
    "Client.name": "Northwind Dental",
    "Notification.kind": "ticket",
    "Notification.read_at": None,
    "Notification.ticket_count": 1,
    "NotificationPreferences.email": True,
    "NotificationPreferences.least_severity": "none",
    "Client.external_ref": "C-1042",
    "Organization.name": "Northwind Dental",
    "Preview.complete": True,
    "SavedRulePreview.complete": True,
    "Live.alerts": 15,
    "Live.complete": True,
    "Apply.complete": True,
    "handed_over": 15,
    "PreviewAlert.ticket_id": AN_ID,
    "PreviewHeld.window_id": AN_ID,
    "PreviewItem.change": "ticket_made",
    "PreviewItem.firings": 1,
    "PreviewTicket.board_id": "service-desk",
    "PreviewTicket.priority": "high",
    "Status.id": "new",
    "Status.is_default": True,
    "Status.name": "New",
    "Ticket.closed_at": None,
    "Ticket.closed_by": None,
    "Ticket.status": "in_progress",
    "Ticket.priority": "high",
    "Ticket.source_reference": AN_ID,
    "Ticket.board_id": "service-desk",
    "Weekly.days": ["tue", "thu"],
    "Weekly.from_date": None,
    "Weekly.until_date": "2027-03-31",
    "Window.name": "Patch night, Northwind",
    "Window.integration_id": None,
    "Window.starts_at": None,
    "Window.ends_at": None,
    "Occurrence.starts_at": "2026-11-25T03:00:00Z",
    "Occurrence.ends_at": "2026-11-25T07:00:00Z",
    "User.id": "first-admin",
    "User.name": "Ada Lovelace",
    "User.email": "ada@example.com",
    "activity_types": [],
    "alert_classes": [],
    "assignee_id": "first-admin",
    "auto_resolve_status_id": None,
    "author": "first-admin",
    "asset_id": None,
    "board_id": None,
    "body": "Rebooted it; watching.",
    "count": 1,
    "default_client_id": None,
    "description": "Disk C: is at 96 percent",
    "description_template": None,
    "device_count": 61,
    "email": "grace@example.com",
    "external_id": "2",
    "identity": "Disk C: is nearly full",
    "instance_url": "https://app.ninjarmm.com",
    "interval_minutes": None,
    "keywords": [],
    "last_characters": "Cwgg",
    "last_error": None,
    "last_polled_at": None,
    "last_synced_at": None,
    "message": "Disk C: is at 96 percent",
    "message_pattern": "(?i)disk .* (full|failing)",
    "minutes": 15,
    "name": "NW-DC01",
    "next_cursor": None,
    "note": "Replaced the disk",
    "notify_user_ids": [],
    "number": "T-1042",
    "occurrence_count": 3,
    "old_secret_until": None,
    "order": 1,
    "organization_id": "2",
    "organization_ids": ["2"],
    "outcome": "ticket_created",
    "parent_id": None,
    "path": None,
    "payload": '{"event": "trigger"}',
    "phone": "+1 555 0100",
    "previous_ticket_number": None,
    "raw": '{"activityType": "CONDITION", "statusCode": "TRIGGERED"}',
    "reason": "rule 'Server alerts to the NOC' matched",
    "revision": 1,
    "source": "ninjaone",
    "source_types": [],
    "status_name": "In progress",
    "suppressed_by_window_id": None,
    "title": _CONDITION,
    "title_template": "{{device}}: {{message}}",
    "touched_at": None,
    "user_id": "first-admin",
    "window_id": None,
}
"""What no schema can say: the example of a field, by its name, or by that and its model's (`Whole...`, `Mapped...`,
`New...` and `Rotated...` models have the fields of the plain one)."""

_TRUE_FLAGS = ("active", "auto_sync", "create_ticket", "reset_alert_on_ticket_close")


def example_of(schema: Schema, components: dict[str, Schema], name: str = "", model: str = "") -> Any:
    """A value that fits the schema. `name` is the field's and `model` its model's, if it is a field."""
    for field in (f"{model}.{name}", name):
        if field in _BY_FIELD:
            return _BY_FIELD[field]
    model = _model_of(schema)
    schema = resolved(schema, components)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], components)  # the other choice is null
    kind = schema.get("type")
    if kind == "object":
        properties: dict[str, Schema] = schema.get("properties", {})
        return {field: example_of(each, components, field, model) for field, each in properties.items()}
    if kind == "array":
        return [example_of(schema["items"], components)]
    if schema.get("default") is not None:
        return schema["default"]
    return _plain(kind, name)


def _model_of(schema: Schema) -> str:
    name: str = schema.get("$ref", "").removeprefix(REFERENCE)
    for prefix in ("Whole", "Mapped", "New", "Rotated"):
        name = name.removeprefix(prefix)
    return name


def _plain(kind: str | None, name: str) -> Any:
    if kind == "boolean":
        return name in _TRUE_FLAGS
    if kind == "integer":
        return 0
    return AN_ID
