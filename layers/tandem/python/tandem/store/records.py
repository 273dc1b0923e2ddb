"""The core's records as items of the table, and back. Every attribute name stands here once."""

import json
from collections.abc import Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tandem.alerts.decision import Wake
from tandem.alerts.models import (
    Alert,
    AlertStatus,
    Condition,
    Contact,
    DeviceRecord,
    Folding,
    Outcome,
    Provider,
    RuleReference,
    Severity,
    Trace,
    TraceEntry,
)
from tandem.alerts.tickets import Comment, Priority, Ticket, TimeEntry
from tandem.store import keys
from tandem.store.codec import Item, decode_item, encode_item
from tandem.times import from_text, optional_text, optional_time, to_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ALERT_RETENTION = timedelta(days=400)
RAW_RETENTION = timedelta(days=90)
TOMBSTONE_RETENTION = timedelta(days=7)
DEAD_LETTER_RETENTION = timedelta(days=30)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def alert_item(alert: Alert, now: datetime) -> Item:
    """The alert with its index entries: none for a tombstone, which nobody lists; `live` only while it is live.

    Written by every event, twice for each started KB: so its id stands in the key only, its times are numbers, and an
    ordinary alert stays below 1 KB.
    """
    values: dict[str, Any] = {
        **keys.alert_key(alert.alert_id),
        "integration_id": alert.integration_id,
        "provider": alert.provider.value,
        "external_alert_id": alert.external_alert_id,
        "condition_id": alert.condition_id,
        "identity": alert.identity,
        "status": alert.status.value,
        "severity": alert.severity.value,
        "message": alert.message or None,
        "first_seen_at": _microseconds(alert.first_seen_at),
        "external_device_id": alert.external_device_id,
        "device_name": alert.device_name,
        "organization_id": alert.organization_id,
        "organization_name": alert.organization_name,
        "asset_id": alert.asset_id,
        "client_id": alert.client_id,
        "activity_type": alert.activity_type,
        "alert_class": alert.alert_class,
        "source_type": alert.source_type,
        "triggered_at": _microseconds(alert.triggered_at),
        "last_triggered_at": _microseconds(alert.last_triggered_at),
        "last_reset_at": _microseconds(alert.last_reset_at),
        "last_acknowledged_at": _microseconds(alert.last_acknowledged_at),
        "resolved_at": _microseconds(alert.resolved_at),
        "acknowledged_at": _microseconds(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "occurrence_count": alert.occurrence_count,
        "ticket_id": alert.ticket_id,
        "rule": _rule_text(alert.rule) if alert.rule else None,
        "needs_mapping": True if alert.needs_mapping else None,
        "suppressed_by_window_id": alert.suppressed_by_window_id,
        "suppressed_until": _microseconds(alert.suppressed_until),
        "last_event_id": alert.last_event_id,
        "version": alert.version,
    }
    if alert.status is AlertStatus.TOMBSTONE:
        return encode_item({**values, "expires_at": _expiry(now, TOMBSTONE_RETENTION)})
    shard = keys.shard_of(alert.alert_id)
    values |= {
        "list_pk": keys.alerts_by_time(shard),
        "list_sk": keys.time_sort(alert.first_seen_at, alert.alert_id),
    }
    if alert.external_device_id is not None:
        values |= {"owner_pk": keys.device_owner(alert.integration_id, alert.external_device_id)}
    if alert.is_live:
        values |= {"live_pk": keys.live_alerts(alert.integration_id, shard)}
    return encode_item({**values, "expires_at": _expiry(now, ALERT_RETENTION)})


def alert_from(item: Mapping[str, Any]) -> Alert:
    """The alert of an item."""
    values = decode_item(item)
    rule = values.get("rule")
    return Alert(
        alert_id=keys.alert_id_of(values["pk"]),
        integration_id=values["integration_id"],
        provider=Provider(values["provider"]),
        external_alert_id=values.get("external_alert_id"),
        condition_id=values["condition_id"],
        identity=values["identity"],
        status=AlertStatus(values["status"]),
        severity=Severity(values["severity"]),
        message=values.get("message", ""),
        first_seen_at=_EPOCH + timedelta(microseconds=values["first_seen_at"]),
        external_device_id=values.get("external_device_id"),
        device_name=values.get("device_name"),
        organization_id=values.get("organization_id"),
        organization_name=values.get("organization_name"),
        asset_id=values.get("asset_id"),
        client_id=values.get("client_id"),
        activity_type=values.get("activity_type"),
        alert_class=values.get("alert_class"),
        source_type=values.get("source_type"),
        triggered_at=_moment(values.get("triggered_at")),
        last_triggered_at=_moment(values.get("last_triggered_at")),
        last_reset_at=_moment(values.get("last_reset_at")),
        last_acknowledged_at=_moment(values.get("last_acknowledged_at")),
        resolved_at=_moment(values.get("resolved_at")),
        acknowledged_at=_moment(values.get("acknowledged_at")),
        acknowledged_by=values.get("acknowledged_by"),
        occurrence_count=values["occurrence_count"],
        ticket_id=values.get("ticket_id"),
        rule=_rule_reference(rule) if rule else None,
        needs_mapping=values.get("needs_mapping", False),
        suppressed_by_window_id=values.get("suppressed_by_window_id"),
        suppressed_until=_moment(values.get("suppressed_until")),
        last_event_id=values.get("last_event_id"),
        version=values["version"],
    )


def _rule_text(rule: RuleReference) -> str:
    """A JSON list: names of attributes would take more bytes than the values, at each write of the alert."""
    return json.dumps(astuple(rule), separators=(",", ":"), ensure_ascii=False)


def _rule_reference(text: str) -> RuleReference:
    return RuleReference(*json.loads(text))


def trace_item(alert_id: str, trace: Trace, now: datetime) -> Item:
    """The whole trace as one JSON text: half the bytes of a list of maps."""
    lines = [
        {
            "at": to_text(entry.at),
            "outcome": entry.outcome.value,
            "reason": entry.reason,
            "event_id": entry.event_id,
            **({"rule_id": entry.rule_id} if entry.rule_id else {}),
            **({"window_id": entry.window_id} if entry.window_id else {}),
            **({"ticket_id": entry.ticket_id} if entry.ticket_id else {}),
            **({"count": entry.count} if entry.count > 1 else {}),
            **({"last_at": to_text(entry.last_at)} if entry.last_at else {}),
        }
        for entry in trace.entries
    ]
    text = json.dumps(lines, separators=(",", ":"), ensure_ascii=False)
    expiry = _expiry(now, ALERT_RETENTION)
    return encode_item({**keys.trace_key(alert_id), "lines": text, "version": trace.version, "expires_at": expiry})


def trace_from(item: Mapping[str, Any]) -> Trace:
    """The trace of an item."""
    return Trace(
        tuple(
            TraceEntry(
                at=from_text(line["at"]),
                outcome=Outcome(line["outcome"]),
                reason=line["reason"],
                event_id=line["event_id"],
                rule_id=line.get("rule_id"),
                window_id=line.get("window_id"),
                ticket_id=line.get("ticket_id"),
                count=line.get("count", 1),
                last_at=optional_time(line.get("last_at")),
            )
            for line in json.loads(item["lines"]["S"])
        ),
        version=int(item["version"]["N"]),
    )


def raw_item(alert_id: str, raw: bytes, now: datetime) -> Item:
    """The sender's text, gzipped."""
    return encode_item({**keys.raw_key(alert_id), "raw": raw, "expires_at": _expiry(now, RAW_RETENTION)})


def message_item(alert_id: str, message: str, now: datetime) -> Item:
    """The whole message, where the alert holds only its beginning."""
    return encode_item({**keys.message_key(alert_id), "message": message, "expires_at": _expiry(now, ALERT_RETENTION)})


def waiting_item(alert: Alert, now: datetime) -> Item:
    """An alert that waits for a mapping, with what a mapping may be of."""
    return encode_item(
        {
            **keys.waiting_key(alert.integration_id, alert.alert_id),
            "organization_id": alert.organization_id,
            "organization_name": alert.organization_name,
            "external_device_id": alert.external_device_id,
            "expires_at": _expiry(now, ALERT_RETENTION),
        }
    )


def wake_item(wake: Wake) -> Item:
    """A held alert in the due-time index. No TTL: what is due must be seen, however late."""
    return encode_item({**wake_key(wake), "subject": wake.alert_id, "window_id": wake.window_id})


def wake_key(wake: Wake) -> keys.Key:
    """Where a held alert stands in the due-time index."""
    return keys.due_key(wake.at, wake.alert_id, keys.WINDOW_ENDS)


def condition_item(condition: Condition, now: datetime) -> Item:
    """The condition; it ages away only while it has no open ticket."""
    values = {
        **keys.condition_key(condition.condition_id),
        **_values(condition),
        "open_ticket_severity": condition.open_ticket_severity.value if condition.open_ticket_severity else None,
        "occurrences": _folding_values(condition.occurrences),
        "resets": _folding_values(condition.resets),
    }
    if condition.open_ticket_id is None:
        values["expires_at"] = _expiry(now, ALERT_RETENTION)
    return encode_item(values)


def condition_from(item: Mapping[str, Any]) -> Condition:
    """The condition of an item."""
    values = decode_item(item)
    severity = values.get("open_ticket_severity")
    return Condition(
        condition_id=values["condition_id"],
        integration_id=values["integration_id"],
        external_device_id=values.get("external_device_id"),
        organization_id=values.get("organization_id"),
        identity=values["identity"],
        open_ticket_id=values.get("open_ticket_id"),
        open_ticket_number=values.get("open_ticket_number"),
        open_ticket_severity=Severity(severity) if severity else None,
        live_count=values["live_count"],
        occurrence_count=values["occurrence_count"],
        previous_ticket_number=values.get("previous_ticket_number"),
        occurrences=_folding(values.get("occurrences")),
        resets=_folding(values.get("resets")),
        version=values["version"],
    )


def _folding_values(folding: Folding | None) -> dict[str, Any] | None:
    if folding is None:
        return None
    return {
        "ticket_id": folding.ticket_id,
        "since": to_text(folding.since),
        "count": folding.count,
        "folded": folding.folded,
        "comment_id": folding.comment_id,
        "comment_at": to_text(folding.comment_at),
        "first_at": to_text(folding.first_at),
    }


def _folding(values: Mapping[str, Any] | None) -> Folding | None:
    if values is None:
        return None
    return Folding(
        ticket_id=values["ticket_id"],
        since=from_text(values["since"]),
        count=values["count"],
        folded=values["folded"],
        comment_id=values["comment_id"],
        comment_at=from_text(values["comment_at"]),
        first_at=from_text(values["first_at"]),
    )


def device_item(device: DeviceRecord) -> Item:
    """The device record; it stays as long as the integration does."""
    key = keys.device_key(device.integration_id, device.external_device_id)
    values = {
        **_values(device),
        "facts": dict(device.facts) or None,
        "learnt_at": optional_text(device.learnt_at),
        "asset_client_by_person": device.asset_client_by_person or None,
        "asset_facts": dict(device.asset_facts) or None,
    }
    return encode_item({**key, **values})


def device_from(item: Mapping[str, Any]) -> DeviceRecord:
    """The device record of an item."""
    values = decode_item(item)
    return DeviceRecord(
        integration_id=values["integration_id"],
        external_device_id=values["external_device_id"],
        name=values.get("name"),
        organization_id=values.get("organization_id"),
        client_id=values.get("client_id"),
        asset_id=values.get("asset_id"),
        facts=values.get("facts", {}),
        learnt_at=optional_time(values.get("learnt_at")),
        version=values["version"],
        asset_client_id=values.get("asset_client_id"),
        asset_client_by_person=values.get("asset_client_by_person", False),
        asset_facts=values.get("asset_facts", {}),
    )


def ticket_item(ticket: Ticket) -> Item:
    """The ticket with its index entries: open or closed by time, and its client's."""
    values: dict[str, Any] = {
        **keys.ticket_key(ticket.ticket_id),
        **_values(ticket),
        "priority": ticket.priority.value,
        "opened_at": to_text(ticket.opened_at),
        "closed_at": optional_text(ticket.closed_at),
        "touched_at": optional_text(ticket.touched_at),
        "contact": contact_values(ticket.contact),
        "severity": ticket.severity.value if ticket.severity else None,
        "notify_user_ids": list(ticket.notify_user_ids) or None,
        "list_pk": keys.tickets_by_time(ticket.is_closed, keys.shard_of(ticket.ticket_id)),
        "list_sk": keys.time_sort(ticket.opened_at, ticket.ticket_id),
    }
    if ticket.client_id is not None:
        values |= {"owner_pk": keys.client_owner(ticket.client_id)}
    return encode_item(values)


def ticket_from(item: Mapping[str, Any]) -> Ticket:
    """The ticket of an item."""
    values = decode_item(item)
    return Ticket(
        ticket_id=values["ticket_id"],
        number=values["number"],
        title=values["title"],
        description=values["description"],
        board_id=values["board_id"],
        status_id=values["status_id"],
        is_closed=values["is_closed"],
        priority=Priority(values["priority"]),
        opened_at=from_text(values["opened_at"]),
        client_id=values.get("client_id"),
        asset_id=values.get("asset_id"),
        assignee_id=values.get("assignee_id"),
        contact=contact_from(values.get("contact")),
        source=values["source"],
        source_reference=values.get("source_reference"),
        condition_id=values.get("condition_id"),
        previous_ticket_number=values.get("previous_ticket_number"),
        closed_at=optional_time(values.get("closed_at")),
        closed_by=values.get("closed_by"),
        touched_at=optional_time(values.get("touched_at")),
        severity=Severity(values["severity"]) if "severity" in values else None,
        occurrence_count=values["occurrence_count"],
        notify_user_ids=tuple(values.get("notify_user_ids", ())),
        version=values["version"],
    )


def link_item(ticket_id: str, alert_id: str) -> Item:
    """One alert of a ticket."""
    return encode_item({**keys.link_key(ticket_id, alert_id), "alert_id": alert_id})


def comment_item(comment: Comment) -> Item:
    """One comment of a ticket."""
    return encode_item(
        {
            **keys.comment_key(comment.ticket_id, comment.created_at, comment.comment_id),
            **_values(comment),
            "created_at": to_text(comment.created_at),
            "edited_at": optional_text(comment.edited_at),
        }
    )


def comment_from(item: Mapping[str, Any]) -> Comment:
    """The comment of an item."""
    values = decode_item(item)
    return Comment(
        comment_id=values["comment_id"],
        ticket_id=values["ticket_id"],
        body=values["body"],
        author=values["author"],
        internal=values["internal"],
        created_at=from_text(values["created_at"]),
        edited_at=optional_time(values.get("edited_at")),
    )


def time_entry_item(entry: TimeEntry) -> Item:
    """Time booked on a ticket."""
    return encode_item(
        {
            **keys.time_entry_key(entry.ticket_id, entry.created_at, entry.entry_id),
            **_values(entry),
            "created_at": to_text(entry.created_at),
        }
    )


def time_entry_from(item: Mapping[str, Any]) -> TimeEntry:
    """The time entry of an item."""
    values = decode_item(item)
    return TimeEntry(
        entry_id=values["entry_id"],
        ticket_id=values["ticket_id"],
        minutes=values["minutes"],
        note=values["note"],
        author=values["author"],
        created_at=from_text(values["created_at"]),
    )


def contact_values(contact: Contact | None) -> dict[str, str] | None:
    """A contact's words; None for none or an empty one."""
    if contact is None:
        return None
    return {name: value for name, value in _values(contact).items() if value is not None} or None


def contact_from(values: Mapping[str, Any] | None) -> Contact | None:
    """The contact of a map."""
    return Contact(values.get("name"), values.get("email"), values.get("phone")) if values else None


def _values(record: "DataclassInstance") -> dict[str, Any]:
    """A record's values by name. Unlike dataclasses.asdict it copies nothing that they hold."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _expiry(now: datetime, retention: timedelta) -> int:
    return int((now + retention).timestamp())


def _microseconds(at: datetime | None) -> int | None:
    """A time since 1970 as a number: 9 bytes in an item instead of a text's 27."""
    return (at - _EPOCH) // timedelta(microseconds=1) if at is not None else None


def _moment(microseconds: int | None) -> datetime | None:
    return _EPOCH + timedelta(microseconds=microseconds) if microseconds is not None else None
