"""Installed software, from rows of `/v2/queries/software`. Source: the OpenAPI (DeviceApplication); vendors.md 0.8: the
date is a text, unlike all other times."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from tandem.connections.fleet import DeviceSoftware, Program, Unreadable
from tandem.providers.fleet_values import said
from tandem.providers.ninjaone.reports import reported_id


def software_rows(rows: Iterable[Any]) -> tuple[DeviceSoftware | Unreadable, ...]:
    """By device, in the order in which they came. A program without a name is none, and stops nothing."""
    programs: dict[str, list[Program]] = {}
    unreadable: list[Unreadable] = []
    for row in rows:
        external_id = reported_id(row)
        if external_id is None:
            unreadable.append(Unreadable(None, "deviceId: expected an id of at most 255 bytes"))
            continue
        name = said(row.get("name"))
        if name is None:
            unreadable.append(Unreadable(external_id, "name: expected the name of a program"))
            continue
        program = Program(name, said(row.get("version")), said(row.get("publisher")), _day(row.get("installDate")))
        programs.setdefault(external_id, []).append(program)
    return (*(DeviceSoftware(device, tuple(each)) for device, each in programs.items()), *unreadable)


def _day(value: Any) -> str | None:
    try:
        return date.fromisoformat(value.strip()[:10]).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None
