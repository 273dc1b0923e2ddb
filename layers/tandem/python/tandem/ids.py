"""Identifiers: random ones for what people make, derived ones for what must come out the same twice."""

import hashlib
import secrets

_DERIVED_LENGTH = 32


def new_id() -> str:
    """A random identifier: 26 hexadecimal characters, 104 bits."""
    return secrets.token_hex(13)


def derived_id(*parts: str) -> str:
    """The same identifier for the same parts, whoever asks: 32 hexadecimal characters of a SHA-256.

    Parts are length-prefixed, so ("a", "bc") and ("ab", "c") differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return digest.hexdigest()[:_DERIVED_LENGTH]
