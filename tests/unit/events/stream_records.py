"""Records of the table's stream as Lambda hands them over, made of what tests write."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tandem.alerts.models import Alert
from tandem.alerts.tickets import Ticket
from tandem.store.records import alert_item, ticket_item
from tests.unit.alerts.world import START

Record = dict[str, Any]


def record_of(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, number: int = 1, at: datetime = START
) -> Record:
    """One record: INSERT, MODIFY or REMOVE, as the images say. `number`: its place in the stream."""
    images = {"OldImage": before, "NewImage": after}
    item = after or before or {}
    name = "INSERT" if before is None else "MODIFY" if after is not None else "REMOVE"
    record = {
        "eventID": f"e{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": at.timestamp(),
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "SequenceNumber": str(number),
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **{kind: image for kind, image in images.items() if image is not None},
        },
    }
    as_lambda_has_it: Record = json.loads(json.dumps(record, default=_text))
    return as_lambda_has_it


def alert_record(before: Alert | None, after: Alert, number: int = 1) -> Record:
    """The write of an alert."""
    return record_of(alert_item(before, START) if before else None, alert_item(after, START), number)


def ticket_record(before: Ticket | None, after: Ticket, number: int = 1) -> Record:
    """The write of a ticket."""
    return record_of(ticket_item(before) if before else None, ticket_item(after), number)


def poison(number: int, alert_id: str = "poison") -> Record:
    """The write of an alert's item that is none."""
    return record_of(None, {"pk": {"S": f"A#{alert_id}"}, "sk": {"S": "ALERT"}, "status": {"S": "odd"}}, number)


def numbered(records: Iterable[Record]) -> list[Record]:
    """The records in this order of a stream."""
    made = [json.loads(json.dumps(record)) for record in records]
    for number, record in enumerate(made, 1):
        record["eventID"] = f"e{number}"
        record["dynamodb"]["SequenceNumber"] = str(number)
    return made


def _text(value: object) -> str:
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode()
