"""Signing in to Tactical RMM with user name and password (Knox). An API key is simpler and lasts.

Sources: tactical-live.md, "Authentication". A token lives 5 hours from its last use. A user without a second factor
gets one for 3 minutes, as often as it likes: the only one that Tandem can renew by itself.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tandem.connections.calls import Call
from tandem.connections.errors import Refused
from tandem.connections.http import VendorHttp
from tandem.providers.moments import moment
from tandem.providers.tacticalrmm.sentences import CHECK_CREDENTIALS, LOGIN

RECONNECT: Final = (
    "Tactical RMM has ended the sign-in, and asks for a code again. Sign in again with the code of your authenticator, "
    "or enter an API key, which lasts."
)
_DEFAULT = timedelta(minutes=3)


class CodeNeeded(Refused):
    """The server wants the code of the authenticator."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in gives. Used, it lasts longer than `expires_at`, unless the user has no second factor."""

    token: str = field(repr=False)
    expires_at: datetime


class SignIn:
    """The server's two requests for it. `http`: with NoCredentials, for they stand in the body.

    The server counts tries, right or wrong: 10 a minute and 300 a day.
    """

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    def sign_in(self, username: str, password: str, code: str | None = None) -> Session:
        """A session. Raises VendorError: CodeNeeded if there must be a code and is none, Refused for a wrong one.

        Asked first without the code: for a user that has none, the request with a code fails on the server.
        """
        person = {"username": username, "password": password}
        answer = self._post(CHECK_CREDENTIALS, person, (password,))
        if answer.get("totp") is not True:
            return self._session(answer)
        if code is None or not code.strip():
            raise CodeNeeded("Tactical RMM asks for a code. Enter the six digits that the authenticator shows now.")
        return self._session(self._post(LOGIN, {**person, "twofactor": code.strip()}, (password, code.strip())))

    def _post(self, path: str, body: dict[str, str], secrets: tuple[str, ...]) -> dict[str, Any]:
        answer = self._http.request(Call("POST", path, json=body, secrets=secrets))
        if not isinstance(answer, dict):
            raise self._http.bad_reply("the sign-in gave neither a token nor a question")
        return answer

    def _session(self, answer: dict[str, Any]) -> Session:
        token = answer.get("token")
        if not isinstance(token, str) or not token:
            raise self._http.bad_reply("the sign-in gave no token")
        return Session(token, moment(answer.get("expiry")) or self._http.now() + _DEFAULT)


class SessionTokens:
    """A TokenSource of one piece of work. `session`: None if there is none yet. `sign_in`: gives another than the one
    that has ended, and raises CodeNeeded where that needs a person; None if there can be no other."""

    def __init__(self, session: Session | None, sign_in: Callable[[Session | None], Session] | None) -> None:
        self._session = session
        self._sign_in = sign_in

    def token(self) -> str:
        """The session's, whatever its age: use makes it last. Raises as `invalidate` if there is none yet."""
        session = self._session or self._another()
        return session.token

    def invalidate(self, token: str) -> bool:
        """Signs in once more. Raises VendorError: Refused if that needs a person."""
        if self._session is None or token == self._session.token:
            self._another()
        return True

    def _another(self) -> Session:
        if self._sign_in is not None:
            with suppress(CodeNeeded):
                self._session = self._sign_in(self._session)
                return self._session
        raise Refused(RECONNECT)
