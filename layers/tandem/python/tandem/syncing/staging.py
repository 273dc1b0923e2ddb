"""What a run has listed and not yet applied: objects of gzipped lines in the bucket, gone when the run has ended.

    sync/<integration>/<run>/listed/<source>-<n>    a page of a listing, as it came
    sync/<integration>/<run>/sorted/<n>             a page of the fleet (sorting.py)
    sync/<integration>/<run>/pages                  how many of both there are
    sync/<integration>/<run>/patched/<n>-<part>     patches of a page's devices, asked for one by one

A step that is repeated writes the same objects again. What runs leave behind that came to no good end expires.
"""

import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "sync/"

_GZIP_LEVEL = 1
"""The objects live for minutes: time is dearer than bytes."""
_AT_ONCE = 1000


class StagingUnavailableError(Exception):
    """The bucket did not answer, refused, or has lost what was kept."""


class Staging(Protocol):
    """Where a run keeps what it has listed."""

    def write(self, key: str, lines: Iterable[str]) -> None:
        """Keep these lines under the key. Raises StagingUnavailableError."""
        ...

    def read(self, key: str) -> Iterator[str]:
        """The lines that are kept under the key, one by one. Raises StagingUnavailableError."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Forget these. Raises StagingUnavailableError."""
        ...


class BucketStaging:
    """Objects of one bucket. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, key: str, lines: Iterable[str]) -> None:
        """As Staging; what is kept is in memory compressed, so the lines are those of one page."""
        body = io.BytesIO()
        with gzip.GzipFile(fileobj=body, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0) as packed:
            for line in lines:
                packed.write(line.encode() + b"\n")
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=key, Body=body.getvalue(), ContentType="application/gzip"
            )
        except (BotoCoreError, ClientError) as error:
            raise StagingUnavailableError(f"{key} could not be kept: {what(error)}") from error

    def read(self, key: str) -> Iterator[str]:
        """As Staging."""
        try:
            with closing(self._client().get_object(Bucket=self._bucket, Key=key)["Body"]) as answer:
                body = io.BytesIO(answer.read())
        except (BotoCoreError, ClientError) as error:
            raise StagingUnavailableError(f"{key} could not be read: {what(error)}") from error
        with gzip.GzipFile(fileobj=body) as unpacked:
            for line in unpacked:
                yield line[:-1].decode()

    def remove(self, keys: Sequence[str]) -> None:
        """As Staging."""
        for start in range(0, len(keys), _AT_ONCE):
            wanted = [{"Key": key} for key in keys[start : start + _AT_ONCE]]
            try:
                self._client().delete_objects(Bucket=self._bucket, Delete={"Objects": wanted, "Quiet": True})  # type: ignore[typeddict-item]
            except (BotoCoreError, ClientError) as error:
                raise StagingUnavailableError(f"what was kept could not be removed: {what(error)}") from error


def listed_key(integration_id: str, run_id: str, source: str, number: int) -> str:
    """Of a page of a listing."""
    return f"{_of_run(integration_id, run_id)}listed/{source}-{number}.json.gz"


def sorted_key(integration_id: str, run_id: str, number: int) -> str:
    """Of a page of the fleet."""
    return f"{_of_run(integration_id, run_id)}sorted/{number}.json.gz"


def pages_key(integration_id: str, run_id: str) -> str:
    """Of what says how many pages there are."""
    return f"{_of_run(integration_id, run_id)}pages.json.gz"


def patched_key(integration_id: str, run_id: str, number: int, part: int) -> str:
    """Of patches that were asked for device by device."""
    return f"{_of_run(integration_id, run_id)}patched/{number}-{part}.json.gz"


def what(error: Exception) -> str:
    """AWS's word for it."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def _of_run(integration_id: str, run_id: str) -> str:
    return f"{PREFIX}{integration_id}/{run_id}/"
