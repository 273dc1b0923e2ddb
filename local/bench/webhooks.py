"""Webhooks as the three RMMs send them, as many and as different as a measurement needs.

Shapes and sizes are those of real ones: NinjaOne's activity as observed, Tactical's and Level's templates as we give
them to people.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.providers.port import Delivery
from tandem.providers.registry import NORMALIZERS

PROVIDERS = (Provider.NINJAONE, Provider.TACTICALRMM, Provider.LEVELIO)

MAPPED, UNMAPPED, CLOSING, HELD = 1, 2, 3, 4
"""Organizations: one that stands for a client, one that nobody has mapped yet, one of a client whose tickets Tandem may
close, and one of a client with a maintenance window."""

HEARTBEAT = "Agent heartbeat was late"
"""In the message of what a rule only records."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One thing an RMM says. `alert`, `device` and `condition` are numbers; ids are made from them."""

    provider: Provider
    device: int
    condition: int
    alert: int
    at: datetime
    kind: Kind = Kind.TRIGGERED
    organization: int = MAPPED
    recorded_only: bool = False

    def again(self, seconds: float = 60) -> "Firing":
        """The same alert, so much later."""
        return replace(self, at=self.at + timedelta(seconds=seconds))

    def body(self) -> str:
        """The webhook's body."""
        return _BODIES[self.provider](self)

    def event(self) -> AlertEvent:
        """The alert event that ingest makes of it."""
        made = NORMALIZERS[self.provider](Delivery(integration_of(self.provider), self.body(), datetime.now(UTC)))
        if not isinstance(made, AlertEvent):
            raise TypeError(f"a webhook of {self.provider} was taken for none: {made}")
        return made


def integration_of(provider: Provider) -> str:
    """The id of the provider's integration."""
    return f"bench{provider.value}00000000000000"[:26]


def external_organization(provider: Provider, organization: int) -> str:
    """The RMM's id of an organization."""
    return f"Z2lkOi8vbGV2ZWwvR3JvdXAv{organization:06d}" if provider is Provider.LEVELIO else str(organization)


def _ninjaone(firing: Firing) -> str:
    seconds = firing.at.timestamp()
    organization = {"name": f"Country Consulting {firing.organization}", "nodeApprovalMode": "AUTOMATIC"}
    message = HEARTBEAT if firing.recorded_only else "Memory Utilization is greater than or equal to 80% for 5 minutes"
    params = {
        "duration": 5,
        "end_date": int(seconds * 1000),
        "start_date": int(seconds * 1000) - 310_374,
        "target": "_average_",
        "threshold": 80,
        "unit": "%",
        "value": 84.80957683284261,
    }
    activity = {
        "id": int(seconds * 1000) * 10 + firing.condition % 10,
        "activityTime": seconds,
        "deviceId": firing.device,
        "seriesUid": f"e6b0b0bd-5753-445d-9e4a-{firing.alert:012d}",
        "activityType": "CONDITION",
        "statusCode": {Kind.TRIGGERED: "TRIGGERED", Kind.RESET: "RESET"}.get(firing.kind, "ACKNOWLEDGED"),
        "status": firing.kind.value.capitalize(),
        "sourceConfigUid": f"205b85b2-8a12-4123-834f-{firing.condition:012d}",
        "sourceName": "_average_",
        "subject": "",
        "severity": "MODERATE",
        "priority": "MEDIUM",
        "message": message,
        "type": "Condition",
        "data": {"message": {"code": "vmm_cond_memory_usage_ge", "params": params}},
        "device": {
            "id": firing.device,
            "organizationId": firing.organization,
            "locationId": 2,
            "nodeClass": "WINDOWS_SERVER",
            "nodeRoleId": 9,
            "rolePolicyId": 43,
            "approvalStatus": "APPROVED",
            "offline": False,
            "displayName": f"SERVER-{firing.device:05d}",
            "systemName": f"SERVER-{firing.device:05d}",
            "dnsName": f"server-{firing.device:05d}.country.local",
            "created": 1707363433.892432,
            "lastContact": seconds,
            "lastUpdate": seconds,
            "references": {
                "organization": {**organization, "id": firing.organization},
                "location": {"name": "Main Office", "id": 2},
            },
        },
    }
    return json.dumps(activity)


def _tactical(firing: Firing) -> str:
    hostname = f"WIN-{firing.device:05d}"
    message = (
        f"{hostname}: {HEARTBEAT}"
        if firing.recorded_only
        else f"{hostname} has a diskspace check: Disk Space Drive: C: - > Error Threshold: 5% that failed."
    )
    body = {
        "event": "resolve" if firing.kind is Kind.RESET else "trigger",
        "alert_id": str(firing.alert),
        "agent_id": f"UlVFRAgRwILFQeLzQKVUVvwFYfRoSWNjPB{firing.device:06d}",
        "hostname": hostname,
        "client": f"Acme Corp {firing.organization}",
        "client_id": str(firing.organization),
        "site": "HQ",
        "site_id": "3",
        "severity": "warning",
        "alert_type": "check",
        "message": message,
        "alert_time": firing.at.isoformat(sep=" "),
        "resolved": "True" if firing.kind is Kind.RESET else "None",
        "resolved_on": firing.at.isoformat(sep=" ") if firing.kind is Kind.RESET else "None",
        "check_id": str(firing.condition),
    }
    return json.dumps(body, indent=2)


def _level(firing: Firing) -> str:
    body = {
        "event": "alert_resolved" if firing.kind is Kind.RESET else "alert_active",
        "alert_id": f"Z2lkOi8vbGV2ZWwvQWxlcnQv{firing.alert:08d}",
        "device_id": f"Z2lkOi8vbGV2ZWwvRGV2aWNl{firing.device:08d}",
        "hostname": f"Front Desk {firing.device:05d}",
        "name": f"{HEARTBEAT if firing.recorded_only else 'Low disk space'} {firing.condition}",
        "severity": "warning",
        "description": "Disk free space is below threshold",
        "group_id": external_organization(Provider.LEVELIO, firing.organization),
        "group_name": f"Globex {firing.organization}",
        "started_at": firing.at.isoformat(),
        "resolved_at": firing.at.isoformat() if firing.kind is Kind.RESET else None,
    }
    return json.dumps(body, indent=2)


_BODIES = {Provider.NINJAONE: _ninjaone, Provider.TACTICALRMM: _tactical, Provider.LEVELIO: _level}
