"""Level's webhook signature: `X-Level-Signature: sha256=<hex HMAC-SHA256 of the raw body>`.

Sources: vendors.md 3; levelrmm/n8n-nodes-level, LevelTrigger.node.ts. There is no timestamp in it, so it bounds no
replay; a replayed event has the same event id and changes nothing.
"""

import hashlib
import hmac

HEADER = "x-level-signature"
_PREFIX = "sha256="


def is_signed(body: bytes, signature: str, signing_secret: str) -> bool:
    """Whether the signature is that of these bytes, compared in constant time; hex in either letter case."""
    expected = _PREFIX + hmac.new(signing_secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode(errors="replace"))
