"""docs/assets-ninjaone.md says what the code does: its tables are made from the same lines."""

import re
from dataclasses import fields
from pathlib import Path

from tandem.assets.models import Facts, Seen
from tandem.providers.ninjaone.fleet import ANTIVIRUS, DEVICES, HEALTH, SOFTWARE
from tandem.providers.ninjaone.fleet_mapping import DEVICE, FACTS, FAILED, PENDING, SEEN, Mapped
from tandem.providers.ninjaone.fleet_mapping import HEALTH as OF_HEALTH
from tandem.providers.ninjaone.node_classes import NODE_CLASSES

DOC = (Path(__file__).parents[3] / "docs" / "assets-ninjaone.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, its head left out."""
    below = DOC.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def of_places(source: str, mapped: Mapped) -> list[str]:
    """A line as the docs have it: the field, where it is read, from what, and how."""
    how = {each.how: None for each in mapped.places if each.how}
    several = len(mapped.places) > 1
    told = [f"of `{each.path}`: {each.how}" if several else each.how for each in mapped.places if each.how]
    words = next(iter(how)) if len(how) == 1 and len(told) == len(mapped.places) else "; ".join(told)
    return [f"`{mapped.name}`", source, ", ".join(f"`{each.path}`" for each in mapped.places), words]


def test_the_table_of_fields_is_the_codes() -> None:
    expected = [of_places("devices", each) for each in (*FACTS, *SEEN, *DEVICE) if each.name != "needs_reboot"]
    told = table("Fields")
    assert [line for line in told if line in expected] == expected
    other = {line[0]: line for line in told if line not in expected}
    reboot = next(each for each in FACTS if each.name == "needs_reboot")
    assert other.pop("`needs_reboot`")[:3] == [
        "`needs_reboot`",
        "device-health, devices",
        ", ".join(f"`{place.path}`" for each in (*OF_HEALTH, reboot) for place in each.places),
    ]
    for name, members in (("patches_pending", PENDING), ("patches_failed", FAILED)):
        assert other.pop(f"`{name}`")[:3] == [f"`{name}`", "device-health", ", ".join(f"`{each}`" for each in members)]
    assert other.pop("`external_id`")[1:3] == ["all", "`id`; in reports `deviceId`"]
    assert set(other) == {"`antivirus_product`", "`antivirus_status`", ", ".join(f"`{each}`" for each in not_said())}


def not_said() -> list[str]:
    """The fields that nothing in the code gives."""
    given = {each.name for each in (*FACTS, *SEEN, *OF_HEALTH)}
    given |= {"patches_pending", "patches_failed", "antivirus_product", "antivirus_status"}
    return [each.name for each in (*fields(Facts), *fields(Seen)) if each.name not in given]


def test_the_table_of_node_classes_is_the_codes() -> None:
    expected = [[f"`{name}`", f"`{made.asset_type.value}`", made.source] for name, made in NODE_CLASSES.items()]
    assert table("Node classes") == expected


def test_the_table_of_requests_names_every_source() -> None:
    asked = " ".join(cell for line in table("What is asked") for cell in line)
    assert set(re.findall(r"`([a-z-]+)`", asked)) >= {each.name for each in (HEALTH, DEVICES, ANTIVIRUS, SOFTWARE)}
