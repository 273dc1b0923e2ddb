"""Complete listings, kept for the polls after them: which alerts each showed, by Tandem's ids.

One object a listing, `polls/<integration>/<began at>.json.gz`. Which of them count, the poll's state says (its newest
first); the bucket forgets them after some days, so whoever reads one must do without.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem.polling.reconcile import Listing
from tandem.times import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "polls/"
VERSION = 1

_GZIP_LEVEL = 1  # random ids: more effort finds nothing more


class ListingsUnavailableError(Exception):
    """The bucket did not answer, or refused."""


class Listings(Protocol):
    """Where listings are kept."""

    def write(self, integration_id: str, listing: Listing) -> str:
        """Keep it; gives its key. Raises ListingsUnavailableError."""
        ...

    def read(self, keys: Sequence[str]) -> list[Listing]:
        """Those listings, as far as they can be read without a gap: after one that is gone, older ones say nothing.
        Raises ListingsUnavailableError."""
        ...


class BucketListings:
    """Listings in one bucket. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, integration_id: str, listing: Listing) -> str:
        """Keep it; gives its key. Raises ListingsUnavailableError."""
        key = key_of(integration_id, listing.began_at)
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=key, Body=encode(listing), ContentType="application/gzip"
            )
        except (BotoCoreError, ClientError) as error:
            raise ListingsUnavailableError(f"the listing could not be kept: {_what(error)}") from error
        return key

    def read(self, keys: Sequence[str]) -> list[Listing]:
        """Those listings, up to the first that is gone or is not ours. Raises ListingsUnavailableError."""
        found: list[Listing] = []
        for key in keys:
            body = self._body(key)
            listing = decode(body) if body is not None else None
            if listing is None:
                break
            found.append(listing)
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


def encode(listing: Listing) -> bytes:
    """The object's body; the same for the same listing."""
    values = {
        "v": VERSION,
        "began_at": to_text(listing.began_at),
        "is_whole": listing.is_whole,
        "alert_ids": sorted(listing.alert_ids),
        "condition_ids": sorted(listing.condition_ids),
    }
    return gzip.compress(json.dumps(values, separators=(",", ":")).encode(), _GZIP_LEVEL, mtime=0)


def decode(body: bytes) -> Listing | None:
    """The listing of a body; None for one that is cut, of another version or not ours."""
    try:
        values = json.loads(gzip.decompress(body))
        if values["v"] != VERSION:
            return None
        return Listing(
            from_text(values["began_at"]),
            frozenset(values["alert_ids"]),
            frozenset(values["condition_ids"]),
            values["is_whole"],
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None


def _what(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
