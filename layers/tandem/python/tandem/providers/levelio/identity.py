"""What a Level alert is known by and how bad it is; the same for both webhooks and an alert of the API.

Source: openapi/level-v2-openapi.json, schema alert; alerts.md for the identities.
"""

from collections.abc import Mapping
from typing import Any

from tandem.alerts.models import Severity
from tandem.providers.fields import Fields, bounded_identity

_SEVERITIES = {
    "emergency": Severity.CRITICAL,
    "critical": Severity.MAJOR,
    "warning": Severity.MODERATE,
    "information": Severity.MINOR,
}
_UNKNOWN = Severity.MODERATE


def is_null(text: str) -> bool:
    """Whether Level means null: a variable that an automation's template does not know stays as it was written."""
    return not text or text.lower() == "null" or (text.startswith("{{") and text.endswith("}}"))


def of_api(alert: Mapping[str, Any]) -> Fields:
    """An alert resource, from `GET /v2/alerts` or a native webhook's `data`, under the template's names."""
    return Fields({**alert, "alert_id": alert.get("id")}, is_null)


def external_alert_id(alert: Fields) -> str | None:
    """The id of the alert."""
    return alert.identifier("alert_id")


def identity(alert: Fields) -> str | None:
    """The alert's name; without one, the alert itself; None without either."""
    name = alert.text("name", "alert_name")
    if name is not None:
        return bounded_identity(name)
    alert_id = external_alert_id(alert)
    return None if alert_id is None else bounded_identity(f"alert:{alert_id}")


def severity(alert: Fields) -> Severity:
    """emergency is critical, critical major, warning moderate, information minor; moderate where absent or unknown."""
    return _SEVERITIES.get((alert.text("severity") or "").lower(), _UNKNOWN)
