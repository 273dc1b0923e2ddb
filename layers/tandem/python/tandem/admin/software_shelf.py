"""Reading the software of fleets' pages from the bucket, many objects side by side."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem.assets.software import SoftwareDocument
from tandem.syncing.document_format import document_key, unpacked

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AT_ONCE = 8
_NOT_THERE = frozenset({"NoSuchKey", "404"})

Place = tuple[str, str]
"""An integration and where one of its fleet's pages begins."""


class SoftwareUnavailableError(Exception):
    """The bucket could not be asked."""


class SoftwareShelf:
    """The objects of one bucket. `client` makes the AWS client at the first use; `clock` counts seconds."""

    def __init__(
        self, client: "Callable[[], S3Client]", bucket: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def document(self, place: Place) -> SoftwareDocument | None:
        """One page's software; None if none was ever listed. Raises SoftwareUnavailableError."""
        try:
            with closing(self._client().get_object(Bucket=self._bucket, Key=document_key(*place))["Body"]) as answer:
                content = answer.read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise SoftwareUnavailableError("the software could not be read") from error
        except BotoCoreError as error:
            raise SoftwareUnavailableError("the software could not be read") from error
        return unpacked(content)

    def documents(self, places: Iterable[Place], seconds: float) -> Iterator[SoftwareDocument | None]:
        """These pages' software, a few in memory at a time; None for a page that could not be looked at within these
        seconds. Raises SoftwareUnavailableError."""
        until = self._clock() + seconds
        left = iter(places)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while chunk := list(islice(left, AT_ONCE)):
                if self._clock() >= until:
                    yield from (None for _ in chunk)
                    continue
                yield from (found or SoftwareDocument() for found in pool.map(self.document, chunk))
