"""How a request says who asks: a key in a header, or a token that ends and is renewed."""

from collections.abc import Collection, Mapping
from typing import Protocol

from tandem.connections.errors import Refused


class Authorization(Protocol):
    """The credentials of one integration, as the headers of its requests."""

    @property
    def secrets(self) -> Collection[str]:
        """What no message may repeat."""
        ...

    def headers(self) -> Mapping[str, str]:
        """The headers of the next request. Raises VendorError if there is no token to be had."""
        ...

    def renew(self) -> bool:
        """After a refusal: whether `headers` now gives others, so that it is worth asking once more. Raises VendorError
        if there is no token to be had."""
        ...

    def given_up(self, refusal: Refused) -> None:
        """`renew` had no others to give, or what it gave was refused, too."""
        ...


class TokenSource(Protocol):
    """Where access tokens come from; whoever keeps them sees to it that they are refreshed once, not ten times."""

    def token(self) -> str:
        """A token that is valid as far as known. Raises VendorError: Refused if a person must connect anew."""
        ...

    def invalidate(self, token: str) -> bool:
        """The vendor does not accept this one any more: whether `token` gives another now. Raises as `token`."""
        ...


class NoCredentials:
    """For the requests that get some: what they need stands in their bodies."""

    secrets: Collection[str] = ()

    def headers(self) -> Mapping[str, str]:
        """None."""
        return {}

    def renew(self) -> bool:
        """Never."""
        return False

    def given_up(self, refusal: Refused) -> None:
        """Nothing to do."""


class KeyInHeader:
    """A key that is what it is until a person makes another."""

    def __init__(self, header: str, key: str) -> None:
        self._headers = {header: key}
        self.secrets: Collection[str] = (key,)

    def headers(self) -> Mapping[str, str]:
        """The key, raw."""
        return self._headers

    def renew(self) -> bool:
        """Never."""
        return False

    def given_up(self, refusal: Refused) -> None:
        """Nothing to do."""


class TokenInHeader:
    """`Authorization: <scheme> <token>`, with a token from a source, renewed when it is refused."""

    def __init__(self, scheme: str, source: TokenSource) -> None:
        self._scheme = scheme
        self._source = source
        self._token: str | None = None

    @property
    def secrets(self) -> Collection[str]:
        """The token in use."""
        return () if self._token is None else (self._token,)

    def headers(self) -> Mapping[str, str]:
        """The source's token. Raises as the source."""
        self._token = self._source.token()
        return {"Authorization": f"{self._scheme} {self._token}"}

    def renew(self) -> bool:
        """Asks the source for another. Raises as the source."""
        return self._token is not None and self._source.invalidate(self._token)

    def given_up(self, refusal: Refused) -> None:
        """Nothing to do."""
