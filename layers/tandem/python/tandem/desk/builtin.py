"""The built-in desk: Tandem's ticket record is its ticket, so only what stands beside the record is written."""

from collections.abc import Sequence

from tandem.alerts.tickets import BookTime, DeskCommand, WriteComment
from tandem.store.codec import Item
from tandem.store.records import comment_item, time_entry_item


class BuiltinDesk:
    """Comments and time entries as items of the ticket's partition. The ticket's own changes are in its record."""

    def writes(self, commands: Sequence[DeskCommand]) -> list[Item]:
        """One item for each comment and time entry; a comment written again is the same item."""
        items = []
        for command in commands:
            if isinstance(command, WriteComment):
                items.append(comment_item(command.comment))
            elif isinstance(command, BookTime):
                items.append(time_entry_item(command.entry))
        return items
