"""What Tandem writes into tickets: titles, descriptions, comments."""

import re
from collections.abc import Mapping
from datetime import datetime

from tandem.alerts.limits import cut_bytes, cut_title
from tandem.alerts.models import Alert, AlertEvent, Folding, Origin, Provider, Rule, Severity
from tandem.alerts.placing import Place
from tandem.alerts.tickets import Priority

DESCRIPTION_BYTES = 16 * 1024

PROVIDER_NAMES = {
    Provider.NINJAONE: "NinjaOne",
    Provider.TACTICALRMM: "Tactical RMM",
    Provider.LEVELIO: "Level",
}

_DEFAULT_TITLE = "{{device}}: {{message}}"
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_IN_BRACES = re.compile(r"\{\{([^{}]*)\}\}")

PLACEHOLDERS = ("device", "message", "severity", "organization")
"""What a template may name."""


def placeholders(event: AlertEvent, place: Place) -> Mapping[str, str]:
    """What `{{device}} {{message}} {{severity}} {{organization}}` stand for."""
    return {
        "device": place.device_name or event.external_device_id or place.organization_name or "Unknown device",
        "message": event.message or event.identity,
        "severity": event.severity.value,
        "organization": place.organization_name or place.organization_id or "",
    }


def unknown_placeholders(template: str) -> list[str]:
    """What stands in double braces and would stay there: `{{devcie}}`, `{{alert.message}}`."""
    return [found[0] for found in _IN_BRACES.finditer(template) if found[1].strip().lower() not in PLACEHOLDERS]


def render(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled in one pass, so that a message that looks like a placeholder stays
    what it is; letter case does not matter; unknown ones are left as they are."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1].lower(), found[0]), template)


def title(rule: Rule, event: AlertEvent, place: Place) -> str:
    """One line of at most 255 characters."""
    return cut_title(
        " ".join(render(rule.actions.title_template or _DEFAULT_TITLE, placeholders(event, place)).split())
    )


def description(rule: Rule, event: AlertEvent, place: Place) -> str:
    """The rule's own description, or the alert in full."""
    if rule.actions.description_template:
        return cut_bytes(render(rule.actions.description_template, placeholders(event, place)), DESCRIPTION_BYTES)
    lines = [
        f"Alert from {PROVIDER_NAMES[event.provider]}.",
        "",
        f"Severity: {event.severity.value}",
        *_line("Device", place.device_name or event.external_device_id),
        *_line("Organization", place.organization_name or place.organization_id),
        *_line("Activity type", event.activity_type),
        *_line("Alert class", event.alert_class),
        f"Triggered at: {_time(event.occurred_at)}",
        "",
        event.message,
    ]
    return "\n".join(lines)


def opening_comment(
    event: AlertEvent, place: Place, client_name: str | None, cause: str, previous_ticket_number: str | None
) -> str:
    """The first internal comment: where the ticket comes from, and what is known of the device. `cause`: what made it,
    as one line, if a rule did."""
    facts = {**(place.device.known_facts if place.device else {}), **event.facts}
    lines = [
        f"Opened by {'hand' if event.origin is Origin.PERSON and event.acted_by else 'Tandem'} from a "
        f"{PROVIDER_NAMES[event.provider]} alert.",
        *_line("Alert", event.external_alert_id),
        f"Condition: {event.identity}",
        f"Severity: {event.severity.value}",
        f"Fired: {_time(event.occurred_at)}",
        *([cause] if cause else []),
        "",
        *_line("Client", client_name),
        *_line("Organization", _named(place.organization_name, place.organization_id)),
        *_line("Device", _named(place.device_name, event.external_device_id)),
        *(f"{label}: {fact}" for label, fact in sorted(facts.items())),
    ]
    if previous_ticket_number is not None:
        lines += ["", f"This condition had a ticket before: {previous_ticket_number}."]
    return "\n".join(lines).rstrip()


def asset_comment(event: AlertEvent, place: Place) -> str:
    """The device's asset is known, after the ticket was opened: what is known of it."""
    facts = place.device.known_facts if place.device else {}
    return "\n".join(
        [
            "The device is known as an asset now.",
            *_line("Device", _named(place.device_name, event.external_device_id)),
            *(f"{label}: {fact}" for label, fact in sorted(facts.items())),
        ]
    )


def occurrence_comment(event: AlertEvent, occurrence: int, folding: Folding) -> str:
    """One occurrence, or as many as the comment stands for."""
    if folding.folded == 1:
        head = f"Fired again: occurrence {occurrence}, {_time(event.occurred_at)}."
    else:
        head = (
            f"Fired again {folding.folded} times: occurrences {occurrence - folding.folded + 1} to {occurrence}, "
            f"between {_time(folding.first_at)} and {_time(event.occurred_at)}. The latest:"
        )
    return "\n".join(
        [head, *_line("Alert", event.external_alert_id), f"Severity: {event.severity.value}", event.message]
    )


def reset_comment(event: AlertEvent, alert: Alert, folding: Folding, outcome: str) -> str:
    """One reset, or as many as the comment stands for; `outcome`: what became of the ticket, if anything."""
    provider = PROVIDER_NAMES[event.provider]
    if event.in_tandem_alone:
        head = f"Resolved in Tandem alone, {provider} could not be told: {_time(event.occurred_at)}."
    elif folding.folded == 1:
        head = f"Cleared in {provider}: {_time(event.occurred_at)}."
    else:
        head = (
            f"Cleared in {provider} {folding.folded} times between {_time(folding.first_at)} "
            f"and {_time(event.occurred_at)}. The latest:"
        )
    last = [f"{outcome}."] if outcome else []
    return "\n".join([head, *_line("Alert", alert.external_alert_id), alert.message, *last])


def resolved_comment(event: AlertEvent, alert: Alert, outcome: str) -> str:
    """A person resolved the alert in Tandem; they are the comment's author."""
    last = [f"{outcome}."] if outcome else []
    return "\n".join(
        [
            f"Alert resolved by hand: {_time(event.occurred_at)}.",
            *_line("Alert", alert.external_alert_id),
            alert.message,
            *last,
        ]
    )


def acknowledged_comment(event: AlertEvent) -> str:
    """Who acknowledged, and when. A person who did it in Tandem is the comment's author."""
    if event.origin is Origin.PERSON:
        return f"Alert acknowledged: {_time(event.occurred_at)}."
    by = f" by {event.acted_by}" if event.acted_by else ""
    return f"Acknowledged in {PROVIDER_NAMES[event.provider]}{by}: {_time(event.occurred_at)}."


def severity_comment(
    before: Severity, event: AlertEvent, priority_before: Priority, priority: Priority, pinned_by: str | None
) -> str:
    """The severity rose; what became of the priority, and why."""
    lines = [f"Severity rose from {before.value} to {event.severity.value}, {_time(event.occurred_at)}."]
    if priority is not priority_before:
        lines.append(f"Priority raised from {priority_before.value} to {priority.value}.")
    elif pinned_by is not None:
        lines.append(f"Priority stays {priority.value}: rule '{pinned_by}' sets it.")
    else:
        lines.append(f"Priority stays {priority.value}.")
    lines.append(event.message)
    return "\n".join(lines)


def _line(label: str, value: str | None) -> list[str]:
    return [f"{label}: {value}"] if value else []


def _named(name: str | None, identifier: str | None) -> str | None:
    if name and identifier:
        return f"{name} ({identifier})"
    return name or identifier


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
