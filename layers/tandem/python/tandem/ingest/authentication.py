"""Whether a webhook is authentic. Fails closed: without anything to compare with, nobody is.

- A shared secret: header X-Tandem-Secret or X-Alga-Webhook-Secret, or `?secret=`. Any of them may hold any live one.
- A signature, for an integration with a signing secret (Level). If it is there it decides alone: a wrong signature is
  refused even beside a right secret, for the body is not what the sender signed. Without a signing secret the header
  means nothing here, and a shared secret is needed.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

from tandem.alerts.models import Provider
from tandem.ingest.answers import NotStored, Refused
from tandem.ingest.integration import Integration, SecretHash
from tandem.ingest.remembered import Remembered
from tandem.ingest.request import WebhookRequest
from tandem.providers.levelio import signature as level_signature

SECRET_HEADERS = ("x-tandem-secret", "x-alga-webhook-secret")
SECRET_PARAMETER = "secret"  # noqa: S105  the parameter's name

_SIGNATURES: Mapping[Provider, tuple[str, Callable[[bytes, str, str], bool]]] = {
    Provider.LEVELIO: (level_signature.HEADER, level_signature.is_signed),
}


class Authentication:
    """Decides with the secrets that it is given access to."""

    def __init__(self, signing_secrets: Remembered[str]) -> None:
        self._signing_secrets = signing_secrets

    def require(self, request: WebhookRequest, integration: Integration, now: datetime) -> None:
        """Returns if the request is authentic. Raises Refused (401), or NotStored if a secret cannot be read."""
        header, is_signed = _SIGNATURES.get(integration.provider, ("", None))
        signature = request.headers.get(header)
        if integration.has_signing_secret and is_signed is not None and signature is not None:
            self._require_signature(request, integration, signature, is_signed)
            return
        presented = _presented(request)
        if not presented:
            raise Refused(401, "unauthorized", "X-Tandem-Secret", "the webhook secret of this integration")
        if not is_live_secret(presented, integration.secret_hashes, now):
            raise Refused(401, "unauthorized", "X-Tandem-Secret", "a live webhook secret; this is none")

    def _require_signature(
        self,
        request: WebhookRequest,
        integration: Integration,
        signature: str,
        is_signed: Callable[[bytes, str, str], bool],
    ) -> None:
        secret = self._signing_secrets.get(integration.integration_id)
        if secret is None:
            raise NotStored("the integration's signing secret is missing")
        if is_signed(request.body, signature, secret):
            return
        changed = self._signing_secrets.reread(integration.integration_id)
        if changed is None or not is_signed(request.body, signature, changed):
            field = _SIGNATURES[integration.provider][0].title()
            raise Refused(401, "unauthorized", field, "sha256=<hex HMAC-SHA256 of the body with the signing secret>")


def is_live_secret(presented: tuple[str, ...], hashes: tuple[SecretHash, ...], now: datetime) -> bool:
    """Whether one of the presented texts is a live secret. Each is compared with each hash, in constant time and
    without stopping at the first that matches."""
    matches = False
    for text in presented:
        digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
        for known in hashes:
            is_equal = hmac.compare_digest(digest.encode(), known.sha256.lower().encode())
            is_live = known.expires_at is None or now < known.expires_at
            matches |= is_equal and is_live
    return matches


def has_credentials(request: WebhookRequest) -> bool:
    """Whether the request presents anything to be known by."""
    return bool(_presented(request)) or any(header in request.headers for header, _ in _SIGNATURES.values())


def _presented(request: WebhookRequest) -> tuple[str, ...]:
    of_headers = (request.headers.get(name) for name in SECRET_HEADERS)
    return tuple(text for text in (*of_headers, request.query.get(SECRET_PARAMETER)) if text)
