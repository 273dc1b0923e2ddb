"""What Lambda leaves in the bucket when it gives up on records of the table's stream, as dead letters.

The object is Lambda's invocation record (AWS Lambda Developer Guide, "Retain discarded records for a DynamoDB event
source"): `requestContext` {functionArn, condition, approximateInvokeCount}, `DDBStreamBatchInfo`, `timestamp`, and,
only where the destination is S3, `payload`: the whole event, as a text.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tandem.dead_letters.letters import DeadLetter
from tandem.store.stream import sequence_number_of
from tandem.times import from_text

SOURCE = "stream-failures"
"""The source of what cannot be told apart by the function that it was for."""

_CONDITIONS = {
    "RetryAttemptsExhausted": "failed each time",
    "MaximumRecordAgeExceeded": "it became too old before it was processed",
    "EventAgeExceeded": "it became too old before it was processed",
}


def letters_of(text: str, key: str, sources: Mapping[str, str], now: datetime) -> list[DeadLetter]:
    """One letter a record, so that each can be replayed by itself; its id is that of what its reader parks of it.
    `key`: the object's; `sources`: by function ARN.

    What is no invocation record becomes one letter as it is.
    """
    try:
        failure = json.loads(text)
        request = failure["requestContext"]
        function = ":".join(str(request["functionArn"]).split(":")[:7])  # without version or alias
        attempts = max(1, int(request.get("approximateInvokeCount", 1)))
        records = json.loads(failure["payload"])["Records"]
        source = sources.get(function) or function.rpartition(":")[2]
        reason = f"{source} did not process it: {_why(request.get('condition'))}; see {key}"
        return [
            DeadLetter(source, sequence_number_of(each), reason, json.dumps(each), _created_at(each, failure), attempts)
            for each in records
        ]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        return [DeadLetter(SOURCE, key, f"{key} is no invocation record: {type(error).__name__}", text, now)]


def _why(condition: Any) -> str:
    return _CONDITIONS.get(str(condition), f"Lambda says {condition}")


def _created_at(record: Mapping[str, Any], failure: Mapping[str, Any]) -> datetime:
    created = record["dynamodb"].get("ApproximateCreationDateTime")
    if created is None:
        return from_text(failure["timestamp"])
    return datetime.fromtimestamp(float(created), UTC)
