"""What a sender is told (http.md, Webhooks), and the errors that lead there.

Exception
├── Refused      the sender's fault or none of ours: 400, 401, 404, 413; nothing was stored
└── NotStored    ours: 500, nothing was stored, the sender may try again
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Refused(Exception):  # noqa: N818  named for what happened
    """The webhook is refused: `field` should be what `expected` says. `reason` is one of a small set of words."""

    def __init__(self, status: int, reason: str, field: str, expected: str) -> None:
        super().__init__(f"{status} {reason}: {field}: {expected}")
        self.status = status
        self.reason = reason
        self.field = field
        self.expected = expected


class NotStored(Exception):  # noqa: N818
    """Something that ingest depends on failed. `cause` says what, in words that hold nothing from the sender."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Answer:
    """A status code and a JSON body."""

    status: int
    body: Mapping[str, Any]

    def as_lambda_response(self) -> dict[str, Any]:
        """For API Gateway's payload format 2.0."""
        return {
            "statusCode": self.status,
            "headers": {"content-type": "application/json", "cache-control": "no-store"},
            "body": json.dumps(self.body),
        }


def accepted(event_id: str) -> Answer:
    """200: the event is on the queue."""
    return Answer(200, {"status": "accepted", "event_id": event_id})


def ignored(reason: str, word: str) -> Answer:
    """200: authentic, and nothing to do."""
    return Answer(200, {"status": "ignored", "reason": reason} | ({"event": word} if word else {}))


def refused(refusal: Refused) -> Answer:
    """4xx, with what was expected."""
    errors = [{"field": refusal.field, "message": f"expected {refusal.expected}"}]
    return Answer(refusal.status, {"status": "refused", "reason": refusal.reason, "errors": errors})


def not_stored() -> Answer:
    """500; the cause is in the log."""
    return Answer(500, {"status": "error", "reason": "not stored, try again"})
