"""Every route of the admin API, in the order in which the documents show them."""

from tandem.admin import (
    alert_acts,
    alerts,
    boards,
    clients,
    connections,
    dead_letters,
    deliveries,
    integrations,
    notifications,
    people,
    places,
    polls,
    previews,
    rule_applying,
    rules,
    sign_in,
    ticket_entries,
    tickets,
    webhook_secrets,
    windows,
)
from tandem.admin.calls import Routes
from tandem.admin.documents import with_documents

ROUTES: Routes = with_documents(
    (
        *integrations.ROUTES,
        *connections.ROUTES,
        *sign_in.ROUTES,
        *webhook_secrets.ROUTES,
        *deliveries.ROUTES,
        *polls.ROUTES,
        *places.ROUTES,
        *clients.ROUTES,
        *rules.ROUTES,
        *windows.ROUTES,
        *previews.ROUTES,
        *rule_applying.ROUTES,
        *alerts.ROUTES,
        *alert_acts.ROUTES,
        *tickets.ROUTES,
        *ticket_entries.ROUTES,
        *boards.ROUTES,
        *people.ROUTES,
        *notifications.ROUTES,
        *dead_letters.ROUTES,
    )
)
