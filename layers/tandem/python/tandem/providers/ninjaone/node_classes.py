"""What kind of machine each of NinjaOne's node classes is.

Sources of a line: `seed`: the plan of the first integration names the class and its type; `alga`: what Alga PSA made of
it (alga-psa.md 3.3), with hosts and guests of virtual machines told apart, for which it had no type; `name`: the word
of the class itself, of which the OpenAPI of 2026 lists all 33 (`nodeClass`) and describes none.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tandem.assets.models import AssetType
from tandem.providers.fleet_values import said


class NodeClass(NamedTuple):
    """A line of the table."""

    asset_type: AssetType
    source: str


_NETWORK = NodeClass(AssetType.NETWORK_DEVICE, "name")

NODE_CLASSES: Final[Mapping[str, NodeClass]] = {
    "WINDOWS_SERVER": NodeClass(AssetType.SERVER, "seed"),
    "WINDOWS_WORKSTATION": NodeClass(AssetType.WORKSTATION, "seed"),
    "LINUX_WORKSTATION": NodeClass(AssetType.WORKSTATION, "alga"),
    "LINUX_SERVER": NodeClass(AssetType.SERVER, "alga"),
    "MAC": NodeClass(AssetType.WORKSTATION, "alga"),
    "MAC_SERVER": NodeClass(AssetType.SERVER, "name"),
    "ANDROID": NodeClass(AssetType.MOBILE_DEVICE, "name"),
    "APPLE_IOS": NodeClass(AssetType.MOBILE_DEVICE, "name"),
    "APPLE_IPADOS": NodeClass(AssetType.MOBILE_DEVICE, "name"),
    "VMWARE_VM_HOST": NodeClass(AssetType.VM_HOST, "alga"),
    "VMWARE_VM_GUEST": NodeClass(AssetType.VM_GUEST, "alga"),
    "HYPERV_VMM_HOST": NodeClass(AssetType.VM_HOST, "alga"),
    "HYPERV_VMM_GUEST": NodeClass(AssetType.VM_GUEST, "alga"),
    "CLOUD_MONITOR_TARGET": NodeClass(AssetType.CLOUD_MONITOR, "name"),
    "NMS_SWITCH": _NETWORK,
    "NMS_ROUTER": _NETWORK,
    "NMS_FIREWALL": _NETWORK,
    "NMS_PRIVATE_NETWORK_GATEWAY": _NETWORK,
    "NMS_WAP": _NETWORK,
    "NMS_DIAL_MANAGER": _NETWORK,
    "NMS_IPSLA": _NETWORK,
    "NMS_APPLIANCE": _NETWORK,
    "NMS_NETWORK_MANAGEMENT_AGENT": _NETWORK,
    "NMS_PHONE": _NETWORK,
    "NMS_PRINTER": NodeClass(AssetType.PRINTER, "name"),
    "NMS_SCANNER": NodeClass(AssetType.OTHER, "name"),
    "NMS_COMPUTER": NodeClass(AssetType.WORKSTATION, "name"),
    "NMS_SERVER": NodeClass(AssetType.SERVER, "name"),
    "NMS_VM_HOST": NodeClass(AssetType.VM_HOST, "name"),
    "NMS_VIRTUAL_MACHINE": NodeClass(AssetType.VM_GUEST, "name"),
    "NMS_OTHER": NodeClass(AssetType.OTHER, "name"),
    "UNMANAGED_DEVICE": NodeClass(AssetType.OTHER, "name"),
    "MANAGED_DEVICE": NodeClass(AssetType.OTHER, "name"),
}


def asset_type_of(node_class: Any) -> AssetType | None:
    """The class's type, in any letter case; one that NinjaOne adds after this was written is OTHER. None for what is no
    text."""
    name = said(node_class)
    if name is None:
        return None
    known = NODE_CLASSES.get(name.upper())
    return AssetType.OTHER if known is None else known.asset_type
