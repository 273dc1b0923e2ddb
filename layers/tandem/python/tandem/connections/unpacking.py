"""An answer's body as it was before it was compressed for the way, in pieces of bounded size.

A megabyte may unpack to a gigabyte, and each further encoding multiplies by a thousand again: so no more than one is
taken, and no more than a piece of what comes of it is in memory at any time.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

PIECE_BYTES: Final = 64 * 1024

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS


class NotUnpackableError(ValueError):
    """The body is not compressed as it says, or in a way that Tandem did not ask for. The text says which."""


def unpacked(pieces: Iterable[bytes], content_encoding: str) -> Iterator[bytes]:
    """The body, in pieces of at most PIECE_BYTES where it was compressed. `content_encoding`: the header's value.
    Raises NotUnpackableError."""
    words = [word for part in content_encoding.split(",") if (word := part.strip().lower()) not in ("", "identity")]
    if not words:
        yield from pieces
    elif len(words) > 1:
        raise NotUnpackableError("it is compressed more than once")
    elif words[0] in ("gzip", "x-gzip"):
        yield from _inflated(pieces, _GZIP)
    elif words[0] == "deflate":
        yield from _deflated(pieces)
    else:
        raise NotUnpackableError("it is compressed in a way that Tandem did not ask for")


def _deflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """With zlib's header, as it should be, or without, as some servers send it: the first two bytes tell."""
    remaining, head = iter(pieces), b""
    for piece in remaining:
        head += piece
        if len(head) >= 2:
            break
    has_header = len(head) >= 2 and head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0
    yield from _inflated(_chained(head, remaining), _ZLIB if has_header else _BARE)


def _chained(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _inflated(pieces: Iterable[bytes], window: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    is_empty = True
    for piece in pieces:
        left = piece
        while left:
            is_empty = False
            if inflater.eof:
                raise NotUnpackableError("something follows what is compressed")
            try:
                made = inflater.decompress(left, PIECE_BYTES)
            except zlib.error:
                made = None
            if made is None:
                raise NotUnpackableError("it is not compressed as it says")
            if made:
                yield made
            left = inflater.unconsumed_tail or inflater.unused_data
    # What the inflater holds back when its input is used up: a full piece may hide more behind it.
    while not inflater.eof and (made := inflater.decompress(b"", PIECE_BYTES)):
        yield made
    if not inflater.eof and not is_empty:
        raise NotUnpackableError("it is not all of what was compressed")
