"""A webhook request as API Gateway's payload format 2.0 hands it over."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tandem.ingest.answers import Refused

BODY_BYTES = 256 * 1024

_INTEGRATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_COMPRESSED = ("", "identity")


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """`headers` by lower-case name. `body` is what the sender sent, byte for byte, base64 undone."""

    integration_id: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "WebhookRequest":
        """Raises Refused: 413 for a body over 256 KB, 404 for an id that no integration can have."""
        # First the size, which costs nothing: neither a table read nor an HMAC is spent on such a body.
        body = _body(event)
        integration_id = str((event.get("pathParameters") or {}).get("integration_id") or "")
        if _INTEGRATION_ID.fullmatch(integration_id) is None:
            raise no_such_integration()
        headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        query = {str(name): str(value) for name, value in (event.get("queryStringParameters") or {}).items()}
        return cls(integration_id, headers, query, body)

    def text(self) -> str:
        """The body as text: UTF-8, with or without a byte order mark, bytes that are none replaced; or UTF-16 or
        UTF-32 with a byte order mark.

        Raises Refused (400) for a compressed body: no sender compresses, and a small body could unfold without end.
        """
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding not in _NOT_COMPRESSED:
            raise Refused(400, "invalid body", "content-encoding", "no compression")
        return self.body.decode(_text_encoding(self.body), errors="replace")


def no_such_integration() -> Refused:
    """404."""
    return Refused(404, "no such integration", "integration_id", "the id of an integration")


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    is_base64 = bool(event.get("isBase64Encoded"))
    # Each character is at least a byte; four of base64 are three.
    if len(text) > (BODY_BYTES * 4 // 3 + 4 if is_base64 else BODY_BYTES):
        raise _too_large()
    try:
        body = base64.b64decode(text, validate=True) if is_base64 else str(text).encode(errors="surrogatepass")
    except (binascii.Error, ValueError) as error:
        raise Refused(400, "invalid body", "body", "base64, as isBase64Encoded says") from error
    if len(body) > BODY_BYTES:
        raise _too_large()
    return body


def _too_large() -> Refused:
    return Refused(413, "body too large", "body", f"at most {BODY_BYTES} bytes")


def _text_encoding(body: bytes) -> str:
    if body.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    return "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
