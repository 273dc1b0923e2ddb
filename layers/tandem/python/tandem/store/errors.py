"""What can go wrong between Tandem and its table.

StoreError
├── ConflictError     somebody else wrote first: read again and decide again
├── AlreadyDoneError  this very step of this run was done before: skip it
├── MovedOnError      the run is no longer where the step belongs: stop
├── BusyError         the table is throttled or out of reach: try the message again later
└── UnwritableError   the table will never take this change: a person must look
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

_LOST_RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})
_BUSY_ERRORS = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    }
)


class StoreError(Exception):
    """The table did not do what was asked."""


class ConflictError(StoreError):
    """A record moved since it was read, or a mapping arrived. Nothing was written."""


class AlreadyDoneError(StoreError):
    """This step of this run was written before, by this message or a twin of it. Nothing was written now."""


class MovedOnError(StoreError):
    """The run was cancelled, failed, or went on to another state. Nothing was written."""


class BusyError(StoreError):
    """The table is throttled or out of reach; nothing is known to be written."""


class UnwritableError(StoreError):
    """The table refuses the change for good (an item too large, a bad value). Nothing was written."""


@contextmanager
def translating() -> Iterator[None]:
    """Turns what boto3 raises inside into this tree's errors."""
    try:
        yield
    except BotoCoreError as error:
        raise BusyError(f"no answer from the table: {type(error).__name__}") from error
    except ClientError as error:
        raise translated(error) from error


def translated(error: ClientError) -> Exception:
    """The error of this tree that DynamoDB's answer means; the answer itself when it is none of them (a missing
    permission or table is no message's fault)."""
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    if code == "TransactionCanceledException":
        reasons = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
        if any(reason in _LOST_RACES for reason in reasons):
            return ConflictError("a record moved since it was read")
        if any(reason in _THROTTLES for reason in reasons):
            return BusyError("the table is throttled")
        return UnwritableError(f"the table refused the change: {message}")
    if code in ("TransactionInProgressException", "TransactionConflictException", "ConditionalCheckFailedException"):
        return ConflictError("another transaction is at work on these records")
    if code in _BUSY_ERRORS:
        return BusyError(f"the table is busy: {code}")
    if code == "ValidationException":
        return UnwritableError(f"the table refused the change: {message}")
    return error
