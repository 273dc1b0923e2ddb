"""The port that a desk implements: the built-in one, later an outside PSA.

A decision never waits for a desk. It holds Tandem's own ticket record and commands; `writes` turns the commands into
items of the decision's own transaction: the built-in desk's are the desk itself, an outside desk's are an outbox.
"""

from collections.abc import Sequence
from typing import Protocol

from tandem.alerts.tickets import DeskCommand
from tandem.store.codec import Item


class Desk(Protocol):
    """A service desk."""

    def writes(self, commands: Sequence[DeskCommand]) -> list[Item]:
        """The items to put, in the decision's transaction, for these commands; at most one an id."""
        ...
