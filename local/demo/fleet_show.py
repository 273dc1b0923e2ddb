"""The demo's account of a fleet: a sync as it goes on, and what is known of machines afterwards."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from local.demo.api import Api
from local.demo.show import PROVIDERS, table
from local.demo.story import OUTCOME_SECONDS, DemoError

_LOOK_AGAIN_SECONDS = 0.3


def organizations(console: Console, listed: Mapping[str, Sequence[dict[str, Any]]], clients: Mapping[str, str]) -> None:
    """The RMMs' customers, and whose they were found to be."""
    shown = table(console, "Organizations of the RMMs", "RMM", "organization", "suggested client", "mapped")
    how = {"ninjaone": "as suggested", "tacticalrmm": "in bulk", "levelio": "as suggested"}
    for provider, found in listed.items():
        for each in sorted(found, key=lambda each: str(each["path"])):
            suggested = each["suggested_client_id"]
            mapped = how[provider] if suggested else "by the group above it" if each["parent_id"] else "no: left alone"
            shown.add_row(PROVIDERS[provider], escape(each["path"] or ""), clients.get(suggested, ""), mapped)
    console.print(shown)


def follow(console: Console, api: Api, runs: Mapping[str, str]) -> None:
    """Syncs side by side until all have ended, by the paths of their runs: in place on a terminal, a line for each
    state elsewhere. Raises DemoError."""
    deadline = time.monotonic() + OUTCOME_SECONDS * 2
    told: dict[str, str] = {}
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        while True:
            now = {provider: api.get(path) for provider, path in runs.items()}
            if console.is_terminal:
                live.update(_runs(console, now))
            else:
                for provider, run in now.items():
                    if told.get(provider) != run["state"]:
                        told[provider] = run["state"]
                        console.print(f"  {provider}: {run['state']}, {_pages(run)} pages, {run['listed']} devices …")
            if all(run["finished_at"] for run in now.values()):
                break
            if time.monotonic() > deadline:
                raise DemoError(f"the syncs have not ended: {[run['state'] for run in now.values()]}")
            time.sleep(_LOOK_AGAIN_SECONDS)
    console.print(_runs(console, now))


def assets(console: Console, found: Sequence[dict[str, Any]], clients: Mapping[str, str]) -> None:
    """Some machines: one that two RMMs manage is one asset."""
    shown = table(console, "Some of the assets", "name", "type", "client", "status", "system", "serial number", "RMMs")
    for each in found:
        shown.add_row(
            escape(each["name"]),
            each["type"],
            clients.get(each["client_id"], "none"),
            each["agent_status"],
            escape(each["operating_system"] or ""),
            each["serial_number"],
            " and ".join(sorted(PROVIDERS[device["provider"]] for device in each["devices"])),
        )
    console.print(shown)


def ticket(console: Console, made: dict[str, Any]) -> None:
    """A ticket's first comment: what is known of the machine stands in it."""
    shown = table(console, f"Ticket {made['number']}: {made['title']}", "its first comment")
    opening = next((each["body"] for each in made["comments"] if each["body"].startswith("Opened by")), "")
    shown.add_row(escape(opening))
    console.print(shown)


def histories(console: Console, told: Sequence[tuple[str, Sequence[dict[str, Any]]]]) -> None:
    """What happened to machines, newest first."""
    shown = table(console, "What happened to two of them", "machine", "what", "change", "at")
    for name, history in told:
        for entry in history:
            changes = [f"{each['field']}: {each['old']} → {each['new']}" for each in entry["changes"]]
            shown.add_row(escape(name), entry["what"], escape("\n".join(changes)), entry["at"][11:19])
    console.print(shown)


def software(console: Console, found: dict[str, Any]) -> None:
    """Programs, whatever their versions are called."""
    shown = table(
        console, "Software like '7-zip'", "program", "publisher", ("machines", "right"), "versions (machines each)"
    )
    for each in found["items"]:
        versions = ", ".join(f"{one['version']} ({one['asset_count']})" for one in each["versions"])
        shown.add_row(each["name"], each["publisher"], str(each["asset_count"]), versions)
    console.print(shown)
    for each in found["without_inventory"]:
        console.print(f"  {PROVIDERS[each['provider']]}: {each['reason']}", markup=False)


def compliance(console: Console, clients: Sequence[dict[str, Any]]) -> None:
    """How each client's machines do."""
    counts = {
        "assets": "machines",
        "online": "online",
        "offline": "offline",
        "overdue": "overdue",
        "missing": "missing",
        "patches_pending": "patches pending",
        "patches_failed": "failed",
        "active_alerts": "alerts",
        "unprotected": "unprotected",
    }
    shown = table(console, "Compliance", "client", *((heading, "right") for heading in counts.values()))
    for each in clients:
        shown.add_row(escape(each["client_name"]), *(str(each[name]) for name in counts))
    console.print(shown)


def way_in(console: Console, name: str, link: dict[str, Any], audited: dict[str, Any]) -> None:
    """A link into a machine, and that it is remembered who asked for it."""
    until = f"until {link['expires_at'][11:19]}" if link["expires_at"] else "asks for a sign-in of its own"
    console.print(f"A link into {name} ({until}): {link['url']}", markup=False, soft_wrap=True)
    console.print(f"In the audit log: {audited['who']}, {audited['action']}, {audited['detail']}", markup=False)


def _runs(console: Console, runs: Mapping[str, dict[str, Any]]) -> Table:
    numbers = ("rows read", "pages", "devices", "created", "linked", "updated", "unchanged")
    shown = table(console, "Devices", "RMM", "state", *((each, "right") for each in numbers), "skipped")
    for provider, run in runs.items():
        skipped = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in run["skipped"].items())
        counts = (str(run[each]) for each in ("listed", "created", "linked", "updated", "unchanged"))
        wrong = run["error"] or run["trouble"] or skipped
        shown.add_row(PROVIDERS[provider], run["state"], str(run["rows_seen"]), _pages(run), *counts, escape(wrong))
    return shown


def _pages(run: dict[str, Any]) -> str:
    return f"{run['pages_done']} of {run['pages_total'] or '?'}"
