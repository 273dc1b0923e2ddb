"""How an integration is shown, and when its webhook's secret is shown with it."""

from datetime import datetime
from typing import Any

from tandem.admin.calls import Call
from tandem.admin.polling_answers import polling_answer, shown_status
from tandem.admin.schemas.integrations import (
    CountsAnswer,
    CredentialsAnswer,
    IntegrationAnswer,
    NewIntegrationAnswer,
    NewWebhookAnswer,
    RegistrationAnswer,
    RotatedIntegrationAnswer,
    WebhookStateAnswer,
)
from tandem.admin.sync_answers import device_sync_answer
from tandem.admin.webhook_setup import setup
from tandem.connections.credentials import Kind
from tandem.store.configuration.records import Integration

AnyCall = Call[Any, Any]

_NO_SCRIPTS = (
    "NinjaOne runs scripts only for a person: with client credentials it refuses them. Connect by signing in "
    "(authorization_code) if you need them."
)


def integration_answer(call: AnyCall, integration: Integration) -> IntegrationAnswer:
    """The integration without its secret."""
    integration_id = integration.integration_id
    newest = integration.secret_hashes[-1] if integration.secret_hashes else None
    state = call.services.polls.state(integration_id, call.now)
    status, reason = shown_status(integration, state)
    return IntegrationAnswer.model_validate(
        {
            "id": integration_id,
            "provider": integration.provider.value,
            "name": integration.name,
            "instance_url": integration.instance_url,
            "status": status,
            "status_reason": reason,
            "credentials": _credentials(integration),
            "requests_per_minute": integration.requests_per_minute,
            "default_client_id": integration.default_client_id,
            "allow_private_address": integration.allow_private_address,
            "has_signing_secret": integration.has_signing_secret,
            "created_at": integration.created_at,
            "webhook": WebhookStateAnswer(
                url=webhook_url(call, integration),
                secret_created_at=newest.created_at if newest else None,
                old_secret_until=_old_secret_until(call, integration),
            ),
            "webhook_registration": _registration(integration),
            "setup": setup(integration.provider, webhook_url(call, integration), call.base_url),
            "polling": polling_answer(integration, state),
            "device_sync": device_sync_answer(call, integration),
            "counts": CountsAnswer(
                organizations=call.services.organizations.count(integration_id),
                rules=call.services.rules.count(integration_id),
            ),
        }
    )


def new_integration_answer(call: AnyCall, integration: Integration, secret: str) -> NewIntegrationAnswer:
    """The integration with its first secret, to be shown this once."""
    return NewIntegrationAnswer.model_validate(_with_secret(call, integration, secret))


def rotated_integration_answer(call: AnyCall, integration: Integration, secret: str) -> RotatedIntegrationAnswer:
    """The integration with its new secret, to be shown this once."""
    shown = _with_secret(call, integration, secret)
    return RotatedIntegrationAnswer.model_validate(shown | shown["webhook"])


def _with_secret(call: AnyCall, integration: Integration, secret: str) -> dict[str, Any]:
    webhook = NewWebhookAnswer(
        url=webhook_url(call, integration), secret=secret, old_secret_until=_old_secret_until(call, integration)
    )
    shown = setup(integration.provider, webhook.url, call.base_url, secret)
    return integration_answer(call, integration).model_dump() | {
        "webhook": webhook.model_dump(),
        "setup": shown.model_dump(),
    }


def _credentials(integration: Integration) -> CredentialsAnswer | None:
    kept = integration.credentials
    if kept is None:
        return None
    return CredentialsAnswer.model_validate(
        {
            "kind": kept.kind,
            "hint": kept.hint,
            "connected_at": integration.connected_at,
            "waits_for_sign_in": kept.waits_for_sign_in,
            "limits": _NO_SCRIPTS if kept.kind == Kind.CLIENT_CREDENTIALS else None,
        }
    )


def _registration(integration: Integration) -> RegistrationAnswer | None:
    if integration.webhook_registered_at is None and integration.webhook_problem is None:
        return None
    return RegistrationAnswer(registered_at=integration.webhook_registered_at, problem=integration.webhook_problem)


def webhook_url(call: AnyCall, integration: Integration) -> str:
    """Where the RMM sends its webhooks."""
    return f"{call.base_url}/webhooks/{integration.integration_id}"


def _old_secret_until(call: AnyCall, integration: Integration) -> datetime | None:
    ends = [each.expires_at for each in integration.secret_hashes[:-1] if each.expires_at is not None]
    return max((end for end in ends if end > call.now), default=None)
