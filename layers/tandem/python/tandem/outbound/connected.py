"""Which integrations have an API to be asked, and the way to it."""

from datetime import datetime
from typing import Protocol

from tandem.connections.limits import Deadline
from tandem.connections.rmm import Rmm
from tandem.store.configuration.records import Integration


class Directory(Protocol):
    """The integrations."""

    def get(self, integration_id: str) -> Integration | None:
        """One integration. Raises a StoreError."""
        ...


class Rmms(Protocol):
    """Opens integrations' RMMs, with their credentials."""

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        """The RMM, for one piece of work that ends with the deadline. Raises VendorError, NotConnected among it."""
        ...


def is_reached(integration: Integration | None, asked_at: datetime) -> bool:
    """Whether there is an API for what was asked for then, though it may not answer just now. An integration that was
    disconnected since has none, even if it is connected again: it may be to another server."""
    if integration is None or not integration.has_credentials:
        return False
    return integration.connection_since is None or asked_at >= integration.connection_since
