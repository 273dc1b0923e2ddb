"""Python values as DynamoDB's attribute values and back.

boto3's own TypeSerializer costs a Decimal for each number and the resource module's import; the table holds only the
types below.
"""

from collections.abc import Mapping
from typing import Any

Attribute = dict[str, Any]
Item = dict[str, Attribute]


def encode(value: Any) -> Attribute:
    """The attribute value of a str, bool, int, bytes, mapping or sequence. Raises TypeError for anything else."""
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, Mapping):
        return {"M": encode_item(value)}
    if isinstance(value, list | tuple):
        return {"L": [encode(element) for element in value]}
    raise TypeError(f"the table holds no {type(value).__name__}")


def encode_item(values: Mapping[str, Any]) -> Item:
    """An item; None means the attribute is absent."""
    return {name: encode(value) for name, value in values.items() if value is not None}


def decode(attribute: Mapping[str, Any]) -> Any:
    """The value of an attribute value. Raises ValueError for a type that Tandem never writes."""
    ((kind, value),) = attribute.items()
    if kind in ("S", "BOOL"):
        return value
    if kind == "N":
        return int(value)
    if kind == "B":
        return bytes(value)
    if kind == "M":
        return decode_item(value)
    if kind == "L":
        return [decode(element) for element in value]
    raise ValueError(f"the table holds no {kind}")


def decode_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item's values by name."""
    return {name: decode(attribute) for name, attribute in item.items()}
