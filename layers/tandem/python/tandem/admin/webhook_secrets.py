"""The secrets of an integration's webhook, and the route that rotates them. Only their SHA-256 is kept."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tandem.admin.authentication import hash_of
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoQuery
from tandem.admin.schemas.integrations import NewWebhookAnswer, Rotation, WebhookStateAnswer
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

    return Answer(new_webhook(call, call.services.table.retrying(rotate), secret))


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


def webhook_url(call: Call[Any, Any], integration: Integration) -> str:
    """Where the RMM sends its webhooks."""
    return f"{call.base_url}/webhooks/{integration.integration_id}"


def new_webhook(call: Call[Any, Any], integration: Integration, secret: str) -> NewWebhookAnswer:
    """The webhook with its new secret, to be shown this once."""
    return NewWebhookAnswer(
        url=webhook_url(call, integration), secret=secret, old_secret_until=_old_secret_until(call, integration)
    )


def webhook_state(call: Call[Any, Any], integration: Integration) -> WebhookStateAnswer:
    """The webhook without its secret."""
    newest = integration.secret_hashes[-1] if integration.secret_hashes else None
    return WebhookStateAnswer(
        url=webhook_url(call, integration),
        secret_created_at=newest.created_at if newest else None,
        old_secret_until=_old_secret_until(call, integration),
    )


def _old_secret_until(call: Call[Any, Any], integration: Integration) -> datetime | None:
    ends = [each.expires_at for each in integration.secret_hashes[:-1] if each.expires_at is not None]
    return max((end for end in ends if end > call.now), default=None)


ROUTES: Routes = (
    Route(
        "POST",
        "/integrations/{integration_id}/webhook-secret/rotate",
        "Rotate the webhook secret",
        Role.ADMIN,
        rotate_secret,
        NewWebhookAnswer,
        "Integrations",
        body=Rotation,
        body_required=False,
        description="The secret in use lives on for a day, or as long as the body says.",
    ),
)
