"""Who calls: an API key in the Authorization header, found by its SHA-256.

A key is 256 bits of randomness, so its plain hash neither can be guessed nor needs a slow function. Principals are
cached for CACHE_SECONDS, so a key that is removed, or a user who loses a role, may act for that long in another
instance.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tandem.admin.calls import Principal
from tandem.admin.problems import Problem
from tandem.store.configuration.people import People
from tandem.store.configuration.records import Role

CACHE_SECONDS = 30
MOST_CACHED = 1000
_PREFIX = "tdm_"


def new_key() -> str:
    """The text of a new API key."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """How the table knows a secret: its SHA-256 as hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Cached:
    principal: Principal
    until: datetime


class Authenticator:
    """Turns the Authorization header into a principal."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._cache: dict[str, _Cached] = {}

    def principal(self, headers: Mapping[str, str], now: datetime) -> Principal:
        """Who calls. Raises Problem 401 when no valid key is given, the same whatever is wrong with it."""
        scheme, _, key = headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise _unauthorized("send an API key as 'Authorization: Bearer <key>'", "")
        key_hash = hash_of(key.strip())
        cached = self._cache.get(key_hash)
        if cached is not None and now < cached.until:
            return cached.principal
        principal = self._look_up(key_hash)
        if len(self._cache) >= MOST_CACHED:
            self._cache.clear()
        self._cache[key_hash] = _Cached(principal, now + timedelta(seconds=CACHE_SECONDS))
        return principal

    def forget(self) -> None:
        """Forget all that is cached: a key or user changed."""
        self._cache.clear()

    def _look_up(self, key_hash: str) -> Principal:
        key = self._people.key_by_hash(key_hash)
        user = self._people.user(key.user_id) if key else None
        if key is None or user is None or not user.active:
            self._cache.pop(key_hash, None)
            raise _unauthorized("this API key is not valid", ' error="invalid_token"')
        return Principal(user.user_id, key.key_id, min(key.role, user.role, key=lambda role: role.rank))


def require(principal: Principal, needed: Role) -> None:
    """Raises Problem 403 unless the principal's role may do what `needed` may."""
    if not principal.role.allows(needed):
        raise Problem(403, f"this takes the role {needed.value}; this key has {principal.role.value}")


def _unauthorized(detail: str, parameters: str) -> Problem:
    challenge = f'Bearer realm="tandem"{"," if parameters else ""}{parameters}'
    return Problem(401, detail, headers={"WWW-Authenticate": challenge})
