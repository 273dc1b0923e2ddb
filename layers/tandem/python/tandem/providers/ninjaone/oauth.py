"""Signing in to NinjaOne. Sources: vendors.md 1.1 and 1.2.

With a person behind it: authorization code (with PKCE), then refresh; each refresh may give another refresh token, and
the one before is worth nothing then. Without: client credentials, which get no refresh token and may run no scripts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from tandem.connections.calls import Call
from tandem.connections.errors import Refused
from tandem.connections.http import VendorHttp

REGIONS: Final[Mapping[str, str]] = {
    region: f"https://{region}.ninjarmm.com" for region in ("app", "us2", "eu", "oc", "ca", "fed")
}
SCOPES: Final = "monitoring management"
SCOPES_OF_A_PERSON: Final = f"{SCOPES} offline_access"
"""offline_access is what makes a refresh token come."""

_EARLY = timedelta(seconds=60)
_DEFAULT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class ClientApp:
    """The client app in NinjaOne that Tandem signs in as."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str | None = field(default=None, repr=False)
    scope: str | None = None

    def is_fresh(self, now: datetime) -> bool:
        """For a minute more at least."""
        return now + _EARLY < self.expires_at


def authorize_url(instance_url: str, client_id: str, redirect_uri: str, state: str, code_challenge: str) -> str:
    """Where the admin's browser goes to sign in. `code_challenge`: of PKCE, S256."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES_OF_A_PERSON,
        "state": state,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256",
    }
    return f"{instance_url.rstrip('/')}/ws/oauth/authorize?{urlencode(query)}"


class SignIn:
    """NinjaOne's endpoints for tokens. `http`: with NoCredentials, for they stand in the body."""

    def __init__(self, http: VendorHttp, app: ClientApp) -> None:
        self._http = http
        self._app = app

    def by_code(self, code: str, redirect_uri: str, code_verifier: str) -> Tokens:
        """What the browser brought back, once. Raises VendorError: Refused for a code that is used or too old."""
        form = {"code": code, "redirect_uri": redirect_uri, "code_verifier": code_verifier}
        return self._tokens("authorization_code", form, secrets=(code, code_verifier))

    def by_refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for old; the refresh token stays where the answer holds none. Raises VendorError: Refused if there
        is none, or a person must connect anew.

        Not repeated when the answer is lost: the token may have been used up, and the next try says so.
        """
        if tokens.refresh_token is None:
            raise Refused("NinjaOne gave no permission for longer than an hour. Connect NinjaOne again.")
        secrets = (tokens.refresh_token,)
        return self._tokens("refresh_token", {"refresh_token": tokens.refresh_token}, secrets=secrets)

    def by_itself(self) -> Tokens:
        """With client credentials. Raises VendorError."""
        return self._tokens("client_credentials", {"scope": SCOPES}, repeatable=True)

    def revoke(self, tokens: Tokens) -> None:
        """Ends the tokens, the longest-lived first (RFC 7009; vendors.md 1.2 names the address). Raises VendorError."""
        for kind, token in (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token)):
            if token is None:
                continue
            self._http.request(
                Call(
                    "POST",
                    "/ws/oauth/revoke",
                    form={"token": token, "token_type_hint": kind, **self._client_app()},
                    repeatable=True,
                    may_be_empty=True,
                    secrets=(self._app.client_secret, token),
                )
            )

    def _client_app(self) -> dict[str, str]:
        return {"client_id": self._app.client_id, "client_secret": self._app.client_secret}

    def _tokens(
        self, grant_type: str, form: Mapping[str, str], secrets: tuple[str, ...] = (), repeatable: bool = False
    ) -> Tokens:
        now = self._http.now()
        answer: Any = self._http.request(
            Call(
                "POST",
                "/ws/oauth/token",
                form={"grant_type": grant_type, **self._client_app(), **form},
                repeatable=repeatable,
                secrets=(self._app.client_secret, *secrets),
            )
        )
        access = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(access, str) or not access:
            raise self._http.bad_reply("the sign-in gave no access token")
        seconds, refresh, scope = answer.get("expires_in"), answer.get("refresh_token"), answer.get("scope")
        lives = timedelta(seconds=seconds if type(seconds) is int and 0 < seconds < 10**8 else _DEFAULT_SECONDS)
        return Tokens(
            access,
            now + lives,
            refresh if isinstance(refresh, str) and refresh else form.get("refresh_token"),
            scope if isinstance(scope, str) else None,
        )


class RenewedTokens:
    """A TokenSource of one piece of work: `renew` gets other tokens (and keeps them, if they are to be kept)."""

    def __init__(
        self, tokens: Tokens | None, renew: Callable[[Tokens | None], Tokens], now: Callable[[], datetime]
    ) -> None:
        self._tokens = tokens
        self._renew = renew
        self._now = now

    def token(self) -> str:
        """The access token, renewed a minute before its end. Raises as `renew`."""
        if self._tokens is None or not self._tokens.is_fresh(self._now()):
            self._tokens = self._renew(self._tokens)
        return self._tokens.access_token

    def invalidate(self, token: str) -> bool:
        """Renews the token unless that has happened already. Raises as `renew`."""
        if self._tokens is not None and self._tokens.access_token == token:
            self._tokens = self._renew(self._tokens)
        return True
