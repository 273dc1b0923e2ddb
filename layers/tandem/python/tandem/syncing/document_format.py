"""The objects that the software of a fleet's pages is kept in: their keys, and what is in them."""

import gzip
import json

from tandem.assets.software import SoftwareDocument, as_json, from_json

PREFIX = "software/"
VERSION = 1

_GZIP_LEVEL = 6


def document_key(integration_id: str, begins: str) -> str:
    """Of the page that begins there."""
    return f"{PREFIX}{integration_id}/{begins.encode().hex()}.json.gz"


def packed(document: SoftwareDocument) -> bytes:
    """The object's content."""
    text = json.dumps({"v": VERSION, **as_json(document)}, separators=(",", ":"))
    return gzip.compress(text.encode(), _GZIP_LEVEL, mtime=0)


def unpacked(content: bytes) -> SoftwareDocument | None:
    """The document of a content; None of another version's, which the next sync of software writes anew."""
    values = json.loads(gzip.decompress(content))
    return from_json(values) if values["v"] == VERSION else None
