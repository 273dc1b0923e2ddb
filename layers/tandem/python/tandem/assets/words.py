"""The words that an asset is found by, and those of a search: a query finds what has, for each of its words, a word
that begins with it."""

import unicodedata

SHORTEST = 2
"""A word is kept under its first two characters."""

LONGEST = 40
MOST = 24
"""Of one asset: each is an item of its own."""


def normal_text(text: str) -> str:
    """Small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words_of(*texts: str | None) -> frozenset[str]:
    """The words of these names, numbers and the like. What is written in parts is also one word: `SRV-01` is found by
    `srv`, by `01` and by `srv01`."""
    words: dict[str, None] = {}
    for text in texts:
        for name in (text or "").split():
            parts = _parts(name)
            words.update(dict.fromkeys(parts))
            if len(parts) > 1:
                words["".join(parts)] = None
    return frozenset([word for word in map(_cut, words) if len(word) >= SHORTEST][:MOST])


def query_words(query: str) -> tuple[str, ...]:
    """The words of a search, the longest, which finds the fewest, first. Empty: it has none that is long enough."""
    words = {_cut(word) for name in query.split() for word in _parts(name)}
    kept = [word for word in words if len(word) >= SHORTEST]
    kept = [word for word in kept if not any(other != word and other.startswith(word) for other in kept)]
    return tuple(sorted(kept, key=lambda word: (-len(word), word)))


def _parts(name: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in normal_text(name)).split()


def _cut(word: str) -> str:
    return word[:LONGEST]
