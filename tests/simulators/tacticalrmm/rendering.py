"""A server's things as the API shows them. Source: the recorded responses of a real 1.5.1 server."""

import random
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from tests.simulators.tacticalrmm.state import Agent, Alert, Client, Site, State, UrlAction
from tests.simulators.tacticalrmm.timestamps import api_time

_SYSTEMS = {
    ("windows", "server"): "Microsoft Windows Server 2022 Standard, 64 bit v21H2 (build 20348.2402)",
    ("windows", "workstation"): "Microsoft Windows 11 Pro, 64 bit v23H2 (build 22631.3447)",
    ("linux", "server"): "Debian 12.5 x86_64 6.1.0-20-amd64",
    ("linux", "workstation"): "Ubuntu 22.04.4 LTS x86_64 6.5.0-28-generic",
}
_MAC = "Darwin 14.4.1 arm64 23.4.0"
_CPU = {
    "windows": "Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz",
    "linux": "AMD Ryzen 9 3900X 12-Core Processor",
    "darwin": "Apple M1",
}
_MACHINE = {"windows": "HP ProLiant DL380 Gen9", "linux": "QEMU pc-i440fx-3.1", "darwin": "MacBookAir10,1"}
_OF_ROWS_ONLY = ("client_name", "logged_username", "serial_number", "has_patches_pending")
_MADE = "2026-01-05T08:00:00.000000Z"
_TEMPLATE_NAME = {"name": "PSA webhook", "always_email": None, "always_text": None, "always_alert": True}
_UNKNOWN_INSTALL_DATE = "0001-01-01 00:00:00 +0000 UTC"
_SOFTWARE = (
    ("7-Zip 23.01 (x64)", "5.7 MB", "", "23.01", "C:\\Program Files\\7-Zip\\", "Igor Pavlov", "2024-02-01"),
    ("Google Chrome", "112.4 MB", "", "126.0.6478.127", "", "Google LLC", None),
    ("Mozilla Firefox (x64 en-US)", "231.3 MB", "", "127.0.2", "", "Mozilla", "2024-06-20"),
    ("Microsoft Edge", "0 B", "", "126.0.2592.81", "", "Microsoft Corporation", "2024-06-28"),
    (
        "Tactical RMM Agent",
        "14.1 MB",
        "",
        "2.11.0",
        "C:\\Program Files\\TacticalAgent\\",
        "AmidaWare Inc",
        "2024-05-02",
    ),
)
_SOFTWARE_MEMBERS = ("name", "size", "source", "version", "location", "publisher", "uninstall", "install_date")
_SOFTWARE_IDS = 500_000
"""A row of software has a number of its own, which is not its agent's."""
_PADDING = "x" * 18_000
"""Twice in each row of the beta API, in `services` and in `wmi_detail`: a row is about 40 kB."""


def operating_system(agent: Agent) -> str:
    """As the agent reports it."""
    return _SYSTEMS.get((agent.plat, agent.monitoring_type), _MAC)


class Rendering:
    """The views of one server's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    # ---- clients

    def client(self, client: Client) -> dict[str, Any]:
        """Of `/clients/`."""
        sites = self._state.sites_of(client.id)
        fields = [] if client.contract is None else [_custom_field(client.id, 2, "client", client.id, client.contract)]
        return {
            "id": client.id,
            "name": client.name,
            "server_policy": None,
            "workstation_policy": None,
            "alert_template": 1 if client.has_template else None,
            "block_policy_inheritance": False,
            "sites": [
                {**self.site(site), "agent_count": self._state.agent_count(site.id), "maintenance_mode": False}
                for site in sites
            ],
            "custom_fields": fields,
            "agent_count": sum(self._state.agent_count(site.id) for site in sites),
            "maintenance_mode": False,
            "failing_checks": {"error": False, "warning": False},
        }

    def site(self, site: Site) -> dict[str, Any]:
        """Of `/clients/sites/`."""
        return {
            "id": site.id,
            "name": site.name,
            "server_policy": None,
            "workstation_policy": None,
            "alert_template": None,
            "client_name": self._state.clients[site.client_id].name,
            "client": site.client_id,
            "custom_fields": [],
            "block_policy_inheritance": False,
            "failing_checks": {"error": False, "warning": False},
        }

    def beta_client(self, client: Client) -> dict[str, Any]:
        """Of `/beta/v1/client/`."""
        template = {"alert_template": 1 if client.has_template else None}
        return {"id": client.id, **_made(), "name": client.name, **_beta_policies(), **template}

    def beta_site(self, site: Site) -> dict[str, Any]:
        """Of `/beta/v1/site/`."""
        named = {"id": site.id, **_made(), "name": site.name}
        return {**named, **_beta_policies(), "client": site.client_id, "alert_template": None}

    # ---- agents

    def agent_name(self, agent: Agent) -> dict[str, Any]:
        """Of `/agents/?detail=false`."""
        site = self._state.sites[agent.site_id]
        return {
            "id": agent.id,
            "hostname": agent.hostname,
            "agent_id": agent.agent_id,
            "client": self._state.clients[site.client_id].name,
            "site": site.name,
        }

    def agent_row(self, agent: Agent) -> dict[str, Any]:
        """Of `/agents/`."""
        site = self._state.sites[agent.site_id]
        client = self._state.clients[site.client_id]
        return {
            "agent_id": agent.agent_id,
            "alert_template": _TEMPLATE_NAME if client.has_template else None,
            "hostname": agent.hostname,
            "site_name": site.name,
            "client_name": client.name,
            "monitoring_type": agent.monitoring_type,
            "description": "",
            "needs_reboot": agent.id % 7 == 0,
            "pending_actions_count": 0,
            "status": self._state.status(agent),
            "overdue_text_alert": False,
            "overdue_email_alert": False,
            "overdue_dashboard_alert": True,
            "last_seen": api_time(agent.last_seen),
            "boot_time": agent.boot_time,
            "checks": _no_checks(),
            "maintenance_mode": agent.maintenance_mode,
            "logged_username": agent.user,
            "italic": False,
            "block_policy_inheritance": False,
            "plat": agent.plat,
            "goarch": "arm64" if agent.plat == "darwin" else "amd64",
            "has_patches_pending": any(map(_is_pending, self.updates(agent))),
            "version": "2.11.0",
            "operating_system": operating_system(agent),
            "public_ip": f"203.0.113.{agent.id % 250 + 1}",
            **_hardware(agent),
            "custom_fields": _asset_tag(agent),
            "serial_number": serial_number(agent),
            **(agent.overlay or {}),
        }

    def agent(self, agent: Agent) -> dict[str, Any]:
        """Of `/agents/<agent_id>/`: 55 members, and the id is not among them."""
        site = self._state.sites[agent.site_id]
        client = self._state.clients[site.client_id]
        policy = _patch_policy(agent)
        return {
            "winupdatepolicy": [policy],
            "status": self._state.status(agent),
            **_hardware(agent),
            "checks": _no_checks(),
            "timezone": "UTC",
            "all_timezones": _timezones(),
            "client": client.name,
            "site_name": site.name,
            "custom_fields": _asset_tag(agent),
            "patches_last_installed": None,
            "last_seen": api_time(agent.last_seen),
            "applied_policies": {
                "agent_policy": None,
                "site_policy": None,
                "client_policy": None,
                "default_policy": None,
            },
            "effective_patch_policy": policy,
            "alert_template": {"id": 1, "name": "PSA webhook"} if client.has_template else None,
            "effective_default_shell": "cmd" if agent.plat == "windows" else "bash",
            **self._columns(agent),
            **{name: value for name, value in (agent.overlay or {}).items() if name not in _OF_ROWS_ONLY},
        }

    def beta_agent(self, agent: Agent) -> dict[str, Any]:
        """Of `/beta/v1/agent/`: the table's columns, with neither status nor the client."""
        padding = {"services": [{"name": _PADDING}], "wmi_detail": {"os": [[{"Name": _PADDING}]]}}
        template = 1 if self._state.client_of(agent).has_template else None
        seen = {"last_seen": api_time(agent.last_seen), "patches_last_installed": None, "alert_template": template}
        return {"id": agent.id, **self._columns(agent), **seen, **padding}

    def beta_agent_alone(self, agent: Agent) -> dict[str, Any]:
        """Of `/beta/v1/agent/<pk>/`: with the status and without the id, and other columns than the listing."""
        not_shown = {
            "id",
            "created_by",
            "created_time",
            "modified_by",
            "modified_time",
            "default_shell",
            "default_shell_custom",
        }
        shown = {name: value for name, value in self.beta_agent(agent).items() if name not in not_shown}
        return shown | {
            "hex_mesh_node_id": "error",
            "status": self._state.status(agent),
            "checks": _no_checks(),
            "pending_actions_count": 0,
            **_hardware(agent),
            "serial_number": serial_number(agent),
        }

    def _columns(self, agent: Agent) -> dict[str, Any]:
        return {
            **_made(),
            "version": "2.11.0",
            "operating_system": operating_system(agent),
            "plat": agent.plat,
            "goarch": "arm64" if agent.plat == "darwin" else "amd64",
            "hostname": agent.hostname,
            "agent_id": agent.agent_id,
            "services": None,
            "public_ip": f"203.0.113.{agent.id % 250 + 1}",
            "total_ram": 16,
            "disks": [_volume(agent)],
            "boot_time": agent.boot_time,
            "logged_in_username": agent.user,
            "last_logged_in_user": "jdoe",
            "monitoring_type": agent.monitoring_type,
            "description": "",
            "mesh_node_id": "3UiLhe420@kaVQ0rswzBeonW$WY0xrFFUDBQlcYdXoriLXzvPmBpMrV99vRHXFlb",
            "overdue_email_alert": False,
            "overdue_text_alert": False,
            "overdue_dashboard_alert": True,
            "offline_time": 4,
            "overdue_time": 30,
            "check_interval": 120,
            "needs_reboot": agent.id % 7 == 0,
            "choco_installed": agent.plat == "windows",
            "wmi_detail": _wmi_detail(agent),
            "time_zone": None,
            "maintenance_mode": agent.maintenance_mode,
            "block_policy_inheritance": False,
            "default_shell": "use_global",
            "default_shell_custom": "",
            "site": agent.site_id,
            "policy": None,
        }

    # ---- alerts

    def alert(self, alert: Alert) -> dict[str, Any]:
        """Of `/alerts/`; without an agent it lacks what the agent would say."""
        shown: dict[str, Any] = {"id": alert.id}
        agent = None if alert.agent_id is None else self._state.agents.get(alert.agent_id)
        if agent is not None:
            site = self._state.sites[agent.site_id]
            shown |= {
                "hostname": agent.hostname,
                "agent_id": agent.agent_id,
                "client": self._state.clients[site.client_id].name,
                "site": site.name,
            }
        is_check = alert.alert_type == "check"
        return shown | {
            "alert_time": api_time(alert.alert_time),
            "alert_type": alert.alert_type,
            "message": alert.message,
            "snoozed": alert.snoozed,
            "snooze_until": api_time(alert.snooze_until),
            "resolved": alert.resolved,
            "resolved_on": api_time(alert.resolved_on),
            "severity": alert.severity,
            "email_sent": None,
            "resolved_email_sent": None,
            "sms_sent": None,
            "resolved_sms_sent": None,
            "hidden": alert.hidden,
            "action_run": api_time(alert.action_run),
            "action_stdout": alert.action_stdout,
            "action_stderr": None,
            "action_retcode": alert.action_retcode,
            "action_execution_time": None,
            "resolved_action_run": api_time(alert.resolved_action_run),
            "resolved_action_stdout": alert.resolved_action_stdout,
            "resolved_action_stderr": None,
            "resolved_action_retcode": alert.resolved_action_retcode,
            "resolved_action_execution_time": None,
            "agent": alert.agent_id,
            "assigned_check": alert.watched_id if is_check else None,
            "assigned_task": alert.watched_id if alert.alert_type == "task" else None,
        }

    def url_action(self, number: int, action: UrlAction) -> dict[str, Any]:
        """Of `/core/urlaction/`."""
        return {
            "id": number,
            **_made(),
            "name": action.name,
            "desc": "",
            "pattern": action.pattern,
            "action_type": "rest",
            "rest_method": action.rest_method,
            "rest_body": action.rest_body,
            "rest_headers": action.rest_headers,
        }

    # ---- software and updates

    def software(self, agent: Agent) -> dict[str, Any] | None:
        """Of `/software/`; None for an agent of which nothing is known: all but Windows, and every tenth."""
        given = self._state.software.get(agent.id)
        if given is not None:
            items = [{name: each.get(name, "") for name in _SOFTWARE_MEMBERS} for each in given]
        else:
            if agent.plat != "windows" or agent.id % 10 == 9:
                return None
            items = [
                dict(zip(_SOFTWARE_MEMBERS, (*row[:6], "", _install_date(row[6])), strict=True))
                for row in (_SOFTWARE[(agent.id + step) % len(_SOFTWARE)] for step in range(4))
            ]
        return {"id": agent.id + _SOFTWARE_IDS, "software": items, "agent": agent.id}

    def updates(self, agent: Agent) -> list[dict[str, Any]]:
        """Of `/winupdate/<agent_id>/`."""
        if agent.plat != "windows":
            return []
        rows = [("KB925673", "MSXML 6.0 RTM Security Update  (925673)", "Critical", True, "approve", "success")]
        if agent.id % 5 == 0:
            title = "2025-03 Cumulative Update for Windows 11 (KB5053598)"
            rows.append(("KB5053598", title, "Important", False, "approve", "failed" if agent.id % 2 == 0 else "n/a"))
        if agent.id % 3 == 0:
            rows.append(("KB2267602", "Security Intelligence Update", "Other", False, "nothing", "n/a"))
        return [
            {
                "id": agent.id * 10 + number,
                "date_installed": "06 01 2026 03:14" if installed else None,
                "guid": f"07609d43-d518-4e77-856e-{agent.id * 10 + number:012d}",
                "kb": kb,
                "title": title,
                "installed": installed,
                "downloaded": installed,
                "description": "A vulnerability exists in Microsoft XML Core Services ...",
                "severity": severity,
                "categories": ["Security Updates"],
                "category_ids": [],
                "kb_article_ids": [kb.removeprefix("KB")],
                "more_info_urls": [],
                "support_url": "http://support.microsoft.com/",
                "revision_number": 100,
                "action": action,
                "result": result,
                "agent": agent.id,
            }
            for number, (kb, title, severity, installed, action, result) in enumerate(rows)
        ]


def unordered(agents: list[Agent]) -> list[Agent]:
    """The server lists agents in no order, and another one than that of their ids."""
    shuffled = list(agents)
    random.Random(len(agents)).shuffle(shuffled)
    return shuffled


def _made() -> dict[str, Any]:
    return {"created_by": None, "created_time": _MADE, "modified_by": None, "modified_time": _MADE}


def _beta_policies() -> dict[str, Any]:
    return {
        "block_policy_inheritance": False,
        "failing_checks": {"error": False, "warning": False},
        "workstation_policy": None,
        "server_policy": None,
    }


def _no_checks() -> dict[str, Any]:
    return {"total": 0, "passing": 0, "failing": 0, "warning": 0, "info": 0, "has_failing_checks": False}


def serial_number(agent: Agent) -> str:
    """Empty for an agent that has not reported its hardware."""
    return "" if _is_new(agent) else agent.serial_number or f"SN{agent.id:08X}"


def _is_new(agent: Agent) -> bool:
    """Some Windows agents have not reported their hardware yet: `wmi_detail` is null."""
    return agent.plat == "windows" and agent.id % 50 == 49


def _is_pending(update: dict[str, Any]) -> bool:
    return update["action"] == "approve" and not update["installed"]


def _address(agent: Agent) -> str:
    return f"10.{agent.id // 65536 % 256}.{agent.id // 256 % 256}.{agent.id % 256}"


def _hardware(agent: Agent) -> dict[str, Any]:
    if _is_new(agent):
        return {
            "cpu_model": ["unknown cpu model"],
            "graphics": "Graphics info requires agent v1.4.14",
            "local_ips": "error getting local ips",
            "make_model": "unknown make/model",
            "physical_disks": ["unknown disk"],
        }
    posix = agent.plat != "windows"
    return {
        "cpu_model": [_CPU[agent.plat] if posix else f"{_CPU[agent.plat]}, 8C/16T"],
        "graphics": "No graphics cards",
        "local_ips": f"{_address(agent)}/24, fe80::476:c390:c8dc:11af/64" if posix else _address(agent),
        "make_model": _make_model(agent),
        "physical_disks": ["ATA CT500MX500SSD1 SCSI Disk Device 466GB SCSI"],
    }


def _make_model(agent: Agent) -> str:
    if agent.plat == "windows" and agent.id % 4 == 2:
        return "VMware, Inc. VMware Virtual Platform"
    return _MACHINE[agent.plat]


def _volume(agent: Agent) -> dict[str, Any]:
    """As agents of Windows and the others write it."""
    unit, device, kind = ("G", "C:", "NTFS") if agent.plat == "windows" else (" GB", "/dev/sda1", "ext4")
    used = round(465.3 - agent.free, 1)
    return {
        "free": f"{agent.free}{unit}",
        "used": f"{used}{unit}",
        "total": f"465.3{unit}",
        "device": device,
        "fstype": kind,
        "percent": round(used / 465.3 * 100),
    }


def _wmi_detail(agent: Agent) -> dict[str, Any] | None:
    if _is_new(agent):
        return None
    if agent.plat != "windows":
        return {
            "cpus": [_CPU[agent.plat]],
            "gpus": [],
            "disks": ["ATA CT500MX500SSD1 SCSI Disk Device 466GB SCSI"],
            "local_ips": [f"{_address(agent)}/24", "fe80::476:c390:c8dc:11af/64"],
            "make_model": _make_model(agent),
            "serialnumber": serial_number(agent),
        }
    hardware = f"3C:A8:2A:{agent.id // 65536 % 256:02X}:{agent.id // 256 % 256:02X}:{agent.id % 256:02X}"
    return {
        "os": [[{"Caption": operating_system(agent), "ProductType": 3 if agent.monitoring_type == "server" else 1}]],
        "bios": [[{"Manufacturer": "HP", "SerialNumber": serial_number(agent), "SMBIOSBIOSVersion": "P89"}]],
        "network_adapter": [
            [{"Name": "Microsoft Kernel Debug Network Adapter", "MACAddress": "", "PhysicalAdapter": False}],
            [{"Name": "Broadcom NetXtreme Gigabit Ethernet", "MACAddress": hardware, "PhysicalAdapter": True}],
        ],
    }


def _asset_tag(agent: Agent) -> list[dict[str, Any]]:
    return [] if agent.asset_tag is None else [_custom_field(agent.id, 1, "agent", agent.id, agent.asset_tag)]


def _custom_field(number: int, custom_field: int, model: str, owner: int, value: str) -> dict[str, Any]:
    return {"id": number, "field": custom_field, model: owner, "value": value}


def _patch_policy(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        **_made(),
        "critical": "inherit",
        "important": "inherit",
        "moderate": "inherit",
        "low": "inherit",
        "other": "inherit",
        "run_time_hour": 3,
        "run_time_frequency": "inherit",
        "run_time_days": [],
        "run_time_day": 1,
        "reboot_after_install": "inherit",
        "reprocess_failed_inherit": True,
        "reprocess_failed": False,
        "reprocess_failed_times": 5,
        "email_if_fail": False,
        "agent": agent.id,
        "policy": None,
    }


def _install_date(day: str | None) -> str:
    if day is None:
        return _UNKNOWN_INSTALL_DATE
    return datetime.fromisoformat(day).replace(tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


@cache
def _timezones() -> list[str]:
    return sorted(available_timezones())
