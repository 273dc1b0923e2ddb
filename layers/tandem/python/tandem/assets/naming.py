"""Which client an organization of an RMM may be, by their names."""

import re
from collections.abc import Iterable

from tandem.assets.words import normal_text

Named = tuple[str, str]
"""A name, and the id of what has it."""

_FORMS = frozenset(
    {"ab", "ag", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "limited", "llc"}
    | {"ltd", "nv", "plc", "pty", "sa", "sarl", "srl"}
)
"""What a company may be called by its law, and is often left out."""
_WORD = re.compile(r"[^\W_]+")


def normal_name(name: str) -> str:
    """A company's name as it is compared: `Acme, Inc.` is `ACME`, and `Globex & Sons Ltd` is `globex and sons`."""
    words = _WORD.findall(normal_text(name.replace("&", " and ")))
    kept = [word for word in words if word not in _FORMS]
    return " ".join(kept or words)


def suggestions(organizations: Iterable[Named], clients: Iterable[Named]) -> dict[str, str]:
    """Client ids by organization id: where both are alone in having their name."""
    alone = _only_ones(organizations)
    named = _only_ones(clients)
    return {organization_id: named[name] for name, organization_id in alone.items() if name in named}


def _only_ones(named: Iterable[Named]) -> dict[str, str]:
    """Ids by normal name, of those that are alone in having theirs. A name without letters and digits is none."""
    found: dict[str, set[str]] = {}
    for name, one_id in named:
        if normal := normal_name(name):
            found.setdefault(normal, set()).add(one_id)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}
