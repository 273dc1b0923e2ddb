"""Reading the fields of a vendor's JSON object: whatever type a value has, out comes a sound text or None."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tandem.alerts.limits import IDENTIFIER_BYTES, cut_bytes, cut_name, sound_text
from tandem.ids import derived_id
from tandem.providers.port import BadWebhook

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_IDENTITY_DIGEST_CHARACTERS = 16


def _is_empty(text: str) -> bool:
    return not text


class Fields:
    """The members of a JSON object. `is_null` says which texts the vendor means as null."""

    __slots__ = ("_is_null", "members")

    def __init__(self, members: Mapping[str, Any], is_null: Callable[[str], bool] = _is_empty) -> None:
        self.members = members
        self._is_null = is_null

    def nested(self, name: str) -> "Fields":
        """The object of that name; one without members if there is none."""
        value = self.members.get(name)
        return Fields(value if isinstance(value, dict) else {}, self._is_null)

    def text(self, *names: str) -> str | None:
        """The first of these fields that holds a text or a number, trimmed; None if none does."""
        for name in names:
            text = _as_text(self.members.get(name))
            if text is not None and not self._is_null(text):
                return text
        return None

    def name(self, *names: str) -> str | None:
        """As `text`, cut to 255 bytes."""
        text = self.text(*names)
        return None if text is None else cut_name(text)

    def identifier(self, *names: str) -> str | None:
        """As `text`, but never cut: two ids must not become one. Raises BadWebhook for one over 255 bytes or with
        control characters."""
        text = self.text(*names)
        if text is None:
            return None
        if len(text.encode()) > IDENTIFIER_BYTES:
            raise BadWebhook(names[0], f"an id of at most {IDENTIFIER_BYTES} bytes")
        if _CONTROL.search(text):
            raise BadWebhook(names[0], "an id without control characters")
        return text


def bounded_identity(identity: str) -> str:
    """An identity of at most 255 bytes. What is cut off lives on as a digest, so that different ones stay so."""
    digest = derived_id("identity", identity)[:_IDENTITY_DIGEST_CHARACTERS]
    return cut_bytes(identity, IDENTIFIER_BYTES, f"…{digest}")


def labelled(facts: Mapping[str, str | None]) -> dict[str, str]:
    """Facts about a device by the label that a ticket shows, without the missing ones. Only what rarely changes: they
    are kept on the device record, which is written whenever one does."""
    return {label: fact for label, fact in facts.items() if fact is not None}


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return sound_text(value).strip()
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int) else None
