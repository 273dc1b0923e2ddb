"""How often an integration is polled."""

from tandem.store.configuration.records import Integration

SHORTEST_MINUTES = 5
LONGEST_MINUTES = 60

FAILING_FROM = 3
"""So many failed polls in a row are more than bad luck: the integration is shown as in error, and an alarm rings."""


def polled_every(integration: Integration) -> int | None:
    """Minutes between two polls: what its schedule says; None for an integration that has none."""
    if not integration.is_polled:
        return None
    return min(LONGEST_MINUTES, max(SHORTEST_MINUTES, integration.polling_interval_minutes))
