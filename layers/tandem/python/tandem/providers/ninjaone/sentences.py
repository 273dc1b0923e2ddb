"""NinjaOne's errors, as sentences for the admin. Sources: vendors.md 1.2, 1.3; the OpenAPI for those of webhooks."""

from http import HTTPStatus

from tandem.connections.advice import Advice
from tandem.connections.errors import Forbidden, Refused, Rejected, VendorError
from tandem.connections.replies import Reply

_APP = "Administration → Apps → API → Client App IDs"
_POLLING = "Until then Tandem polls, and misses nothing but minutes."


def _special(reply: Reply, said: str) -> VendorError | None:
    """Told apart by OAuth's `error` wherever there is one: the HTTP status that comes with it varies."""
    if reply.is_page:
        return None
    value = reply.error_value()
    error = value.get("error") if isinstance(value, dict) else None
    of_oauth = _OF_OAUTH.get(error) if isinstance(error, str) else None
    if of_oauth is not None:
        kind, sentence = of_oauth
        return kind(sentence.format(said=said), status=reply.status)
    if reply.asked.endswith(" /v2/webhook") and reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _about_webhooks(reply, said)
    return None


def _about_webhooks(reply: Reply, said: str) -> VendorError | None:
    if "PSA" in said:
        return Rejected(
            f"NinjaOne has another PSA configured, and takes no webhook beside it.{said} Remove that PSA in NinjaOne "
            f"under Administration → Apps, then register the webhook again. {_POLLING}",
            status=reply.status,
        )
    if reply.status != HTTPStatus.FORBIDDEN:
        return None
    return Forbidden(
        f"NinjaOne lets only system administrators configure webhooks.{said} Let a system administrator connect "
        f"NinjaOne here, or register the webhook again as one. {_POLLING}",
        status=reply.status,
    )


_OF_OAUTH: dict[str, tuple[type[Refused] | type[Forbidden] | type[Rejected], str]] = {
    "invalid_client": (
        Refused,
        "NinjaOne does not know the client app, or its secret is another.{said} Compare client ID and region with "
        f"NinjaOne under {_APP}, make a new secret there, and enter it here.",
    ),
    "invalid_grant": (
        Refused,
        "NinjaOne's permission has ended: it was taken back, is too old, or was used already.{said} Connect NinjaOne "
        "again.",
    ),
    "invalid_token": (
        Refused,
        "NinjaOne does not accept the access token.{said} Connect NinjaOne again if that does not pass by itself.",
    ),
    "unauthorized_client": (
        Forbidden,
        "NinjaOne's client app is not allowed to sign in this way.{said} Tick the grant types that you use "
        "(authorization code and refresh token, or client credentials) at the app under "
        f"{_APP}.",
    ),
    "unsupported_grant_type": (
        Forbidden,
        "NinjaOne does not let this client app in like this.{said} Make one of the platform Web (authorization code) "
        f"or API Services (client credentials) under {_APP}.",
    ),
    "invalid_scope": (
        Forbidden,
        f"NinjaOne's client app lacks a scope.{{said}} Allow it monitoring and management under {_APP}.",
    ),
    "insufficient_privileges": (
        Forbidden,
        "NinjaOne's permission does not go far enough.{said} Allow the client app monitoring and management under "
        f"{_APP}, then connect NinjaOne again.",
    ),
    "user_context_required": (
        Forbidden,
        "NinjaOne does this only for a person, and Tandem is connected with client credentials.{said} Connect NinjaOne "
        "by signing in (authorization code) if you need this.",
    ),
    "access_denied": (
        Refused,
        "Who signed in to NinjaOne did not allow Tandem in.{said} Connect NinjaOne again and allow it.",
    ),
    "invalid_request": (
        Rejected,
        "NinjaOne does not accept the way in which Tandem was to sign in.{said} Check that the redirect URI of the "
        f"client app under {_APP} is the one that Tandem shows, letter for letter.",
    ),
}

ADVICE = Advice(
    vendor="NinjaOne",
    refused="Connect NinjaOne again.",
    forbidden=f"Check the scopes of the client app under {_APP} and the role of who signed in.",
    address=lambda _reply: (
        "Choose the region under whose address you use NinjaOne: app, us2, eu, oc, ca or fed, as in "
        "https://eu.ninjarmm.com."
    ),
    special=_special,
)
