"""The tables of docs/assets-*.md, and what a device's fields come to, so that both can be held against each other."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tandem.assets.models import Facts, Seen
from tandem.connections.fleet import DevicePart

_DOCS = Path(__file__).parents[3] / "docs"
NOTHING: tuple[Any, ...] = (None, (), {})


@dataclass(frozen=True)
class Told:
    """A field of the table: who tells it, and by which members."""

    field: str
    by: frozenset[str]
    members: frozenset[str]


def table(document: str) -> list[Told]:
    """The table of the fields, a row for each; one that nobody tells has no teller."""
    text = (_DOCS / document).read_text().split("| field | told by | members |")[1]
    rows = [line.split("|")[1:-1] for line in text.splitlines()[2:] if line.startswith("| `")]
    return [
        Told(name, frozenset(by.strip().split(", ")) - {"—"}, frozenset(_quoted(members)))
        for names, by, members, _ in rows
        for name in _quoted(names)
    ]


def fields_of_a_device() -> set[str]:
    """All that a device may have."""
    parts = {each.name for each in fields(DevicePart)} - {"facts", "seen"}
    return parts | {each.name for each in fields(Facts)} | {each.name for each in fields(Seen)}


def values(part: DevicePart) -> Mapping[str, Any]:
    """A part's fields by their names."""
    found = {each.name: getattr(part, each.name) for each in fields(DevicePart) if each.name not in ("facts", "seen")}
    found |= {each.name: getattr(part.facts, each.name) for each in fields(Facts)}
    return found | {each.name: getattr(part.seen, each.name) for each in fields(Seen)}


def _quoted(cell: str) -> list[str]:
    return cell.split("`")[1::2]
