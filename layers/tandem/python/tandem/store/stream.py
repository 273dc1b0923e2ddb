"""A record of the table's stream, as Lambda hands it over: one write of one item, with the item before and after."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tandem.store.codec import Attribute, Item

_TTL = "dynamodb.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` are whole items; None where there was or is none. `at`: when the table took the write, to
    the second. `record_id` and `sequence_number`: the stream's names of it."""

    record_id: str
    sequence_number: str
    pk: str
    sk: str
    at: datetime
    before: Item | None = None
    after: Item | None = None
    is_expiry: bool = False


def change_of(record: Mapping[str, Any]) -> Change:
    """The change that a stream record tells of. `is_expiry`: TTL removed the item, nobody did.

    Raises KeyError, TypeError or ValueError for what is no record of a stream with both images.
    """
    data = record["dynamodb"]
    return Change(
        record_id=record["eventID"],
        sequence_number=data["SequenceNumber"],
        pk=data["Keys"]["pk"]["S"],
        sk=data["Keys"]["sk"]["S"],
        at=datetime.fromtimestamp(float(data["ApproximateCreationDateTime"]), UTC),
        before=_image(data.get("OldImage")),
        after=_image(data.get("NewImage")),
        is_expiry=record["eventName"] == "REMOVE" and (record.get("userIdentity") or {}).get("principalId") == _TTL,
    )


def sequence_number_of(record: Mapping[str, Any]) -> str:
    """What a function answers with to be given this record, and all behind it, again."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def _image(image: Mapping[str, Attribute] | None) -> Item | None:
    """The item; binary values, which Lambda's JSON holds as base 64, as they are in the table."""
    if image is None:
        return None
    return {
        name: {"B": base64.b64decode(value["B"])} if isinstance(value.get("B"), str) else dict(value)
        for name, value in image.items()
    }
