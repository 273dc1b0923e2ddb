"""The state of a sign-in at NinjaOne: what the browser carries there and back, and nobody can make or alter.

It says which step it is, of which integration, begun by which user, and until when; its signature also covers the
browser's cookie. The key is the integration's own and is forgotten with the sign-in's end (connections/credentials.py).
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in in one browser. `expires`: seconds since 1970."""

    flow_id: str
    integration_id: str
    user_id: str
    expires: int

    def is_over(self, now: datetime) -> bool:
        """It took too long."""
        return now.timestamp() >= self.expires


_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def random_text() -> str:
    """32 random bytes as text that fits an address and a cookie."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """What of a ticket is kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def signed_state(flow: Flow, cookie: str, key: str) -> str:
    """The state's text."""
    content = _encoded(json.dumps(asdict(flow), separators=(",", ":")).encode())
    return f"{content}.{_signature(content, cookie, key)}"


def claimed_flow(state: str) -> Flow | None:
    """What the state says, which nobody has checked yet; None for what is none."""
    content, _, _ = state.partition(".")
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
        flow = Flow(**values)
    except (TypeError, ValueError, RecursionError):
        return None
    texts: tuple[Any, ...] = (flow.flow_id, flow.integration_id, flow.user_id)
    are_ids = all(isinstance(each, str) and _ID.fullmatch(each) for each in texts)
    return flow if are_ids and type(flow.expires) is int else None


def is_genuine(state: str, cookie: str, key: str) -> bool:
    """The state is as it was signed, and comes from the browser that it was made for."""
    content, _, signature = state.partition(".")
    return hmac.compare_digest(signature.encode(errors="replace"), _signature(content, cookie, key).encode())


def code_verifier(flow: Flow, key: str) -> str:
    """PKCE's (RFC 7636), which nobody needs to keep: the flow and the key say it."""
    return _encoded(hmac.new(key.encode(), b"code verifier\n" + flow.flow_id.encode(), hashlib.sha256).digest())


def code_challenge(verifier: str) -> str:
    """S256."""
    return _encoded(hashlib.sha256(verifier.encode()).digest())


def _signature(content: str, cookie: str, key: str) -> str:
    signed = "\n".join(("state", content, digest(cookie)))
    return _encoded(hmac.new(key.encode(), signed.encode(errors="replace"), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
