"""Random facts and devices for properties."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tandem.assets.models import AgentStatus, AssetType, Device, Disk, Facts, Seen
from tests.unit.assets.world import START

WORDS = st.text("ab Ä-1", max_size=4)
TIMES = st.integers(0, 10**6).map(lambda minutes: START + timedelta(minutes=minutes))
MACS = st.sampled_from(["3c:52:82:00:00:01", "3c:52:82:00:00:02", "00:50:56:c0:00:08", "junk", ""])
SERIALS = st.sampled_from(["5CG1234ABC", "PF2XK99", "Default string", "0", ""])

_BY_FIELD: dict[str, st.SearchStrategy[Any]] = {
    "name": WORDS,
    "asset_type": st.sampled_from(AssetType),
    "hostname": st.sampled_from(["pc-1", "PC-1.acme.local", "pc-2", "localhost"]),
    "serial_number": SERIALS,
    "ram_gib": st.floats(0, 512),
    "cpu_cores": st.integers(0, 64),
    "disks": st.lists(st.builds(Disk, WORDS, st.none() | st.floats(0, 9)), max_size=2).map(tuple),
    "mac_addresses": st.lists(MACS, max_size=3).map(tuple),
    "agent_status": st.sampled_from(AgentStatus),
    "tags": st.lists(WORDS, max_size=2).map(tuple),
    "maintenance_mode": st.booleans(),
    "patches_pending": st.integers(0, 3),
    "has_patches_pending": st.booleans(),
    "last_patch_scan_at": TIMES,
}

FACTS = st.fixed_dictionaries({}, optional=_BY_FIELD).map(lambda said: Facts(**said))
SEEN = st.builds(
    Seen,
    last_seen_at=st.none() | TIMES,
    booted_at=st.none() | TIMES,
    last_user=st.none() | WORDS,
    free_gib=st.dictionaries(WORDS, st.floats(0, 9), max_size=2),
)


def devices(
    external_ids: st.SearchStrategy[str], organizations: st.SearchStrategy[str | None]
) -> st.SearchStrategy[Device]:
    """Devices with these ids, in these organizations."""
    return st.builds(Device, external_ids, organizations, facts=FACTS, seen=SEEN)
