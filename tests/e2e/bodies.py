"""Webhook bodies in the recorded shapes, with what a test wants to say."""

import time
from datetime import UTC, datetime
from typing import Any

EPOCH = 1_790_000_000.0


def ninjaone(
    uid: str, status: str = "TRIGGERED", seconds: float = 0, *, device: int = 7, organization: int = 2, **words: Any
) -> dict[str, Any]:
    """A NinjaOne activity with its device expanded."""
    return {
        "id": int(seconds * 10) + device,
        "activityTime": EPOCH + seconds,
        "deviceId": device,
        "seriesUid": uid,
        "activityType": "CONDITION",
        "statusCode": status,
        "status": status.capitalize(),
        "severity": "MAJOR",
        "sourceConfigUid": "205b85b2-8a12-4123-834f-164be08b3314",
        "sourceName": "_average_",
        "subject": "",
        "message": "Memory utilization is greater than or equal to 80% for 5 minutes",
        "type": "Condition",
        "device": {
            "id": device,
            "organizationId": organization,
            "displayName": f"SRV-{device}",
            "references": {"organization": {"id": organization, "name": f"Organization {organization}"}},
        },
        **words,
    }


def tactical(alert: str, event: str = "trigger", seconds: float = 0, **words: str) -> dict[str, Any]:
    """A Tactical URL action's body: every value a string."""
    at = str(datetime.fromtimestamp(EPOCH + seconds, UTC))
    return {
        "event": event,
        "alert_id": alert,
        "alert_type": "check",
        "severity": "error",
        "message": "SRV-18 has a ping check: Ping Check: Gateway ping that failed.",
        "alert_time": at,
        "resolved": "None",
        "resolved_on": at if event == "resolve" else "None",
        "agent_id": "CtLBtKNdNVgWnOnqQfkplJekaACSMEscosTsSDeR",
        "hostname": "SRV-18",
        "client_id": "1",
        "client_name": "Acme Manufacturing",
        "check_id": "87",
        **words,
    }


def level(alert: str, event: str = "alert_active", seconds: float = 0, **words: Any) -> dict[str, Any]:
    """A native Level webhook."""
    at = datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat()
    resolved = {"resolved_at": at, "is_resolved": True} if event == "alert_resolved" else {"is_resolved": False}
    return {
        "event_type": event,
        "event_id": f"event {alert} {event} {seconds}",
        "occurred_at": at,
        "data": {
            "id": alert,
            "device_id": "device-1",
            "device_hostname": "Front Desk 01",
            "name": "Low disk space",
            "description": "Disk free space is below threshold",
            "severity": "critical",
            "started_at": at,
            **resolved,
            **words,
        },
    }


def unique(name: str) -> str:
    """An alert id that no other test uses."""
    return f"{name}-{time.monotonic_ns()}"
