"""How an integration is shown, and when its webhook's secret is shown with it."""

from datetime import datetime
from typing import Any

from tandem.admin.calls import Call
from tandem.admin.schemas.integrations import (
    CountsAnswer,
    DeviceSyncAnswer,
    IntegrationAnswer,
    NewIntegrationAnswer,
    NewWebhookAnswer,
    PollingAnswer,
    RotatedIntegrationAnswer,
    WebhookStateAnswer,
)
from tandem.store.configuration.records import Integration

AnyCall = Call[Any, Any]


def integration_answer(call: AnyCall, integration: Integration) -> IntegrationAnswer:
    """The integration without its secret."""
    integration_id = integration.integration_id
    newest = integration.secret_hashes[-1] if integration.secret_hashes else None
    return IntegrationAnswer.model_validate(
        {
            "id": integration_id,
            "provider": integration.provider.value,
            "name": integration.name,
            "instance_url": integration.instance_url,
            "status": integration.status,
            "default_client_id": integration.default_client_id,
            "allow_private_address": integration.allow_private_address,
            "has_signing_secret": integration.has_signing_secret,
            "created_at": integration.created_at,
            "webhook": WebhookStateAnswer(
                url=_webhook_url(call, integration),
                secret_created_at=newest.created_at if newest else None,
                old_secret_until=_old_secret_until(call, integration),
            ),
            "polling": PollingAnswer(),
            "device_sync": DeviceSyncAnswer(),
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
        url=_webhook_url(call, integration), secret=secret, old_secret_until=_old_secret_until(call, integration)
    )
    return integration_answer(call, integration).model_dump() | {"webhook": webhook.model_dump()}


def _webhook_url(call: AnyCall, integration: Integration) -> str:
    return f"{call.base_url}/webhooks/{integration.integration_id}"


def _old_secret_until(call: AnyCall, integration: Integration) -> datetime | None:
    ends = [each.expires_at for each in integration.secret_hashes[:-1] if each.expires_at is not None]
    return max((end for end in ends if end > call.now), default=None)
