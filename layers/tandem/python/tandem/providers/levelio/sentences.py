"""Level's errors, as sentences for the admin. Sources: vendors.md 3."""

from http import HTTPStatus

from tandem.connections.advice import Advice
from tandem.connections.errors import Forbidden, Refused, Rejected, VendorError
from tandem.connections.replies import Reply

_KEYS = "Settings → API keys"


def _special(reply: Reply, said: str) -> VendorError | None:
    if reply.is_page:
        return None
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return Refused(
            f"Level does not know the API key.{said} Make a key in Level under {_KEYS}, and enter it here whole and "
            "without “Bearer” before it.",
            status=reply.status,
        )
    if reply.status == HTTPStatus.FORBIDDEN:
        what = (
            "The key may be read-only: to reset alerts, Tandem needs one that may read and write"
            if not reply.asked.startswith("GET ")
            else "The key may belong to another organization"
        )
        return Forbidden(
            f"Level does not allow this to the API key.{said} {what}. Make one under {_KEYS}.", status=reply.status
        )
    if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return Rejected(
            f"Level cannot make sense of the request.{said} The list may have changed while it was read: what Tandem "
            "asked for is asked for again with the next poll.",
            status=reply.status,
        )
    return None


ADVICE = Advice(
    vendor="Level",
    refused=f"Make an API key in Level under {_KEYS} and enter it here.",
    forbidden=f"Make an API key that may read and write in Level under {_KEYS}.",
    address=lambda _reply: "Level's API is at https://api.level.io; see whether a proxy stands between.",
    special=_special,
)
