"""What an update makes of an item: as much of DynamoDB's update expressions as Tandem uses.

    SET name = value, ...     value: :v, name, if_not_exists(name, value), list_append(value, value), value + or - value
    ADD name :v, ...          numbers
    REMOVE name, ...

Names are those of whole attributes, by themselves or as #placeholders. Source: the Developer Guide's "Using update
expressions in DynamoDB".
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.bench.capacity import Item

_WORD = re.compile(r"[#:]?\w+|[=,()+-]")
_UNKNOWN = {"N": "0"}


def updated(before: Item | None, request: Mapping[str, Any]) -> Item:
    """The item behind an UpdateItem, or an Update of a transaction, whose condition held. Raises NotImplementedError
    for an expression that is none of those above."""
    return _Update(before, request).item()


class _Update:
    """One expression at work: it is read from left to right, and values are those from before."""

    def __init__(self, before: Item | None, request: Mapping[str, Any]) -> None:
        self._before = before or {}
        self._after: dict[str, Any] = {**self._before, **request["Key"]}
        self._names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
        self._values: Mapping[str, Any] = request.get("ExpressionAttributeValues", {})
        self._expression = request.get("UpdateExpression", "")
        self._words = _WORD.findall(self._expression)

    def item(self) -> Item:
        while self._words:
            clause = self._next().upper()
            while True:
                self._action(clause)
                if self._peek() != ",":
                    break
                self._next()
        return self._after

    def _action(self, clause: str) -> None:
        name = self._name(self._next())
        if clause == "SET":
            self._expect("=")
            self._after[name] = self._value()
        elif clause == "ADD":
            self._after[name] = _sum(self._before.get(name, _UNKNOWN), self._operand())
        elif clause == "REMOVE":
            self._after.pop(name, None)
        else:
            raise self._unknown()

    def _value(self) -> Any:
        value = self._operand()
        while self._peek() in ("+", "-"):
            is_plus = self._next() == "+"
            value = _sum(value, self._operand(), 1 if is_plus else -1)
        return value

    def _operand(self) -> Any:
        word = self._next()
        if word.startswith(":"):
            return self._values[word]
        if self._peek() != "(":
            # An item that was there before the meter was: what it had is not known.
            return self._before.get(self._name(word), _UNKNOWN)
        self._expect("(")
        if word == "if_not_exists":
            name = self._name(self._next())
            self._expect(",")
            otherwise = self._value()
            found = self._before.get(name, otherwise)
        elif word == "list_append":
            first = self._value()
            self._expect(",")
            found = {"L": [*first["L"], *self._value()["L"]]}
        else:
            raise self._unknown()
        self._expect(")")
        return found

    def _name(self, word: str) -> str:
        return self._names[word] if word.startswith("#") else word

    def _peek(self) -> str | None:
        return self._words[0] if self._words else None

    def _next(self) -> str:
        if not self._words:
            raise self._unknown()
        word: str = self._words.pop(0)
        return word

    def _expect(self, word: str) -> None:
        if self._next() != word:
            raise self._unknown()

    def _unknown(self) -> NotImplementedError:
        return NotImplementedError(f"the meter does not know what this makes of an item: {self._expression}")


def _sum(one: Mapping[str, str], other: Mapping[str, str], sign: int = 1) -> dict[str, str]:
    return {"N": str(Decimal(one["N"]) + sign * Decimal(other["N"]))}
