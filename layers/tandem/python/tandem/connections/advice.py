"""From a vendor's answer, or the lack of one, to the error whose sentence tells the admin what to do.

What every vendor's errors have in common is here; what one vendor says in its own way is in its `sentences.py`, asked
first.
"""

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpx

from tandem.connections.errors import (
    AGAIN,
    Forbidden,
    NotFound,
    Refused,
    Rejected,
    ServerFailed,
    Throttled,
    Unreachable,
    VendorError,
    WrongAddress,
)
from tandem.connections.replies import Reply, shown, vendor_words

_CLOSED_FOR_NOW = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
    # Cloudflare's for a server behind it that does not answer.
    520,
    521,
    522,
    523,
    524,
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about the errors that every vendor has, in sentences.

    `vendor`: as it calls itself. `address`: given a web page or a redirect where the API should be. `special`: the
    vendor's own errors, given the answer and what it said; None for what is not one of them.
    """

    vendor: str
    refused: str
    forbidden: str
    address: Callable[[Reply], str]
    special: Callable[[Reply, str], VendorError | None] = lambda _reply, _said: None


def error_of(reply: Reply, advice: Advice, secrets: Collection[str], now: datetime) -> VendorError:
    """The error that an answer with a status of 400 or more is."""
    words = None if reply.is_page else vendor_words(reply.error_value())
    said = "" if words is None else f" It said: “{shown(words, secrets)}”."
    return advice.special(reply, said) or _usual(reply, advice, said, now)


def _usual(reply: Reply, advice: Advice, said: str, now: datetime) -> VendorError:
    vendor, status = advice.vendor, reply.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = reply.retry_after(now)
        when = f" in {wait:.0f} seconds" if wait is not None else ""
        return Throttled(
            f"{vendor} was asked too often.{said} {AGAIN}{when}; if this stays so, poll less often.",
            status=status,
            retry_after=wait,
        )
    if status in _CLOSED_FOR_NOW:
        return Unreachable(
            f"{vendor} is not available at the moment (HTTP {status} from {reply.host}).{said} {AGAIN}; if this stays "
            "so, see whether the server runs.",
            status=status,
            retry_after=reply.retry_after(now),
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed(
            f"{vendor}'s server failed on the request (HTTP {status}).{said} {AGAIN}; if this stays so, the server's "
            "own log says more.",
            status=status,
        )
    if reply.is_page:
        return _page_with_error(reply, advice)
    if status == HTTPStatus.UNAUTHORIZED:
        return Refused(f"{vendor} does not accept the credentials.{said} {advice.refused}", status=status)
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(f"{vendor} does not allow this to the credentials.{said} {advice.forbidden}", status=status)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return NotFound(
            f"{vendor} has no such thing (any more).{said} If it should be there, check address and credentials.",
            status=status,
        )
    return Rejected(
        f"{vendor} did not do what it was asked to (HTTP {status}).{said} Put right what it says; Tandem does not try "
        "again by itself.",
        status=status,
    )


def _page_with_error(reply: Reply, advice: Advice) -> VendorError:
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Forbidden(
            f"Something in front of {advice.vendor} answered with a web page (HTTP {reply.status} from {reply.host}), "
            "as a firewall or a proxy with a login does. Let Tandem's requests through there.",
            status=reply.status,
        )
    return web_page(reply, advice)


def web_page(reply: Reply, advice: Advice) -> WrongAddress:
    """A web page where the API should be."""
    return WrongAddress(
        f"{reply.host} answered with a web page (HTTP {reply.status}) where {advice.vendor}'s API should be. "
        f"{advice.address(reply)}",
        status=reply.status,
    )


def elsewhere(reply: Reply, advice: Advice, target: str) -> WrongAddress:
    """A redirect that is not followed. Of the target no more is shown than its server: the rest may hold anything."""
    there = httpx.URL(target)
    server = f"{there.scheme}://{there.netloc.decode()}" if there.host and not there.userinfo else "nowhere"
    return WrongAddress(
        f"{reply.host} sends Tandem on to {shown(server)}, and Tandem does not follow. If {advice.vendor} is to be "
        f"reached there, enter that address. {advice.address(reply)}",
        status=reply.status,
    )


def no_answer(error: httpx.TransportError, advice: Advice, host: str) -> Unreachable:
    """The error that the lack of an answer is."""
    vendor = advice.vendor
    certificate = _cause(error, ssl.SSLCertVerificationError)
    if isinstance(certificate, ssl.SSLCertVerificationError):
        why = shown(certificate.verify_message)
        return Unreachable(
            f"The certificate of {host} is not valid ({why}). Install one for this name on the server, with its chain.",
            nothing_sent=True,
        )
    if _cause(error, ssl.SSLError) is not None:
        return Unreachable(
            f"{host} and Tandem do not agree on an encrypted connection. Check the port, and that the server speaks "
            "TLS 1.2 or newer.",
            nothing_sent=isinstance(error, httpx.ConnectError),
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout):
        return Unreachable(
            f"{host} cannot be connected to. {AGAIN}; see whether the server runs and a firewall lets Tandem in.",
            nothing_sent=True,
        )
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            f"{vendor} did not answer in time. {AGAIN}; if this stays so, look at how busy the server is."
        )
    return Unreachable(f"{vendor} broke off the connection. {AGAIN}; if this stays so, look at the server's log.")


def _cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None or isinstance(seen, kind):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
