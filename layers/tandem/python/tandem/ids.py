"""Identifiers: random ones for what people make, derived ones for what must come out the same twice.

20 characters of lower-case base 32, 100 bits: short, because an alert's item holds a dozen of them and is billed by the
kilobyte; enough, because a billion of them hold two alike with a chance of less than one in a trillion.
"""

import base64
import hashlib
import secrets
from functools import lru_cache

_BYTES = 13
_CHARACTERS = 20


def new_id() -> str:
    """A random identifier."""
    return _text(secrets.token_bytes(_BYTES))


@lru_cache(maxsize=1024)  # an event is asked for its own ids a dozen times
def derived_id(*parts: str) -> str:
    """The same identifier for the same parts, whoever asks.

    Parts are length-prefixed, so ("a", "bc") and ("ab", "c") differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return _text(digest.digest()[:_BYTES])


def _text(value: bytes) -> str:
    return base64.b32encode(value).decode().lower()[:_CHARACTERS]
