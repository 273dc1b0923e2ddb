"""What a NinjaOne alert is known by and how bad it is; the same for an activity (webhook) and an alert (API).

Sources: vendors.md 0.1 and 1.7: `seriesUid` of an activity is the `uid` of the alert; a RESET carries another
`data.message.code` than its trigger, so the code only serves where the condition's configuration is not named.
"""

from collections.abc import Mapping
from typing import Any

from tandem.alerts.models import Severity
from tandem.providers.fields import Fields, bounded_identity

_SEVERITIES = {severity.value: severity for severity in Severity}
_ABSENT = Severity.MODERATE


def of_api(alert: Mapping[str, Any]) -> Fields:
    """An alert of `GET /v2/alerts` under an activity's names: these alerts are "triggered conditions" (the OpenAPI's
    words), and the activities of those are of type CONDITION."""
    names = {"seriesUid": alert.get("uid"), "activityTime": alert.get("createTime"), "activityType": "CONDITION"}
    return Fields({**alert, **names})


def external_alert_id(activity: Fields) -> str | None:
    """`seriesUid` of an activity, which is the `uid` of the alert."""
    return activity.identifier("seriesUid")


def alert_class(activity: Fields) -> str | None:
    """The code of the condition's message, such as `vmm_cond_memory_usage_ge`."""
    return activity.nested("data").nested("message").name("code")


def identity(activity: Fields) -> str | None:
    """`sourceConfigUid`, else `sourceType/sourceName/code`, else the alert itself; None without any of them."""
    configured = activity.identifier("sourceConfigUid")
    if configured is not None:
        return configured
    source_type, source_name, code = activity.text("sourceType"), activity.text("sourceName"), alert_class(activity)
    if source_type is not None or source_name is not None or code is not None:
        kind_of_source = source_type or activity.text("activityType") or ""
        return bounded_identity(f"{kind_of_source}/{source_name or ''}/{code or ''}")
    alert_id = external_alert_id(activity)
    return None if alert_id is None else bounded_identity(f"alert:{alert_id}")


def severity(activity: Fields) -> Severity:
    """As given, in any letter case; moderate where absent or unknown."""
    return _SEVERITIES.get((activity.text("severity") or "").lower(), _ABSENT)
