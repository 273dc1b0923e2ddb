"""Tactical RMM's texts about a machine, taken apart: the server makes one text of what agents tell in several fields.

Sources: the recorded answers; tacticalrmm's agents/models.py, for the texts that stand where there is nothing to say.
"""

import re
from typing import Any, Final

from tandem.providers.fleet_values import SAYS_NOTHING, gib, said

UNTOLD: Final = frozenset(
    {
        "unknown make/model",
        "error getting make/model",
        "unknown cpu model",
        "unknown disk",
        "error getting local ips",
        "error",
    }
)
"""In small letters; beside fleet_values.SAYS_NOTHING."""

_MAKERS: Final = (
    "Acer",
    "Alienware",
    "American Megatrends Inc.",
    "Apple Inc.",
    "ASRock",
    "ASUSTeK COMPUTER INC.",
    "Cisco Systems Inc",
    "Dell Inc.",
    "Dynabook Inc.",
    "FUJITSU",
    "Fujitsu Siemens",
    "Gigabyte Technology Co., Ltd.",
    "Google",
    "Hewlett-Packard",
    "HPE",
    "HP",
    "Huawei",
    "innotek GmbH",
    "Intel Corporation",
    "Intel(R) Client Systems",
    "LENOVO",
    "Micro-Star International Co., Ltd.",
    "Micro-Star International Co., Ltd",
    "Microsoft Corporation",
    "MEDION",
    "MSI",
    "Nutanix",
    "OpenStack Foundation",
    "Panasonic Corporation",
    "Parallels Software International Inc.",
    "QEMU",
    "Red Hat",
    "Samsung Electronics Co., Ltd.",
    "Shuttle Inc.",
    "Supermicro",
    "Sony Corporation",
    "Toshiba",
    "VMware, Inc.",
    "Wortmann AG",
    "Xen",
    "ZOTAC",
)
_VIRTUAL = re.compile(
    r"vmware|virtual machine|virtualbox|innotek|\bkvm\b|qemu|\bxen\b|hvm domu|parallels|bochs|bhyve|openstack"
    r"|\bahv\b|rhev|ovirt|google compute engine|amazon ec2|alibaba cloud ecs|standard pc \("
    r"|\bproxmox\b|virtual platform",
    re.IGNORECASE,
)
_WINDOWS = re.compile(r"(?P<name>.+?), \d+ bit v(?P<release>\S+) \(build (?P<build>[\d.]+)\)")
_OTHER_SYSTEM = re.compile(
    r"(?P<name>\S.*? (?P<version>\d[\w.\-]*)(?: LTS)?)"
    r" (?:x86_64|amd64|i[3-6]86|aarch64|arm64|armv\w+|riscv64|ppc64le|s390x) \S+"
)
_PROCESSOR = re.compile(r"(?P<model>.*\S)\s*, (?P<cores>\d{1,4})C/\d{1,5}T")
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgtpe]?)i?b?", re.IGNORECASE)
_GIB_IN = {"": 1 / 1024**3, "k": 1 / 1024**2, "m": 1 / 1024, "g": 1.0, "t": 1024.0, "p": 1024.0**2, "e": 1024.0**3}


def maker_and_model(text: str | None) -> tuple[str | None, str | None]:
    """Of `make_model`, such as `HP ProLiant DL380 Gen9`; of a maker that is not known by name all is the model. The
    single agent of a Windows machine tells them apart, but then the next listing would differ."""
    if text is None:
        return None, None
    for maker in _MAKERS:
        if text.lower().startswith(maker.lower() + " "):
            model = text[len(maker) :].strip()
            return text[: len(maker)], None if model.lower() in SAYS_NOTHING else model
    return None, text


def is_virtual_machine(maker: str | None, model: str | None) -> bool:
    """Whether it is a machine that some hypervisor makes."""
    return any(_VIRTUAL.search(each) for each in (maker, model) if each is not None)


def system_and_version(text: str | None) -> tuple[str | None, str | None]:
    """`Microsoft Windows 10 Pro, 64 bit v22H2 (build 19045.4291)` gives `Microsoft Windows 10 Pro` and
    `22H2 (build 19045.4291)`; `Debian 12.5 x86_64 6.1.0-20-amd64` gives `Debian 12.5` and `12.5`."""
    if text is None:
        return None, None
    windows = _WINDOWS.fullmatch(text)
    if windows is not None:
        return windows["name"].strip(), f"{windows['release']} (build {windows['build']})"
    other = _OTHER_SYSTEM.fullmatch(text)
    return (text, None) if other is None else (other["name"], other["version"])


def processor(models: Any) -> str | None:
    """The first one's model, without the `, 8C/16T` that the server adds."""
    for each in models if isinstance(models, list) else []:
        text = said(each)
        if text is not None and text.lower() not in UNTOLD:
            found = _PROCESSOR.fullmatch(text)
            return text if found is None else found["model"]
    return None


def cores(models: Any) -> int | None:
    """Of all processors together; None unless each says how many it has."""
    texts = [said(each) or "" for each in models] if isinstance(models, list) else []
    found = [_PROCESSOR.fullmatch(text) for text in texts]
    told = [int(each["cores"]) for each in found if each is not None]
    return sum(told) if told and len(told) == len(texts) else None


def disk_gib(text: Any) -> float | None:
    """Of `465.3G`, `1.8T`, `19.8 GB`: the agents write powers of 1024 (a disk of 500,105,249,280 bytes has 466 of what
    they call GB)."""
    if not isinstance(text, str):
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    size = float(found["number"]) * _GIB_IN[found["unit"].lower()]
    return 0.0 if size == 0 else gib(size)
