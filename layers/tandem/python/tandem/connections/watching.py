"""Credentials that are read again before they are given up, and whose refusal is told of."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from tandem.connections.authorization import Authorization
from tandem.connections.errors import Refused

Result = TypeVar("Result")


class ReadAgain:
    """A key that a person may have replaced since it was read. `read`: the authorization as it is by now."""

    def __init__(self, authorization: Authorization, read: Callable[[], Authorization]) -> None:
        self._authorization = authorization
        self._read = read

    @property
    def secrets(self) -> Collection[str]:
        """The key in use."""
        return self._authorization.secrets

    def headers(self) -> Mapping[str, str]:
        """The key's."""
        return self._authorization.headers()

    def renew(self) -> bool:
        """Whether there is another key by now. Raises VendorError."""
        before = self._authorization.headers()
        self._authorization = self._read()
        return self._authorization.headers() != before

    def given_up(self, refusal: Refused) -> None:
        """Left to what is read."""
        self._authorization.given_up(refusal)


class Watched:
    """Tells when a vendor takes these credentials no more. `refused`: given why, in a sentence for the admin."""

    def __init__(self, authorization: Authorization, refused: Callable[[str], None]) -> None:
        self._authorization = authorization
        self._refused = refused

    @property
    def secrets(self) -> Collection[str]:
        """Of what is watched."""
        return self._authorization.secrets

    def headers(self) -> Mapping[str, str]:
        """Of what is watched. Raises VendorError."""
        return self._watching(self._authorization.headers)

    def renew(self) -> bool:
        """Whether there are others now. Raises VendorError."""
        return self._watching(self._authorization.renew)

    def given_up(self, refusal: Refused) -> None:
        """There are no others, or they are refused as well: only a person can help."""
        if refusal.reconnect:
            self._refused(str(refusal))

    def _watching(self, ask: Callable[[], Result]) -> Result:
        try:
            return ask()
        except Refused as refusal:
            if refusal.reconnect:
                self._refused(str(refusal))
            raise
