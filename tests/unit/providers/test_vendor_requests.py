"""Every request a vendor was seen to send, and every payload it documents, ends as this table says."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tandem.alerts.models import AlertEvent, Provider
from tandem.providers.port import DeviceNews, Ignored
from tests.unit.providers.normalizing import normalized
from tests.vendor_files import PAYLOADS, RECORDED_TACTICAL, needs_vendor_files, payload, recorded_body

pytestmark = needs_vendor_files

SRV_09 = "wPGzRIvbhqlLqcgMBwUYuBMGhyKmqcTBaHZIRUVV"
SRV_18 = "CtLBtKNdNVgWnOnqQfkplJekaACSMEscosTsSDeR"
SRV_24 = "qQaZDsRIkeCwLtOBSqDtmyEgpyKwKsSsbQzraKRX"
DESKTOP_25 = "tYCcLxUifsuVAlmiYIxHGrkqEZsVvZhDejWoRURz"
PRINT_SPOOLER = 'SRV-18 has a winsvc check: Service Check: Print "Spooler" that failed.'
SERIES = "e6b0b0bd-5753-445d-9e4a-71c08983cbd5"
MEMORY_CONDITION = "205b85b2-8a12-4123-834f-164be08b3314"


@dataclass
class Alert:
    """An alert event with these fields."""

    kind: str
    external_alert_id: str
    external_device_id: str | None
    identity: str
    severity: str
    occurred_at: str
    more: dict[str, Any] = field(default_factory=dict)


RECORDED = {
    "agent_overdue_trigger.http": Alert(
        "triggered", "44", SRV_09, "availability", "critical", "2026-11-21 01:57:11.816562+00:00",
        {"organization_id": "2", "organization_name": "O'Brien & Sons", "device_name": "SRV-09"},
    ),
    "agent_online_resolve.http": Alert(
        "reset", "44", SRV_09, "availability", "critical", "2026-11-21 01:57:13.386189+00:00"
    ),
    "backslash_and_newline_in_output.http": Alert(
        "triggered", "40", SRV_18, "check:87", "critical", "2026-11-21 01:57:05.717918+00:00"
    ),
    "backslash_resolve.http": Alert(
        "reset", "40", SRV_18, "check:87", "critical", "2026-11-21 01:57:06.394103+00:00"
    ),
    "check_error_trigger.http": Alert(
        "triggered", "36", SRV_18, "check:87", "critical", "2026-11-21 01:56:59.354414+00:00",
        {
            "message": "SRV-18 has a ping check: Ping Check: Gateway ping that failed.",
            "organization_id": "1",
            "organization_name": "Acme Manufacturing",
            "activity_type": "check",
            "facts": {
                "Site": "Headquarters",
                "Operating system": "Microsoft Windows Server 2022 Standard, 64 bit v21H2 (build 20348.2402)",
                "Asset tag": "AT-0018",
            },
        },
    ),
    "check_error_resolve.http": Alert(
        "reset", "36", SRV_18, "check:87", "critical", "2026-11-21 01:57:00.623055+00:00"
    ),
    "check_warning_trigger.http": Alert(
        "triggered", "37", SRV_24, "check:117", "moderate", "2026-11-21 01:57:01.474249+00:00"
    ),
    "check_error_resolved_after_escalation.http": Alert(
        "reset", "37", SRV_24, "check:117", "critical", "2026-11-21 01:57:02.802851+00:00"
    ),
    "check_fails_after_api_resolve_new_alert.http": Alert(
        "triggered", "47", DESKTOP_25, "check:120", "critical", "2026-11-21 01:57:18.540559+00:00"
    ),
    "snoozed_then_check_passes_resolve.http": Alert(
        "reset", "47", DESKTOP_25, "check:120", "critical", "2026-11-21 01:57:20.154247+00:00"
    ),
    "quotes_in_message_body_becomes_json_string.http": Alert(
        "triggered", "39", SRV_18, "check:91", "moderate", "2026-11-21 01:57:04.211396+00:00",
        {"message": PRINT_SPOOLER, "organization_id": "1", "device_name": "SRV-18"},
    ),
    "quotes_in_message_resolve.http": Alert(
        "reset", "39", SRV_18, "check:91", "moderate", "2026-11-21 01:57:04.854037+00:00", {"message": PRINT_SPOOLER}
    ),
    "task_trigger.http": Alert(
        "triggered", "41", SRV_18, "task:alert:41", "moderate", "2026-11-21 01:57:07.039047+00:00"
    ),
    "task_resolve.http": Alert(
        "reset", "41", SRV_18, "task:alert:41", "moderate", "2026-11-21 01:57:07.702489+00:00"
    ),
}  # fmt: skip

WIN_DC01 = "UlVFRAgRwILFQeLzQKVUVvwFYfRoSWNjPBZGSDAm"
NOW = "2026-11-21 03:00:00+00:00"

POSTED: dict[str, Alert | str] = {
    "ninjaone/webhook_condition_triggered.observed.json": Alert(
        "triggered", SERIES, "7", MEMORY_CONDITION, "moderate", "2025-03-19 13:41:15.556000+00:00",
        {
            "organization_id": "2",
            "organization_name": "Country Consulting",
            "device_name": "192.168.50.43",
            "activity_type": "CONDITION",
            "alert_class": "vmm_cond_memory_usage_ge",
            "facts": {
                "Location": "Main Office",
                "System name": "ccesxi03.cc.local",
                "DNS name": "192.168.50.43",
                "Device class": "VMWARE_VM_HOST",
            },
        },
    ),
    "ninjaone/webhook_condition_reset.constructed.json": Alert(
        "reset", SERIES, "7", MEMORY_CONDITION, "moderate", "2025-03-19 13:51:15.102000+00:00"
    ),
    "ninjaone/webhook_notification_channel.docs.json": Alert(
        "triggered", "uuid-string", "67890", "uuid-string", "major", "2023-12-21 01:50:56.789000+00:00",
        {"organization_id": "22222", "device_name": "WORKSTATION-001"},
    ),
    "ninjaone/webhook_node_created.constructed.json": "changed 91",
    "tactical/webhook_failure_rendered.constructed.json": Alert(
        "triggered", "4211", WIN_DC01, "check:88", "critical", "2026-06-20 14:03:11.512345+00:00",
        {"organization_id": "1", "organization_name": "Acme Corp", "facts": {"Site": "HQ"}},
    ),
    # Without resolved_on, the time of receipt.
    "tactical/webhook_resolved_rendered.constructed.json": Alert(
        "reset", "4211", WIN_DC01, "check:88", "critical", NOW
    ),
    "tactical/webhook_double_encoded.constructed.json": Alert(
        "triggered", "4211", None, "unknown:alert:4211", "moderate", NOW, {"message": 'Event log says "boom" on C:'}
    ),
    "tactical/url_action_rest_body_template.constructed.json": "test",
    "level/webhook_alert_active.fixture.json": Alert(
        "triggered", "alert-1", "device-1", "Low disk space", "major", "2026-09-08 14:59:00+00:00",
        {
            "device_name": "Front Desk 01",
            "message": "Low disk space: Disk free space is below threshold (4.3% remaining)",
        },
    ),
    "level/webhook_alert_resolved.constructed.json": Alert(
        "reset", "alert-1", "device-1", "Low disk space", "major", "2026-09-08 15:19:58+00:00"
    ),
    "level/webhook_device_created.docs.json": "changed 123456789",
}  # fmt: skip

PROVIDERS = {"ninjaone": Provider.NINJAONE, "tactical": Provider.TACTICALRMM, "level": Provider.LEVELIO}


def test_the_table_has_every_recorded_request_and_every_webhook_payload() -> None:
    assert set(RECORDED) == {path.name for path in RECORDED_TACTICAL.iterdir()}
    webhooks = {f"{vendor}/{path.name}" for vendor in PROVIDERS for path in (PAYLOADS / vendor).glob("webhook_*")}
    assert webhooks - {"level/webhook_signature_vector.constructed.json"} <= set(POSTED)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_recorded_tactical_request_becomes_its_alert_event(name: str) -> None:
    agrees(normalized(Provider.TACTICALRMM, recorded_body(name).decode()), RECORDED[name])


@pytest.mark.parametrize("name", sorted(POSTED))
def test_a_payload_becomes_what_the_table_says(name: str) -> None:
    provider = PROVIDERS[name.partition("/")[0]]
    agrees(normalized(provider, payload(name).decode()), POSTED[name])


def agrees(outcome: AlertEvent | DeviceNews | Ignored, expected: Alert | str) -> None:
    if isinstance(outcome, DeviceNews):
        assert f"{outcome.news.value} {outcome.external_device_id}" == expected
        return
    if isinstance(expected, str):
        assert isinstance(outcome, Ignored)
        assert outcome.reason.value == expected
        return
    assert isinstance(outcome, AlertEvent)
    assert (outcome.kind.value, outcome.external_alert_id, outcome.external_device_id) == (
        expected.kind,
        expected.external_alert_id,
        expected.external_device_id,
    )
    assert (outcome.identity, outcome.severity.value) == (expected.identity, expected.severity)
    assert str(outcome.occurred_at) == expected.occurred_at
    for name, value in expected.more.items():
        assert getattr(outcome, name) == value, name
