"""NinjaOne's authorization server: a consent page, PKCE, tokens that expire, refresh tokens that change with each use.

Sources: vendors.md 1.2. The words of refusals are OAuth's own (RFC 6749, section 5.2).
"""

import base64
import hashlib
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.simulators.clock import Clock

ACCESS_SECONDS = 3600
CODE_SECONDS = 60
OFFLINE = "offline_access"


class Rotation(StrEnum):
    """What a refresh says about the refresh token."""

    NEW = "new"
    """Here is another; the one that was used is worth nothing any more."""
    SAME = "same"
    """The same one again."""
    ABSENT = "absent"
    """Nothing: it stays valid."""


class RefusedError(Exception):
    """A token request that is refused, in OAuth's words."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status = error, description, status


@dataclass
class Client:
    """An API client app."""

    id: str
    secret: str
    redirect_uris: list[str] = field(default_factory=list)
    scopes: frozenset[str] = frozenset({"monitoring", "management", "control", OFFLINE})
    may_act_alone: bool = True
    """Whether client_credentials is among its grants."""


@dataclass(frozen=True)
class Token:
    """An access token. `user_id` is None if there is no user behind it."""

    value: str
    client_id: str
    scopes: frozenset[str]
    user_id: int | None
    expires_at: float


@dataclass(frozen=True)
class _Code:
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str | None
    expires_at: float


@dataclass(frozen=True)
class _Refresh:
    client_id: str
    scopes: frozenset[str]
    user_id: int


class AuthorizationServer:
    """`refreshes` counts the refreshes that succeeded."""

    def __init__(self, clock: Clock, dice: random.Random, user_id: int) -> None:
        self.clients: dict[str, Client] = {}
        self.rotation = Rotation.NEW
        self.access_seconds = ACCESS_SECONDS
        self.refreshes = 0
        self._clock = clock
        self._random = dice
        self._user_id = user_id
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, _Refresh] = {}

    def code(self, client: Client, redirect_uri: str, scope: str, challenge: str | None) -> str:
        """What the browser carries back once the person has agreed."""
        value = self._opaque("code")
        granted = frozenset(scope.split()) & client.scopes
        self._codes[value] = _Code(client.id, redirect_uri, granted, challenge, self._clock.epoch() + CODE_SECONDS)
        return value

    def token(self, form: Mapping[str, str], authorization: str | None) -> dict[str, object]:
        """The answer to a token request. Raises RefusedError."""
        client = self._client(form, authorization)
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(client, form)
            case "refresh_token":
                return self._by_refresh(client, form)
            case "client_credentials":
                return self._alone(client, form)
        raise RefusedError("unsupported_grant_type", "Unsupported grant type")

    def revoke(self, value: str) -> None:
        """Of either kind; one that is not known is no error (RFC 7009)."""
        self._access.pop(value, None)
        self._refresh.pop(value, None)

    def find(self, value: str) -> Token | None:
        """The access token, if it is valid."""
        token = self._access.get(value)
        return token if token is not None and token.expires_at > self._clock.epoch() else None

    def expire_access_tokens(self) -> None:
        """All of them, at once."""
        self._access.clear()

    def revoke_everything(self) -> None:
        """As when the person takes the consent back, or the client's secret is made anew."""
        self._access.clear()
        self._refresh.clear()

    # ---- grants

    def _by_code(self, client: Client, form: Mapping[str, str]) -> dict[str, object]:
        code = self._codes.pop(form.get("code", ""), None)  # single use
        if code is None or code.client_id != client.id or code.expires_at <= self._clock.epoch():
            raise RefusedError("invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            raise RefusedError("invalid_grant", "Redirect URI mismatch")
        if code.challenge is not None and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise RefusedError("invalid_grant", "PKCE verification failed")
        issued = self._issue(client, code.scopes, self._user_id)
        if OFFLINE in code.scopes:
            issued["refresh_token"] = self._new_refresh(_Refresh(client.id, code.scopes, self._user_id))
        return issued

    def _by_refresh(self, client: Client, form: Mapping[str, str]) -> dict[str, object]:
        used = form.get("refresh_token", "")
        refresh = self._refresh.get(used)
        if refresh is None or refresh.client_id != client.id:
            raise RefusedError("invalid_grant", "Invalid refresh token")
        self.refreshes += 1
        issued = self._issue(client, refresh.scopes, refresh.user_id)
        match self.rotation:
            case Rotation.NEW:
                del self._refresh[used]
                issued["refresh_token"] = self._new_refresh(refresh)
            case Rotation.SAME:
                issued["refresh_token"] = used
        return issued

    def _alone(self, client: Client, form: Mapping[str, str]) -> dict[str, object]:
        if not client.may_act_alone:
            raise RefusedError("unauthorized_client", "Grant type is not allowed for this client")
        return self._issue(client, (frozenset(form.get("scope", "").split()) & client.scopes) - {OFFLINE}, None)

    # ---- within

    def _client(self, form: Mapping[str, str], authorization: str | None) -> Client:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization is not None and authorization.lower().startswith("basic "):
            try:
                client_id, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            except ValueError:
                raise RefusedError("invalid_client", "Malformed credentials", 401) from None
        client = self.clients.get(client_id)
        if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
            raise RefusedError("invalid_client", "Client authentication failed", 401)
        return client

    def _issue(self, client: Client, scopes: frozenset[str], user_id: int | None) -> dict[str, object]:
        value = self._opaque("access")
        self._access[value] = Token(value, client.id, scopes, user_id, self._clock.epoch() + self.access_seconds)
        return {
            "access_token": value,
            "token_type": "Bearer",
            "expires_in": self.access_seconds,
            "scope": " ".join(sorted(scopes)),
        }

    def _new_refresh(self, refresh: _Refresh) -> str:
        value = self._opaque("refresh")
        self._refresh[value] = refresh
        return value

    def _opaque(self, what: str) -> str:
        return f"{what}-{self._random.getrandbits(160):040x}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
