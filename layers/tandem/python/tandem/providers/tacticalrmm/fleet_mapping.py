"""From Tactical RMM's rows to the facts of a device. docs/assets-tacticalrmm.md is the table of it.

Sources: the recorded answers of a 1.5.1 server; tacticalrmm's agents/models.py (what `status`, `make_model`,
`cpu_model`, `local_ips` and `serial_number` are made of), agents/serializers.py (`logged_username`), agents/views.py
(`has_patches_pending`), apiv3/views.py (`result`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tandem.assets.models import AgentStatus, AssetType, Disk, Facts, Seen
from tandem.connections.fleet import DevicePart, DeviceSoftware, OrganizationListed, Program, Unreadable
from tandem.providers.api_alerts import identifier
from tandem.providers.fields import Fields
from tandem.providers.fleet_values import (
    boolean,
    count,
    each_once,
    gib,
    ip_v4,
    is_virtual_adapter,
    mac,
    named_apart,
    number,
    objects,
    public_address,
    said,
)
from tandem.providers.moments import moment
from tandem.providers.tacticalrmm.machine_texts import (
    UNTOLD,
    cores,
    disk_gib,
    is_virtual_machine,
    maker_and_model,
    processor,
    system_and_version,
)

_STATUSES = {each.value: each for each in (AgentStatus.ONLINE, AgentStatus.OFFLINE, AgentStatus.OVERDUE)}
_TYPES = {"server": AssetType.SERVER, "workstation": AssetType.WORKSTATION}
_OFFLINE_MINUTES, _OVERDUE_MINUTES = 4, 30
_LONGEST_MINUTES = 10_000_000
_NOBODY = frozenset({"-", "None"})
WINDOWS: Final = "windows"


def part(row: Any, client_ids: Mapping[str, str], now: datetime) -> DevicePart | Unreadable:
    """Of a row of `/agents/` or the answer of `/agents/<agent_id>/`, which has more fields and calls some otherwise.
    `client_ids`: the clients' numbers by their names, for an agent names its client only."""
    if not isinstance(row, dict):
        return Unreadable(None, "a row is no object")
    agent = Fields(row)
    agent_id = identifier(agent, "agent_id")
    if agent_id is None:
        return Unreadable(None, "agent_id: an id of at most 255 bytes")
    client = agent.name("client_name", "client")
    return DevicePart(
        agent_id,
        facts(agent, now),
        seen(agent),
        organization_id=None if client is None else client_ids.get(client),
        organization_name=client,
    )


def facts(agent: Fields, now: datetime) -> Facts:
    """What it says of the machine. What only the single agent's answer has is empty for a row of the listing."""
    told = agent.members
    made_by, model = maker_and_model(_text(told, "make_model"))
    system, version = system_and_version(_text(told, "operating_system"))
    plat, kind = _text(told, "plat"), _text(told, "monitoring_type")
    waits = boolean(told.get("has_patches_pending")) if plat == WINDOWS else None
    inside = told.get("wmi_detail")
    wmi = inside if isinstance(inside, dict) else {}
    processors = told.get("cpu_model")
    return Facts(
        name=_text(told, "hostname"),
        asset_type=AssetType.VM_GUEST if is_virtual_machine(made_by, model) else _TYPES.get(kind or ""),
        hostname=_text(told, "hostname"),
        serial_number=_serial_number(told, wmi),
        manufacturer=made_by,
        model=model,
        operating_system=system,
        os_version=version,
        architecture=_text(told, "goarch"),
        cpu_model=processor(processors),
        cpu_cores=cores(processors),
        ram_gib=_ram(told.get("total_ram")),
        disks=tuple(Disk(name, disk_gib(each.get("total"))) for name, each in _volumes(told)),
        lan_addresses=each_once(str(found) for each in _addresses(told) if (found := ip_v4(each)) is not None),
        wan_address=public_address(told.get("public_ip")),
        mac_addresses=each_once(_macs(wmi)),
        agent_status=status(told, now),
        agent_version=_text(told, "version"),
        location=_text(told, "site_name"),
        maintenance_mode=boolean(told.get("maintenance_mode")),
        needs_reboot=boolean(told.get("needs_reboot")),
        has_patches_pending=waits,
        # The server's `false` is a count: it knows of no update that is approved and not installed.
        patches_pending=0 if waits is False else None,
        patches_failed=0 if waits is False else None,
        provider_class=" ".join(each for each in (plat, kind) if each is not None) or None,
    )


def seen(agent: Fields) -> Seen:
    """What changes all the time."""
    told = agent.members
    free = {name: gib_free for name, each in _volumes(told) if (gib_free := disk_gib(each.get("free"))) is not None}
    users = (told.get(name) for name in ("logged_username", "logged_in_username", "last_logged_in_user"))
    return Seen(
        last_seen_at=moment(told.get("last_seen")),
        booted_at=moment(told.get("boot_time")),
        last_user=next((user for each in users if (user := said(each)) is not None and user not in _NOBODY), None),
        free_gib=free,
    )


def status(told: Mapping[str, Any], now: datetime) -> AgentStatus | None:
    """The server's own word, which it makes of `last_seen`, `offline_time` and `overdue_time` by its own clock; where
    it gives no word, the same is made of them by ours. One that was never seen is offline."""
    word = _STATUSES.get(str(told.get("status")).lower())
    if word is not None:
        return word
    if "last_seen" not in told:
        return None
    last_seen = moment(told["last_seen"])
    if last_seen is None:
        return AgentStatus.OFFLINE
    away = now - last_seen
    if away <= _minutes(told.get("offline_time"), _OFFLINE_MINUTES):
        return AgentStatus.ONLINE
    return AgentStatus.OFFLINE if away < _minutes(told.get("overdue_time"), _OVERDUE_MINUTES) else AgentStatus.OVERDUE


def patches(updates: Iterable[Any]) -> Facts | None:
    """Of `/winupdate/<agent_id>/`: an update is pending that is approved and not installed, as the server itself says
    (`has_patches_pending`), and of these one has failed whose last attempt did. None if the server knows of no update
    at all: the agent has no Windows, or was never scanned."""
    known = objects(list(updates))
    if not known:
        return None
    pending = [each for each in known if each.get("installed") is False and each.get("action") == "approve"]
    return Facts(
        patches_pending=len(pending),
        patches_failed=sum(each.get("result") == "failed" for each in pending),
        has_patches_pending=bool(pending),
    )


def programs(row: Any, agent_ids: Mapping[int, str]) -> DeviceSoftware | Unreadable:
    """Of a row of `/software/`, which knows its agent by the number that only `/agents/?detail=false` tells.
    `agent_ids`: the agents' ids by that number."""
    if not isinstance(row, dict):
        return Unreadable(None, "a row is no object")
    agent_id = agent_ids.get(row["agent"]) if isinstance(row.get("agent"), int) else None
    if agent_id is None:
        return Unreadable(None, f"agent: {str(row.get('agent'))[:20]} is in no list of agents")
    if not isinstance(row.get("software"), list):
        return Unreadable(agent_id, "software: an array")
    found = (_program(each) for each in objects(row["software"]))
    return DeviceSoftware(agent_id, tuple(each for each in found if each is not None))


def organizations(row: Any) -> Iterable[OrganizationListed]:
    """Of a row of `/clients/`: the client, and its sites, which are places."""
    customer = Fields(row if isinstance(row, dict) else {})
    client_id = identifier(customer, "id")
    if client_id is None:
        return
    name = customer.name("name") or client_id
    yield OrganizationListed(client_id, name)
    for each in objects(customer.members.get("sites")):
        site = Fields(each)
        site_id = identifier(site, "id")
        if site_id is not None:
            called = site.name("name") or site_id
            yield OrganizationListed(f"site:{site_id}", called, client_id, f"{name} / {called}", is_place=True)


def _text(told: Mapping[str, Any], name: str) -> str | None:
    text = said(told.get(name))
    return None if text is None or text.lower() in UNTOLD else text


def _serial_number(told: Mapping[str, Any], wmi: Mapping[str, Any]) -> str | None:
    """The listing says it; of a single agent it is where the server itself finds it."""
    if "serial_number" in told:
        return _text(told, "serial_number")
    bios = next(iter(_first_of_each(wmi.get("bios"))), {})
    return _text(wmi, "serialnumber") or _text(bios, "SerialNumber")


def _ram(value: Any) -> float | None:
    """Whole GiB, which the agent rounds up."""
    found = number(value)
    return None if found is None else gib(found)


def _addresses(told: Mapping[str, Any]) -> list[str]:
    local = told.get("local_ips")
    return local.split(",") if isinstance(local, str) else []


def _volumes(told: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    known = [(name, each) for each in objects(told.get("disks")) if (name := said(each.get("device"))) is not None]
    return list(zip(named_apart(name for name, _ in known), (each for _, each in known), strict=True))[:64]


def _macs(wmi: Mapping[str, Any]) -> Iterable[str | None]:
    """Of a Windows agent's network adapters that are hardware. Other systems report none."""
    for each in _first_of_each(wmi.get("network_adapter")):
        if each.get("PhysicalAdapter") is True and not is_virtual_adapter(each.get("Name")):
            yield mac(each.get("MACAddress"))


def _first_of_each(value: Any) -> list[dict[str, Any]]:
    """WMI's objects come as arrays of one in an array."""
    groups = value if isinstance(value, list) else []
    return [found[0] for each in groups if (found := objects(each))]


def _minutes(value: Any, default: int) -> timedelta:
    found = count(value, most=_LONGEST_MINUTES)
    return timedelta(minutes=default if found is None else found)


def _program(item: Mapping[str, Any]) -> Program | None:
    name = said(item.get("name"))
    if name is None:
        return None
    installed = moment(str(item.get("install_date"))[:10])
    return Program(
        name,
        version=said(item.get("version")),
        publisher=said(item.get("publisher")),
        installed_on=None if installed is None else installed.date().isoformat(),
    )
