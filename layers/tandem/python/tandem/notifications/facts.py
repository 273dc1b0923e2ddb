"""What of a ticket its event does not say."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from tandem.alerts.models import Severity
from tandem.notifications.wording import About
from tandem.store import keys
from tandem.store.batches import get_items
from tandem.store.configuration.clients import Clients
from tandem.store.lookups import Lookups
from tandem.store.records import condition_from, ticket_from

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TicketFacts:
    """Reads from one table. Raises the errors of store/errors.py."""

    def __init__(self, client: "DynamoDBClient", table: str, lookups: Lookups, clients: Clients) -> None:
        self._client = client
        self._table = table
        self._lookups = lookups
        self._clients = clients

    def about(self, ticket_id: str, now: datetime) -> About:
        """What is known of the ticket now: its client, and the device and rule of its first alert. Read for each mail
        about one ticket: those are few."""
        ticket = self._lookups.ticket(ticket_id)
        if ticket is None:
            return About()
        client = self._clients.get(ticket.client_id) if ticket.client_id else None
        alert_ids = self._lookups.linked_alert_ids(ticket_id, None, 1)
        alert = next(iter(self._lookups.alerts(alert_ids, now).values()), None)
        return About(
            priority=ticket.priority.value,
            client=client.name if client else None,
            device=(alert.device_name or alert.external_device_id) if alert else None,
            rule=alert.rule.name if alert and alert.rule else None,
        )

    def severities(self, conditions: Mapping[str, str | None]) -> dict[str, Severity]:
        """The worst severity that each ticket has stood for, by ticket id, as far as it is known; given each one's
        condition id. An open ticket's is its condition's, a closed one's its own. One call for a batch."""
        wanted = [keys.condition_key(condition_id) for condition_id in conditions.values() if condition_id]
        wanted += [keys.ticket_key(ticket_id) for ticket_id in conditions]
        found = get_items(self._client, self._table, wanted)
        tickets = [ticket_from(item) for (_, sk), item in found.items() if sk == "TICKET"]
        severities = {each.ticket_id: each.severity for each in tickets if each.severity is not None}
        for condition in (condition_from(item) for (_, sk), item in found.items() if sk == "CONDITION"):
            ticket_id, severity = condition.open_ticket_id, condition.open_ticket_severity
            if ticket_id in conditions and ticket_id is not None and severity is not None:
                severities[ticket_id] = severity
        return severities
