"""Tactical RMM's errors, as sentences for the admin. Sources: tactical-live.md; vendors.md 2.1 to 2.3; the recorded
answers."""

from http import HTTPStatus
from typing import Final

from tandem.connections.advice import Advice
from tandem.connections.errors import Forbidden, Refused, Rejected, VendorError, WrongAddress
from tandem.connections.replies import Reply

CHECK_CREDENTIALS: Final = "/v2/checkcreds/"
LOGIN: Final = "/v2/login/"

_KEYS = "Settings → Global Settings → API Keys"
_RIGHTS = (
    "Its role needs: list agents, list alerts, manage alerts, list clients, list sites; for the inventory also list "
    "software and manage Windows updates (Settings → Permissions Manager)"
)


def _special(reply: Reply, said: str) -> VendorError | None:
    if reply.asked == f"POST {LOGIN}" or reply.asked == f"POST {CHECK_CREDENTIALS}":
        return _about_login(reply, said)
    if reply.is_page:
        return _beta(reply) if reply.status == HTTPStatus.NOT_FOUND and " /beta/" in reply.asked else None
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Refused(_refused(said), status=reply.status)
    if reply.status == HTTPStatus.FORBIDDEN:
        return Forbidden(f"Tactical RMM does not allow this to the user of the key.{said} {_RIGHTS}.", status=403)
    if reply.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Rejected(
            f"Tactical RMM does not know this request.{said} Update the server: Tandem is made for version 1.5 and "
            "newer of it.",
            status=reply.status,
        )
    return None


def _refused(said: str) -> str:
    if "expired" in said:
        return f"Tactical RMM's key has expired.{said} Make one that lasts under {_KEYS}, and enter it here."
    if "inactive" in said:
        return (
            f"The user of Tactical RMM's key is inactive or deleted.{said} Make a key for an active user under "
            f"{_KEYS}, and enter it here."
        )
    if "not provided" in said:
        return (
            f"Tactical RMM saw no credentials.{said} Something between Tandem and the server takes the header "
            "X-API-KEY or Authorization away: let it through."
        )
    return (
        f"Tactical RMM does not accept the key or the sign-in.{said} Make a key under {_KEYS} and enter it here, or "
        "sign in again."
    )


def _about_login(reply: Reply, said: str) -> VendorError | None:
    if reply.status == HTTPStatus.BAD_REQUEST and not reply.is_page:
        is_about_the_code = reply.asked.endswith(LOGIN) and "Bad credentials" in said
        what = (
            "Tactical RMM does not accept the code. Enter the six digits that the authenticator shows now, and see "
            "whether the server's clock is right"
            if is_about_the_code
            else "Tactical RMM does not accept user name and password. Enter them as on its dashboard; a user that "
            "signs in elsewhere (SSO), or may not sign in to the dashboard, needs an API key instead"
        )
        return Refused(f"{what}.{said}", status=reply.status)
    if reply.status == HTTPStatus.INTERNAL_SERVER_ERROR and reply.asked.endswith(LOGIN):
        return Refused(
            "Tactical RMM failed on the sign-in, as it does for users without a second factor. Set one up for this "
            f"user, or better make an API key under {_KEYS}, which needs none.",
            status=reply.status,
        )
    return None


def _beta(reply: Reply) -> WrongAddress:
    return WrongAddress(
        "Tactical RMM's beta API is switched off. Nothing needs it; to have it all the same, put BETA_API_ENABLED = "
        "True into local_settings.py and restart the server.",
        status=reply.status,
    )


def _address(reply: Reply) -> str:
    """The dashboard answers any GET with a web page, and lives beside the API: `rmm.` instead of `api.`."""
    first, _, rest = reply.host.partition(".")
    example = f", most likely https://api.{rest}" if rest and first.lower() == "rmm" else ""
    return f"Enter the address of the API, which begins with “api.”, not the dashboard's{example}."


ADVICE = Advice(
    vendor="Tactical RMM",
    refused=f"Make an API key under {_KEYS} and enter it here.",
    forbidden=f"{_RIGHTS}.",
    address=_address,
    special=_special,
)
