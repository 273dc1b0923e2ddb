"""Tables for people: with rules and colour on a terminal, plain text elsewhere."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

MET, MISSED = "met", "MISSED"


@dataclass(frozen=True)
class Table:
    """`rows` are texts, a column each; all columns but the first are aligned to the right. `notes` stand below."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def goal(met: bool) -> str:
    """The word that is shown for a goal."""
    return MET if met else MISSED


def show(tables: Sequence[Table], out: TextIO | None = None) -> None:
    """Prints them."""
    stream = out or sys.stdout
    if stream.isatty():
        _show_rich(tables)
    else:
        for table in tables:
            stream.write(plain(table) + "\n")


def plain(table: Table) -> str:
    """The table as text that any file or pager takes."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    lines = [table.title, "=" * len(table.title)]
    for index, row in enumerate(rows):
        cells = [
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
        if not index:
            lines.append("  ".join("-" * width for width in widths))
    lines += [f"  {note}" for note in table.notes]
    return "\n".join(lines) + "\n"


def _show_rich(tables: Sequence[Table]) -> None:
    # Only here: its import takes its time, and a pipe needs none of it.
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console()
    for table in tables:
        shown = RichTable(title=table.title, title_justify="left", title_style="bold")
        for index, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if index else "left")
        for row in table.rows:
            shown.add_row(*(Text(cell, style={MET: "green", MISSED: "bold red"}.get(cell, "")) for cell in row))
        console.print(shown)
        for note in table.notes:
            console.print(Text(f"  {note}", style="dim"))
        console.print()
