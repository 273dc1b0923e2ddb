"""What Level would send."""

import hashlib
import hmac


def signature(secret: str, body: bytes) -> str:
    """`X-Level-Signature` over the raw body, as Level makes it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
