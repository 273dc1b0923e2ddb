"""A world that tells its events: each applied decision's changes, mapped as the stream's reader maps them."""

from dataclasses import dataclass, field

from tandem.alerts.decision import Decision
from tandem.events.mapping import alert_events, ticket_events
from tandem.events.payload import Event
from tests.unit.alerts.world import World

TENANT = "local"


@dataclass
class TellingWorld(World):
    """`told`: all events, in the order of the writes."""

    told: list[Event] = field(default_factory=list)

    def apply(self, decision: Decision) -> None:
        alert_before = self.alerts.get(decision.alert.alert_id) if decision.alert else None
        ticket_before = self.tickets.get(decision.ticket.ticket_id) if decision.ticket else None
        super().apply(decision)
        if decision.alert:
            self.told += alert_events(alert_before, decision.alert, TENANT, self.now)
        if decision.ticket:
            self.told += ticket_events(ticket_before, decision.ticket, TENANT, self.now)

    def take(self) -> list[str]:
        """The names of what was told since the last time."""
        names = [event.name for event in self.told]
        self.told = []
        return names

    def names(self) -> list[str]:
        return [event.name for event in self.told]
