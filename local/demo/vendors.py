"""What the three RMMs would send, made up in the shapes that they were seen to send."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One webhook delivery. `what`: the story in a few words. `alert`: the alert's id in the RMM, if it names one."""

    provider: str
    what: str
    body: bytes
    alert: str | None = None
    wrong_secret: bool = False


@dataclass(frozen=True)
class Run:
    """One run of the demo: its ids are its own, so that a second run tells the same story again."""

    number: int

    def uid(self, name: str) -> str:
        """A UUID-like id of this run."""
        digest = hashlib.sha256(f"{self.number}:{name}".encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"

    def count(self, offset: int) -> int:
        """A number that no other run used."""
        return self.number * 100 + offset


def ninjaone(run: Run) -> list[Delivery]:
    """NinjaOne: `statusCode` says what happened, the organization is in the device, times are epoch seconds."""
    device = run.count(1)
    first, first_id = _activity(run, "memory-1", "TRIGGERED", 0, device, 2, "MAJOR")
    again, again_id = _activity(run, "memory-2", "TRIGGERED", 5, device, 2, "CRITICAL")
    other, other_id = _activity(run, "memory-3", "TRIGGERED", 7, run.count(2), 2, "MODERATE")
    unmapped, unmapped_id = _activity(run, "memory-4", "TRIGGERED", 8, run.count(3), 9, "MAJOR")
    cleared, cleared_id = _activity(run, "memory-1", "RESET", 30, device, 2, "NONE")
    return [
        Delivery("ninjaone", "first firing", first, first_id),
        Delivery("ninjaone", "exact redelivery", first, first_id),
        Delivery("ninjaone", "same condition, worse, new alert", again, again_id),
        Delivery("ninjaone", "another device", other, other_id),
        Delivery("ninjaone", "organization not mapped yet", unmapped, unmapped_id),
        Delivery("ninjaone", "the first alert clears", cleared, cleared_id),
        Delivery("ninjaone", "body cut off on the way", first[:200]),
        Delivery("ninjaone", "wrong secret", first, wrong_secret=True),
    ]


@dataclass(frozen=True)
class Night:
    """What happens while one client is patched: first everything fires, then all but one clear."""

    fires: dict[str, Delivery]
    clears: dict[str, Delivery]


def night(run: Run) -> Night:
    """Four devices: one gets well by itself, one has somebody work on it, two of another client are being patched and
    one of those stays ill."""

    def told(name: str, status: str, seconds: float) -> Delivery:
        device, organization = {
            "well by itself": (31, 2),
            "worked on": (32, 2),
            "patched, well": (33, 5),
            "patched, ill": (34, 5),
        }[name]
        body, uid = _activity(run, name, status, seconds, run.count(device), organization, "MAJOR")
        what = "fires" if status == "TRIGGERED" else "clears"
        return Delivery("ninjaone", f"{name}: {what}", body, uid)

    names = ("well by itself", "worked on", "patched, well", "patched, ill")
    return Night(
        {name: told(name, "TRIGGERED", 40) for name in names}, {name: told(name, "RESET", 55) for name in names[:3]}
    )


def _activity(
    run: Run, name: str, status: str, seconds: float, device: int, organization: int, severity: str
) -> tuple[bytes, str]:
    """The body and the alert's id."""
    organizations = {2: "Acme Corp", 5: "Umbrella Corp", 9: "Initech"}
    body = {
        "id": run.count(int(seconds * 2)) + device,
        "activityTime": time.time() - 60 + seconds,
        "deviceId": device,
        "seriesUid": run.uid(name),
        "activityType": "CONDITION",
        "statusCode": status,
        "status": status.capitalize(),
        "severity": severity,
        "sourceConfigUid": run.uid("memory-condition"),
        "sourceName": "Memory",
        "subject": "",
        "message": "Memory utilization is greater than or equal to 90% for 5 minutes",
        "type": "Condition",
        "data": {"message": {"code": "agent_cond_memory_usage_ge"}},
        "device": {
            "id": device,
            "organizationId": organization,
            "locationId": 2,
            "nodeClass": "WINDOWS_SERVER",
            "displayName": f"SRV-{device:02d}",
            "systemName": f"srv-{device:02d}.acme.example",
            "references": {
                "organization": {"id": organization, "name": organizations[organization]},
                "location": {"id": 2, "name": "Main office"},
            },
        },
    }
    return json.dumps(body).encode(), run.uid(name)


def tacticalrmm(run: Run) -> list[Delivery]:
    """Tactical RMM: all values are strings; a quote inside one makes it send a JSON string that holds broken JSON."""

    def rendered(
        number: int, host: str, message: str, seconds: int, severity: str = "error", event: str = "trigger"
    ) -> tuple[bytes, str]:
        at = datetime.fromtimestamp(time.time() - 60 + seconds, UTC)
        # The template of docs/connecting.md: the message first, so that its text cannot forge members.
        values = {
            "message": f"{host} has a check: {message} that failed.",
            "event": event,
            "alert_id": str(run.count(number)),
            "alert_type": "check",
            "severity": severity,
            "alert_time": str(at),
            "resolved_on": "None",
            "agent_id": hashlib.sha256(f"{run.number}:{host}".encode()).hexdigest()[:40],
            "hostname": host,
            "operating_system": "Microsoft Windows Server 2022 Standard",
            "client_id": "2",
            "client_name": "Globex & Sons",
            "site_name": "Warehouse",
            "check_id": str(80 + number % 2),
            "task_id": "None",
        }
        lines = ",\n".join(f'  "{name}": "{value}"' for name, value in values.items())
        text = "{\n" + lines + "\n}"
        try:
            json.loads(text)
        except ValueError:
            text = json.dumps(text)  # what the server does with a body that is no JSON
        return text.encode(), values["alert_id"]

    disk, disk_id = rendered(2, f"SRV-{run.count(18)}", "Disk Space Drive C: - Error Threshold: 5%", 0)
    disk_again, disk_again_id = rendered(4, f"SRV-{run.count(18)}", "Disk Space Drive C: - Error Threshold: 5%", 20)
    broken, broken_id = rendered(3, f"SRV-{run.count(18)}", 'Service Check: Print "Spooler"', 10, "warning")
    other, other_id = rendered(6, f"SRV-{run.count(24)}", "Disk Space Drive C: - Error Threshold: 5%", 12)
    return [
        Delivery("tacticalrmm", "first firing", disk, disk_id),
        Delivery("tacticalrmm", "exact redelivery", disk, disk_id),
        Delivery("tacticalrmm", "same check fails again, new alert", disk_again, disk_again_id),
        Delivery("tacticalrmm", 'body broken by a " in the message', broken, broken_id),
        Delivery("tacticalrmm", "another device", other, other_id),
        Delivery("tacticalrmm", "wrong secret", disk, wrong_secret=True),
    ]


def levelio(run: Run) -> list[Delivery]:
    """Level: signed, with the resource under `data`."""

    def native(name: str, device: str, seconds: int, severity: str, title: str) -> tuple[bytes, str]:
        at = datetime.fromtimestamp(time.time() - 60 + seconds, UTC).isoformat(timespec="milliseconds")
        body: dict[str, Any] = {
            "event_type": "alert_active",
            "event_id": run.uid(f"event {name}"),
            "occurred_at": at,
            "data": {
                "id": run.uid(name),
                "device_id": run.uid(device),
                "device_hostname": device,
                "name": title,
                "description": "Disk free space is below threshold",
                "payload": "4.3% remaining",
                "severity": severity,
                "is_resolved": False,
                "started_at": at,
            },
        }
        return json.dumps(body).encode(), run.uid(name)

    desk = f"FRONTDESK-{run.count(1)}"
    first, first_id = native("alert-1", desk, 0, "critical", "Low disk space")
    again, again_id = native("alert-2", desk, 15, "critical", "Low disk space")
    quiet, quiet_id = native("alert-3", f"LAPTOP-{run.count(2)}", 3, "information", "Low disk space")
    test = json.dumps({"event_type": "device_created", "event_id": run.uid("x"), "data": {"id": "1"}}).encode()
    return [
        Delivery("levelio", "first firing, signed", first, first_id),
        Delivery("levelio", "exact redelivery", first, first_id),
        Delivery("levelio", "same condition, new alert", again, again_id),
        Delivery("levelio", "another device, only information", quiet, quiet_id),
        Delivery("levelio", "an event that nobody uses", test),
        Delivery("levelio", "signed with a wrong secret", first, wrong_secret=True),
    ]


def level_signature(secret: str, body: bytes) -> str:
    """Level's `X-Level-Signature` over the raw body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
