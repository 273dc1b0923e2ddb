"""Signing in to NinjaOne: an admin asks for an address, opens it in a browser, agrees there, and comes back.

POST /integrations/{id}/oauth/start (with an API key) gives the address, good once and for ten minutes. What it opens
and what NinjaOne comes back to are pages for a browser (sign_in_pages.py), which has no API key.
"""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.connecting import OWN_SECONDS, keeping, remove_if_gone
from tandem.admin.problems import conflict
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.admin.schemas.integrations import SignInAnswer
from tandem.admin.sign_in_state import digest, random_text
from tandem.admin.webhook_setup import CALLBACK_PATH
from tandem.alerts.models import Provider
from tandem.connections.credentials import Kind
from tandem.store.configuration.records import Role

START_PATH = "/oauth/ninjaone/start"
TICKET_LIVES = timedelta(minutes=10)


def start_sign_in(call: Call[NoBody, NoQuery]) -> Answer:
    """Where to sign in."""
    integration = the_integration(call)
    kept = integration.credentials
    waits = kept is not None and (kept.kind == Kind.AUTHORIZATION_CODE or kept.waits_for_sign_in)
    if integration.provider is not Provider.NINJAONE or not waits:
        raise conflict("only a NinjaOne integration with credentials of the grant authorization_code is signed in to")
    connections, new_key = call.services.connections(), random_text()
    keeping(
        lambda: connections.change(
            integration.integration_id,
            lambda kept: replace(kept, state_key=kept.state_key or new_key),
            connections.deadline(OWN_SECONDS),
        )
    )
    remove_if_gone(call, integration.integration_id)
    ticket, expires_at = random_text(), call.now + TICKET_LIVES
    user_id = call.principal.user_id
    call.services.sign_ins.begin(digest(ticket), integration.integration_id, user_id, expires_at)
    return Answer(
        SignInAnswer(
            start_url=f"{call.base_url}{START_PATH}?{urlencode({'ticket': ticket})}",
            expires_at=expires_at,
            redirect_uri=call.base_url + CALLBACK_PATH,
        )
    )


ROUTES: Routes = (
    Route(
        "POST",
        "/integrations/{integration_id}/oauth/start",
        "Sign in to NinjaOne",
        Role.ADMIN,
        start_sign_in,
        SignInAnswer,
        "Integrations",
        description="Open `start_url` in a browser within ten minutes; it works once. Sign in as a system "
        "administrator: nobody else can register webhooks.",
        conflicts="the integration has no credentials that are signed in to",
    ),
)
