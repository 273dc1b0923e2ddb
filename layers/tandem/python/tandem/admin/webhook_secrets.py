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
    in_use: tuple[WebhookSecret, ...] = ()

    def rotate() -> Integration:
        nonlocal in_use
        integration = the_integration(call)
        in_use = integration.secret_hashes[-1:]
        kept = old_secret(integration.secret_hashes, call.now, timedelta(minutes=call.body.keep_old_minutes))
        hashes = (*kept, WebhookSecret(hash_of(secret), call.now))
        changed = replace(integration, secret_hashes=hashes)
        call.services.integrations.put(changed)
        return changed

    rotated = call.services.table.retrying(rotate)
    if rotated.webhook_registered_at is not None:
        from tandem.admin.webhook_registration import register

        rotated = register(call, rotated, secret)
        if rotated.webhook_problem is not None:
            rotated = call.services.table.retrying(lambda: _keep(call, in_use, hash_of(secret)))
    return Answer(rotated_integration_answer(call, rotated, secret))


def _keep(call: Call[Rotation, NoQuery], in_use: tuple[WebhookSecret, ...], new_hash: str) -> Integration:
    """NinjaOne refused the new secret and goes on with the one that it has, which must not end then."""
    integration = the_integration(call)
    new = tuple(each for each in integration.secret_hashes if each.hash == new_hash)
    changed = replace(integration, secret_hashes=(*new, *in_use))  # the last one is the one in use
    call.services.integrations.put(changed)
    return changed


def new_webhook_secret() -> str:
    """32 random bytes as text that fits a header and a query string."""
    return secrets.token_urlsafe(32)


def old_secret(hashes: tuple[WebhookSecret, ...], now: datetime, keep: timedelta) -> tuple[WebhookSecret, ...]:
    """The newest secret, ending after `keep` or when it ends anyway; older ones end now, so two live at most."""
    if not hashes or not keep:
        return ()
    newest = hashes[-1]
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
        description="The new secret is in this answer only. The one before ends after a day, or when the body says. A "
        "webhook that Tandem registered at NinjaOne itself is registered anew with it.",
    ),
)
