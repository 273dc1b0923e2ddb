"""What a Tactical RMM alert is known by and how bad it is; the same for a webhook and an alert of the API.

Sources: vendors.md 0.9 (only info, warning and error exist) and 2.4 (one open alert per agent and check, task or
availability); alerts.md for the identities.
"""

from collections.abc import Mapping
from typing import Any

from tandem.alerts.models import Severity
from tandem.providers.fields import Fields, bounded_identity

AVAILABILITY, CHECK, TASK = "availability", "check", "task"
ALERT_TYPES = frozenset({AVAILABILITY, CHECK, TASK, "custom"})

SEVERITIES = {"error": Severity.CRITICAL, "warning": Severity.MODERATE, "info": Severity.MINOR}
_UNKNOWN = Severity.MODERATE

_OF_CHECK = ("check_id", "assigned_check", "assigned_check_id")
_OF_TASK = ("task_id", "assigned_task", "assigned_task_id")


def of_api(alert: Mapping[str, Any]) -> Fields:
    """A row of `PATCH /alerts/` under the webhook's names, for the functions below."""
    return Fields({**alert, "alert_id": alert.get("id")})


def external_alert_id(alert: Fields) -> str | None:
    """The number of the alert."""
    return alert.identifier("alert_id")


def alert_type(alert: Fields) -> str | None:
    """availability, check, task or custom; where a template leaves it out, what the other ids say."""
    stated = alert.name("alert_type")
    if stated is not None:
        return stated.lower()
    if alert.identifier(*_OF_CHECK) is not None:
        return CHECK
    return TASK if alert.identifier(*_OF_TASK) is not None else None


def identity(alert: Fields) -> str | None:
    """`check:<id>`, `task:<id>` or `availability`; where the id is missing (Tactical has no placeholder for a task's in
    most templates) `<type>:alert:<alert id>`; None where that is missing too."""
    kind_of_alert = alert_type(alert)
    if kind_of_alert == AVAILABILITY:
        return AVAILABILITY
    names = {CHECK: _OF_CHECK, TASK: _OF_TASK}.get(kind_of_alert or "")
    source_id = alert.identifier(*names) if names else None
    if source_id is not None:
        return bounded_identity(f"{kind_of_alert}:{source_id}")
    alert_id = external_alert_id(alert)
    return None if alert_id is None else bounded_identity(f"{kind_of_alert or 'unknown'}:alert:{alert_id}")


def severity(alert: Fields) -> Severity:
    """error is critical, warning moderate, info minor; moderate where absent or unknown."""
    return SEVERITIES.get((alert.text("severity") or "").lower(), _UNKNOWN)
