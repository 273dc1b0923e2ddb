"""How often an integration is polled."""

from tandem.store.configuration.records import Integration

SHORTEST_MINUTES = 5
LONGEST_MINUTES = 60

_WITH_CREDENTIALS = frozenset({"connected", "error"})
"""The statuses in which there are credentials that work as far as Tandem knows."""


def polled_every(integration: Integration) -> int | None:
    """Minutes between two polls; None for an integration that is not polled: webhook-only, disconnected, waiting to be
    reconnected, or with polling switched off."""
    if integration.status not in _WITH_CREDENTIALS or not integration.polling_enabled:
        return None
    return min(LONGEST_MINUTES, max(SHORTEST_MINUTES, integration.polling_interval_minutes))
