"""An integration's credentials and tokens, and how they stand in its secret (secrets.py):

{"signing_secret": "...",                         Level's, for webhooks; not of concern here
 "credentials": {"kind": "api_key", ...},         what the integration is connected with
 "address": "https://api.rmm.example.com",        where they were given for, and may be sent; see `normal_address`
 "tokens": {..., "renewals": 3},                  what the vendor gave for them, and the how manieth it is
 "pending": {"kind": "authorization_code", ...},  what it will be connected with once a person has signed in
 "state_key": "..."}                              what that sign-in's state is signed with
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Protocol, Self
from urllib.parse import urlsplit

from tandem.connections.errors import NotConnected

Values = dict[str, Any]

_HINT_CHARACTERS: Final = 4
_SHORTEST_FOR_A_HINT: Final = 12
_OWN = ("credentials", "address", "tokens", "pending", "state_key")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def normal_address(url: str) -> str:
    """The address of an API so that one and the same server is always written the same."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


class Kind(StrEnum):
    """How Tandem proves who it is."""

    API_KEY = "api_key"
    """`api_key`: Tactical RMM, Level."""
    PASSWORD = "password"  # noqa: S105  a kind's name
    """`username`, and `password` unless a code is needed beside it: Tactical RMM."""
    AUTHORIZATION_CODE = "authorization_code"
    """`client_id`, `client_secret`, and a person's consent: NinjaOne."""
    CLIENT_CREDENTIALS = "client_credentials"
    """`client_id`, `client_secret`: NinjaOne, which runs no scripts then."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of one integration; the kind says which values there are."""

    kind: Kind
    values: Mapping[str, str] = field(repr=False)

    @property
    def hint(self) -> str:
        """The last 4 characters of key or client secret, or of the user name; none of a secret that is short."""
        if self.kind is Kind.PASSWORD:
            return self.values["username"][-_HINT_CHARACTERS:]
        secret = self.values["api_key" if self.kind is Kind.API_KEY else "client_secret"]
        return secret[-_HINT_CHARACTERS:] if len(secret) >= _SHORTEST_FOR_A_HINT else ""

    def as_values(self) -> Values:
        """For the secret."""
        return {"kind": self.kind.value, **self.values}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From the secret. Raises KeyError or ValueError for what Tandem did not write."""
        return cls(Kind(values["kind"]), {name: str(value) for name, value in values.items() if name != "kind"})


@dataclass(frozen=True, slots=True)
class Kept:
    """The secret of one integration, as far as its connection goes. `address`: the one (`normal_address`) that the
    credentials were given for. `others`: what else stands there, and stays."""

    credentials: Credentials | None = None
    address: str | None = None
    tokens: Mapping[str, Any] | None = field(default=None, repr=False)
    pending: Credentials | None = None
    state_key: str | None = field(default=None, repr=False)
    others: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def renewals(self) -> int:
        """The how manieth tokens these are."""
        return int((self.tokens or {}).get("renewals", 0))

    def credentials_for(self, address: str) -> Credentials:
        """The credentials, to be sent there. Raises NotConnected if there are none, or for another address."""
        if self.credentials is None:
            raise NotConnected()
        # A secret that was written before addresses were kept has none. It belongs to the integration's address: that
        # could never be changed without giving the credentials anew, and then the address is kept.
        if self.address is not None and self.address != address:
            raise NotConnected(
                f"The credentials that Tandem keeps were given for {self.address}, and the integration is at {address} "
                "now. They are not sent there: connect the integration again, with credentials for that address."
            )
        return self.credentials

    def is_as_new_as(self, renewals: int) -> bool:
        """The secret store shows what was written at that renewal, or that nothing is connected."""
        return self.renewals >= renewals or self.credentials is None

    def at(self, address: str) -> "Kept":
        """The same, with credentials that are for there."""
        return replace(self, address=address)

    def with_tokens(self, tokens: Mapping[str, Any] | None, renewals: int) -> "Kept":
        """The same with these."""
        return replace(self, tokens={**(tokens or {}), "renewals": renewals})

    def as_values(self) -> Values:
        """For the secret store."""
        return {
            **self.others,
            **({"credentials": self.credentials.as_values()} if self.credentials else {}),
            **({"address": self.address} if self.credentials and self.address else {}),
            **({"tokens": dict(self.tokens)} if self.tokens else {}),
            **({"pending": self.pending.as_values()} if self.pending else {}),
            **({"state_key": self.state_key} if self.state_key else {}),
        }

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From the secret store. Raises KeyError or ValueError for what Tandem did not write."""
        credentials, pending = values.get("credentials"), values.get("pending")
        return cls(
            Credentials.of(credentials) if credentials else None,
            values.get("address"),
            values.get("tokens"),
            Credentials.of(pending) if pending else None,
            values.get("state_key"),
            {name: value for name, value in values.items() if name not in _OWN},
        )


class Secrets(Protocol):
    """Where secrets are kept (secrets.py)."""

    def read_all(self, integration_id: str) -> Values:
        """What is kept; empty for nothing."""
        ...

    def keep_all(self, integration_id: str, values: Mapping[str, Any]) -> None:
        """Keep this in place of what was there."""
        ...


class Locks(Protocol):
    """Whose turn it is to change tokens (store/token_locks.py)."""

    def take(self, integration_id: str, owner: str) -> int | None:
        """How many renewals there were, if it is the owner's turn now; None while it is somebody else's."""
        ...

    def extend(self, integration_id: str, owner: str) -> bool:
        """Whether it still is the owner's turn, which then begins anew."""
        ...

    def release(self, integration_id: str, owner: str, renewals: int) -> None:
        """The next may take it, and is told this number."""
        ...

    def remove(self, integration_id: str) -> None:
        """The integration is gone, and so is its lock."""
        ...


Change = Callable[[Kept], Kept | None]
"""What is to be kept in place of what is; None: nothing, it stays. May be asked more than once."""
