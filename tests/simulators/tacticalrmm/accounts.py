"""Who may do what on the server: API keys, users with and without TOTP, Knox tokens, and the throttle on logins.

Sources: tactical-live.md, "Authentication"; vendors.md 2.2.
"""

import base64
import hashlib
import hmac
import math
import random
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulators.clock import Clock

TOTP_STEP_SECONDS = 30
TOTP_WINDOW_STEPS = 10
TOKEN_LIVES = timedelta(hours=5)
SETUP_TOKEN_LIVES = timedelta(minutes=3)
TOKEN_REFRESHED_AFTER = timedelta(seconds=600)
THROTTLES = ((10, 60.0), (300, 86_400.0))


class NotAuthenticatedError(Exception):
    """401, in the server's words."""


@dataclass
class Account:
    """A user. `totp_secret`: base32; None for a user without TOTP. `may_read`, `may_write`: what the role allows."""

    username: str
    password: str = ""
    totp_secret: str | None = None
    may_read: bool = True
    may_write: bool = True


@dataclass
class ApiKey:
    """A key of a user."""

    value: str
    account: Account
    expires: datetime | None = None


@dataclass
class KnoxToken:
    """What a login gives."""

    value: str
    account: Account
    expires: datetime
    lives: timedelta


@dataclass
class Accounts:
    """Everybody that may come in."""

    clock: Clock
    dice: random.Random
    users: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)
    tokens: dict[str, KnoxToken] = field(default_factory=dict)
    tries: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add_user(self, username: str, password: str, totp_secret: str | None = None) -> Account:
        """A person, with all rights."""
        account = Account(username, password, totp_secret)
        self.users[username] = account
        return account

    def add_key(self, value: str, *, may_read: bool = True, may_write: bool = True) -> ApiKey:
        """An API key of a user that has these rights and cannot log in."""
        key = ApiKey(value, Account(f"api-{value[:4]}", may_read=may_read, may_write=may_write))
        self.keys[value] = key
        return key

    def authenticated(self, api_key: str | None, authorization: str | None) -> Account:
        """Who asks. Raises NotAuthenticatedError."""
        if api_key is not None:
            key = self.keys.get(api_key)
            if key is None:
                raise NotAuthenticatedError("Invalid token.")
            if key.expires is not None and key.expires <= self.clock.now():
                raise NotAuthenticatedError("The token has expired.")
            return key.account
        scheme, _, value = (authorization or "").partition(" ")
        if scheme.lower() != "token" or not value:
            raise NotAuthenticatedError("Authentication credentials were not provided.")
        token = self.tokens.get(value.strip())
        now = self.clock.now()
        if token is None or token.expires <= now:
            raise NotAuthenticatedError("Invalid token.")
        if token.lives == TOKEN_LIVES and now + token.lives - token.expires >= TOKEN_REFRESHED_AFTER:
            token.expires = now + token.lives
        return token.account

    def new_token(self, account: Account, lives: timedelta = TOKEN_LIVES) -> KnoxToken:
        """A token from now on."""
        token = KnoxToken(f"{self.dice.getrandbits(256):064x}", account, self.clock.now() + lives, lives)
        self.tokens[token.value] = token
        return token

    def throttled(self, address: str, endpoint: str) -> int | None:
        """Counts a try; seconds to wait if it is one too many, and then it is not counted."""
        now = self.clock.epoch()
        tries = self.tries.setdefault((address, endpoint), [])
        tries[:] = [at for at in tries if at > now - THROTTLES[-1][1]]
        for most, seconds in THROTTLES:
            recent = [at for at in tries if at > now - seconds]
            if len(recent) >= most:
                return math.ceil(seconds - (now - recent[0]))
        tries.append(now)
        return None

    def totp_is_right(self, account: Account, code: str) -> bool:
        """Five minutes early or late is good enough."""
        assert account.totp_secret is not None
        step = int(self.clock.epoch()) // TOTP_STEP_SECONDS
        steps = range(step - TOTP_WINDOW_STEPS, step + TOTP_WINDOW_STEPS + 1)
        return any(hmac.compare_digest(totp(account.totp_secret, each), code) for each in steps)


def totp(secret: str, step: int) -> str:
    """The code of a time step (RFC 6238: SHA-1, six digits)."""
    key = base64.b32decode(secret, casefold=True)
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
