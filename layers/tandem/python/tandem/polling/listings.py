"""What is kept of complete listings for the polls after them: where each and Tandem disagreed, by Tandem's ids.

One object a listing, `polls/<integration>/<began at>.json.gz`. Which of them count, the poll's state says (its newest
first); the bucket forgets them after some days, so whoever reads one must do without.
"""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem.polling.reconcile import Difference
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "polls/"
VERSION = 2

_GZIP_LEVEL = 1  # random ids: more effort finds nothing more


class ListingsUnavailableError(Exception):
    """The bucket did not answer, or refused."""


class Listings(Protocol):
    """Where listings are kept."""

    def write(self, integration_id: str, difference: Difference) -> str:
        """Keep it; gives its key. Raises ListingsUnavailableError."""
        ...

    def read(self, keys: Sequence[str]) -> list[Difference]:
        """Those listings, as far as they can be read without a gap: after one that is gone, older ones say nothing.
        Raises ListingsUnavailableError."""
        ...


class BucketListings:
    """Listings in one bucket. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, integration_id: str, difference: Difference) -> str:
        """Keep it; gives its key. Raises ListingsUnavailableError."""
        key = key_of(integration_id, difference.began_at)
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=key, Body=encode(difference), ContentType="application/gzip"
            )
        except (BotoCoreError, ClientError) as error:
            raise ListingsUnavailableError(f"the listing could not be kept: {_what(error)}") from error
        return key

    def read(self, keys: Sequence[str]) -> list[Difference]:
        """Those listings, up to the first that is gone or is not ours. Raises ListingsUnavailableError."""
        found: list[Difference] = []
        for key in keys:
            body = self._body(key)
            difference = decode(body) if body is not None else None
            if difference is None:
                break
            found.append(difference)
        return found

    def _body(self, key: str) -> bytes | None:
        try:
            return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _what(error) in ("NoSuchKey", "404"):
                return None
            raise ListingsUnavailableError(f"the last listing could not be read: {_what(error)}") from error
        except BotoCoreError as error:
            raise ListingsUnavailableError(f"the last listing could not be read: {_what(error)}") from error


def key_of(integration_id: str, began_at: datetime) -> str:
    """The key of the listing that began then."""
    return f"{PREFIX}{integration_id}/{to_text(began_at)}.json.gz"


def encode(difference: Difference) -> bytes:
    """The object's body; the same for the same difference."""
    values = {
        "v": VERSION,
        "began_at": to_text(difference.began_at),
        "missing": _texts(difference.missing),
        "shown": _texts(difference.shown),
    }
    return gzip.compress(json.dumps(values, separators=(",", ":")).encode(), _GZIP_LEVEL, mtime=0)


def decode(body: bytes) -> Difference | None:
    """The difference of a body; None for one that is cut, of another version or not ours."""
    try:
        values = json.loads(gzip.decompress(body))
        if values["v"] != VERSION:
            return None
        return Difference(from_text(values["began_at"]), _times(values["missing"]), _times(values["shown"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _texts(times: Mapping[str, datetime]) -> dict[str, str]:
    return {alert_id: to_text(times[alert_id]) for alert_id in sorted(times)}


def _times(texts: Mapping[str, str]) -> dict[str, datetime]:
    return {alert_id: from_text(text) for alert_id, text in texts.items()}


def _what(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
