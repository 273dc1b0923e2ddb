"""The demo's account of what happened. Colour only on a terminal; lines elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.state import shown

if TYPE_CHECKING:
    from local.demo.connected import Line
    from local.demo.story import Sent

PROVIDERS = {"ninjaone": "NinjaOne", "tacticalrmm": "Tactical RMM", "levelio": "Level"}
_PLAIN_WIDTH = 160


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Says what is being done: in place on a terminal, a line each elsewhere."""
    if not console.is_terminal:
        yield lambda doing: console.print(f"  {doing} …", soft_wrap=True)
        return
    with console.status("") as status:
        yield lambda doing: status.update(f"{doing} …")


def deliveries(console: Console, sent: Sequence["Sent"]) -> None:
    """What the RMMs sent and what they were answered."""
    shown = table(console, "What the RMMs sent", "RMM", "delivery", "answer", "")
    for each in sent:
        status = "[red]" if each.status >= 400 else "[green]" if each.stored else "[yellow]"
        words = each.answer.get("reason") or (f"event {each.answer.get('event_id', '')[:8]}…" if each.stored else "")
        shown.add_row(
            PROVIDERS[each.delivery.provider],
            escape(each.delivery.what),
            f"{status}{each.status} {each.answer.get('status', '')}[/]",
            escape(words),
        )
    console.print(shown)


def alerts(console: Console, heading: str, found: Sequence[dict[str, Any]], made: Sequence[dict[str, Any]]) -> None:
    """Each alert with the decisions made on it, in words."""
    numbers = {ticket["id"]: ticket["number"] for ticket in made}
    shown = table(console, heading, "RMM", "device", "severity", "status", "ticket", "why")
    for alert in sorted(found, key=lambda alert: (alert["provider"], alert["first_seen_at"])):
        why = "\n".join(f"{line['outcome']}: {line['reason']}" for line in alert["decisions"])
        shown.add_row(
            PROVIDERS[alert["provider"]],
            escape((alert["device"] or {}).get("name") or ""),
            alert["severity"],
            alert["status"],
            numbers.get(alert["ticket_id"], "none"),
            escape(why),
        )
    console.print(shown)


def tickets(console: Console, made: Sequence[dict[str, Any]], clients: dict[str, str]) -> None:
    """Each ticket with its alerts and comments counted."""
    counts = (("alerts", "right"), ("occurrences", "right"))
    shown = table(console, "Tickets", "number", "priority", "client", "title", "state", *counts)
    for ticket in sorted(made, key=lambda ticket: ticket["number"]):
        occurrences = 1 + sum(1 for comment in ticket["comments"] if comment["body"].startswith("Fired again"))
        shown.add_row(
            ticket["number"],
            ticket["priority"],
            escape(clients.get(ticket["client_id"], "none")),
            escape(ticket["title"]),
            f"closed by {ticket['closed_by']}" if ticket["is_closed"] else "open",
            str(len(ticket["alerts"])),
            str(occurrences),
        )
    console.print(shown)


def lines(console: Console, heading: str, told: Sequence["Line"]) -> None:
    """What was done with each RMM, and what came of it."""
    shown = table(console, heading, "RMM", "step", "what came of it")
    for line in told:
        shown.add_row(PROVIDERS[line.provider], line.what, escape(line.outcome))
    console.print(shown)


def closing(console: Console, api_url: str, stack: Path, ticket_id: str | None) -> None:
    """Where to look next, and how to stop."""
    path = f"/tickets/{ticket_id}" if ticket_id else "/tickets"
    key = f"$(python3 -c \"import json; print(json.load(open('{shown(stack)}'))['admin_key'])\")"
    lines = [
        "",
        f"The API   {api_url}/api/v1",
        f"Its docs  {api_url}/api/v1/docs",
        "A ticket, whole:",
        f'  curl -s -H "Authorization: Bearer {key}" \\',
        f"    '{api_url}/api/v1{path}'",
        "Stop the stack with `make down` (its data stays); `make reset` wipes it.",
    ]
    console.print("\n".join(lines), soft_wrap=True, markup=False)


def table(console: Console, title: str, *columns: str | tuple[str, str]) -> Table:
    """An empty table; a column is its heading, or that and where its cells stand."""
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    made = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for column in columns:
        name, justify = column if isinstance(column, tuple) else (column, "left")
        made.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    return made
