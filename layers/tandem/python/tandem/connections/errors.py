"""What can go wrong when Tandem asks a vendor.

    VendorError
    ├── NotConnected        Tandem has no credentials to ask with
    ├── Refused             the credentials are not accepted (any longer)
    ├── Forbidden           they are, but lack the right for this
    ├── NotFound            no such thing
    ├── Rejected            understood, and not done
    ├── Throttled           too many requests
    ├── Unreachable         no answer: not found, refused, broken off, too slow, closed for now
    │   └── ServerFailed    an answer that says that the server failed
    ├── BadReply            an answer that cannot be what was asked for
    │   └── WrongAddress    a web page, another server, an address that is not allowed
    └── TimeIsUp            the time given for the work is used up
        └── Paced           it does not reach to when the integration's own rate allows the next request

`str(error)` is for the admin: a sentence that says what happened, and one that says what to do. No error holds a
credential, nor anything that it was made from: they are raised outside of any `except`, so that not even a traceback
leads to the request.
"""

from typing import ClassVar, Final

AGAIN: Final = "Tandem tries again by itself"
"""Of polls, resets and syncs that is true. A person who asked is told otherwise: `to_who_asked`."""


class VendorError(Exception):
    """A vendor's API did not do what it was asked to.

    `status`: the HTTP status, if there was an answer. `retry_after`: seconds, if the vendor said when to come back.
    `may_pass`: the same request may well succeed later without anybody doing anything.
    """

    may_pass: ClassVar[bool] = False

    def __init__(self, sentence: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after

    def to_who_asked(self) -> str:
        """The sentences for a person who waits for the answer: nobody else tries again."""
        return str(self).replace(AGAIN, "Try again")


class NotConnected(VendorError):  # noqa: N818  the tree's names are the design's words
    """There are no credentials to ask with, none for this address, or no address."""

    def __init__(self, sentence: str = "The integration is not connected. Give it credentials first.") -> None:
        super().__init__(sentence)


class Refused(VendorError):  # noqa: N818
    """The credentials are not accepted. `reconnect`: a person must sign in or make new ones."""

    def __init__(self, sentence: str, *, status: int | None = None, reconnect: bool = True) -> None:
        super().__init__(sentence, status=status)
        self.reconnect = reconnect


class Forbidden(VendorError):  # noqa: N818
    """The credentials lack a right."""


class NotFound(VendorError):  # noqa: N818
    """The vendor has no such thing (any more)."""


class Rejected(VendorError):  # noqa: N818
    """The vendor understood the request and did not do it."""


class Throttled(VendorError):  # noqa: N818
    """Too many requests."""

    may_pass = True


class Unreachable(VendorError):  # noqa: N818
    """No answer. `nothing_sent`: the vendor cannot have seen the request."""

    may_pass = True

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        nothing_sent: bool = False,
    ) -> None:
        super().__init__(sentence, status=status, retry_after=retry_after)
        self.nothing_sent = nothing_sent


class ServerFailed(Unreachable):
    """The vendor's server failed on the request."""


class BadReply(VendorError):  # noqa: N818
    """An answer that is not JSON, or not of the shape that it should have."""


class WrongAddress(BadReply):
    """What answers there is not the vendor's API, or Tandem may not connect to it."""


class TimeIsUp(VendorError):  # noqa: N818
    """The time that the work was given is used up."""

    may_pass = True


class Paced(TimeIsUp):
    """Tandem's own rate for the integration allows the next request only after the end of the work. Nothing was asked,
    so nothing failed: `retry_after` says when it may be."""
