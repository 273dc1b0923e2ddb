"""Which integrations have an API to be asked, and the way to it."""

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


def is_connected(integration: Integration | None) -> bool:
    """Whether there is an API to be asked, though it may not answer just now."""
    return integration is not None and integration.has_credentials
