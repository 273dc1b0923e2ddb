"""The secrets of an integration's webhook, and the route that rotates them. Only their SHA-256 is kept."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from tandem.admin.authentication import hash_of
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.integration_answers import rotated_integration_answer
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoQuery
from tandem.admin.schemas.integrations import RotatedIntegrationAnswer, Rotation
from tandem.store.configuration.records import Integration, Role, WebhookSecret


def rotate_secret(call: Call[Rotation, NoQuery]) -> Answer:
    """A new secret; the one in use lives on for a while."""
    secret = new_webhook_secret()

    def rotate() -> Integration:
        integration = the_integration(call)
        kept = _old_secret(integration, call.now, timedelta(minutes=call.body.keep_old_minutes))
        hashes = (*kept, WebhookSecret(hash_of(secret), call.now))
        changed = replace(integration, secret_hashes=hashes)
        call.services.integrations.put(changed)
        return changed

    return Answer(rotated_integration_answer(call, call.services.table.retrying(rotate), secret))


def new_webhook_secret() -> str:
    """32 random bytes as text that fits a header and a query string."""
    return secrets.token_urlsafe(32)


def _old_secret(integration: Integration, now: datetime, keep: timedelta) -> tuple[WebhookSecret, ...]:
    """The newest secret, ending after `keep` or when it ends anyway; older ones end now, so two live at most."""
    if not integration.secret_hashes or not keep:
        return ()
    newest = integration.secret_hashes[-1]
    until = now + keep
    return (replace(newest, expires_at=min(newest.expires_at or until, until)),)


ROUTES: Routes = (
    Route(
        "POST",
        "/integrations/{integration_id}/webhook-secret/rotate",
        "Rotate the webhook secret",
        Role.ADMIN,
        rotate_secret,
        RotatedIntegrationAnswer,
        "Integrations",
        body=Rotation,
        body_required=False,
        description="The new secret is in this answer only. The one before ends after a day, or when the body says.",
    ),
)
