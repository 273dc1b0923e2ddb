"""How long what comes from outside may be. Cut once, at ingest, in bytes, with a marker that says so.

Together the limits keep an alert event far below the 256 KB of an SQS message, whatever the sender wrote: the
message at most 4 KB, raw 32 KB before base64, a dozen names of 255 bytes, each at most six times that as JSON.
"""

import gzip
import re

MESSAGE_BYTES = 4 * 1024
TITLE_CHARACTERS = 255
RAW_GZIPPED_BYTES = 32 * 1024
IDENTIFIER_BYTES = 255
NAME_BYTES = 255

MARKER = "… [cut]"
_ELLIPSIS = "…"
_GZIP_LEVEL = 6
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def sound_text(text: str) -> str:
    """The text without lone surrogates, which JSON's \\u escapes can make and UTF-8 cannot carry."""
    return _LONE_SURROGATES.sub("\ufffd", text)


def cut_bytes(text: str, limit: int, marker: str = MARKER) -> str:
    """The text as it is if its UTF-8 fits into `limit` bytes, else its beginning and the marker, together at most
    `limit` bytes; never half a character."""
    if len(text) * 4 <= limit:
        return text
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    marker_bytes = marker.encode()
    if len(marker_bytes) > limit:
        return encoded[:limit].decode(errors="ignore")
    return encoded[: limit - len(marker_bytes)].decode(errors="ignore") + marker


def is_cut(text: str) -> bool:
    """The text is the beginning of a longer one."""
    return text.endswith(MARKER)


def cut_message(text: str) -> str:
    """A message of at most 4 KB."""
    return cut_bytes(text, MESSAGE_BYTES)


def cut_name(text: str) -> str:
    """A name of at most 255 bytes; the marker is one ellipsis."""
    return cut_bytes(text, NAME_BYTES, _ELLIPSIS)


def cut_title(text: str) -> str:
    """A title of at most 255 characters; the marker is one ellipsis."""
    return text if len(text) <= TITLE_CHARACTERS else text[: TITLE_CHARACTERS - 1] + _ELLIPSIS


def gzipped_text(text: str, limit: int = RAW_GZIPPED_BYTES) -> bytes:
    """The text's UTF-8, gzipped, at most `limit` bytes: text that does not compress so far loses its end, and a last
    line says so. The same text gives the same bytes (no time in the header)."""
    whole = text.encode(errors="replace")
    zipped = gzip.compress(whole, _GZIP_LEVEL, mtime=0)
    if len(zipped) <= limit:
        return zipped
    marker = f"\n{MARKER} {len(whole)} bytes in all".encode()
    # What does not compress needs a few bytes more than itself, so limit - marker - 1 KB always fits.
    low, high = max(0, limit - len(marker) - 1024), len(whole)
    best = gzip.compress(_beginning(whole, low) + marker, _GZIP_LEVEL, mtime=0)
    while high - low > limit // 16:
        middle = (low + high) // 2
        candidate = gzip.compress(_beginning(whole, middle) + marker, _GZIP_LEVEL, mtime=0)
        if len(candidate) <= limit:
            low, best = middle, candidate
        else:
            high = middle
    return best


def _beginning(encoded: bytes, length: int) -> bytes:
    return encoded[:length].decode(errors="ignore").encode()
