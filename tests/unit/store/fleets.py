"""Made-up devices, assets and pages of a fleet, the same ones each time."""

import hashlib
import random
from datetime import UTC, datetime, timedelta

from tandem.assets.identity import asset_id_of
from tandem.assets.models import (
    AgentStatus,
    Asset,
    AssetType,
    Disk,
    Facts,
    FleetEntry,
    FleetPage,
    LinkedDevice,
    Seen,
)

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SURNAMES = ("smith", "miller", "jones", "garcia", "weber", "klein", "novak", "tanaka", "silva")


def random_facts(external_id: str) -> Facts:
    """What an RMM says of a workstation."""
    chance = random.Random(f"facts {external_id}")
    mac = ":".join(f"{chance.randrange(256):02x}" for _ in range(6))
    name = f"ACME-{chance.choice(('LT', 'PC', 'SRV'))}-{chance.randrange(10**5):05d}"
    return Facts(
        name=name,
        asset_type=AssetType.WORKSTATION,
        hostname=f"{name.lower()}.acme.example",
        serial_number="".join(chance.choices("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", k=10)),
        manufacturer="Dell Inc.",
        model=chance.choice(("Latitude 5440", "OptiPlex 7010", "PowerEdge R650")),
        operating_system="Windows 11 Professional Edition",
        os_version="10.0.22631",
        architecture="64-bit",
        cpu_model="13th Gen Intel(R) Core(TM) i7-1365U",
        cpu_cores=12,
        ram_gib=15.7,
        disks=(Disk("C:", 475.3), Disk("D:", 931.5)),
        lan_addresses=(f"192.168.{chance.randrange(256)}.{chance.randrange(256)}",),
        wan_address=f"203.0.113.{chance.randrange(256)}",
        mac_addresses=(mac,),
        antivirus_product="Microsoft Defender",
        antivirus_status="protected",
        agent_status=AgentStatus.ONLINE,
        agent_version="7.0.2317",
        location="Main Office",
        maintenance_mode=False,
        needs_reboot=chance.random() < 0.2,
        patches_pending=chance.randrange(12),
        patches_failed=0,
        last_patch_scan_at=NOW - timedelta(hours=chance.randrange(72)),
        provider_class="WINDOWS_WORKSTATION",
    )


def asset(external_id: str, client_id: str | None = "c1", version: int = 1) -> Asset:
    """The asset of one device."""
    device = LinkedDevice(
        integration_id="kq3m5v7xw2yz4a6b8c0d",
        external_id=external_id,
        facts=random_facts(external_id),
        organization_id="12",
        client_id=client_id,
        linked_at=NOW,
    )
    asset_id = asset_id_of(device.integration_id, external_id)
    return Asset(asset_id, NOW, (device,), updated_at=NOW, version=version)


def entry(external_id: str) -> FleetEntry:
    """A device on its page, as it is on most days."""
    chance = random.Random(f"entry {external_id}")
    awake = chance.random() < 0.7
    last_seen_at = NOW - timedelta(seconds=chance.randrange(600 if awake else 30 * 86400))
    free_gib = {"C:": round(chance.uniform(5, 900), 1)}
    if chance.random() < 0.4:
        free_gib["D:"] = round(chance.uniform(5, 2000), 1)
    return FleetEntry(
        external_id=external_id,
        fingerprint=_digest(external_id),
        asset_id=asset_id_of("i1", external_id),
        patches=_digest(str(chance.randrange(12))),
        organization_id=str(chance.randrange(1, 60)),
        seen=Seen(
            last_seen_at,
            NOW - timedelta(seconds=chance.randrange(30 * 86400)),
            f"{chance.choice(('ACME', 'CORP', 'AzureAD'))}\\{chance.choice(LETTERS[26:])}{chance.choice(SURNAMES)}",
            free_gib,
        ),
    )


def fleet_page(devices: int, *, lettered: bool = False, begins: str = "") -> FleetPage:
    """A page of a fleet whose ids are numbers, or 40 random letters as Tactical's."""
    chance = random.Random(devices)
    ids = ["".join(chance.choices(LETTERS, k=40)) if lettered else str(1000 + each) for each in range(devices)]
    return FleetPage("i1", begins, {each: entry(each) for each in ids}, "run", 1)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
