"""The software of a fleet's pages: one object each, `software/<integration>/<beginning of the page, in hex>.json.gz`.

It is no record of a run: it stays, and searches read all of an integration's (assets/software.py).
"""

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem.assets.software import SoftwareDocument
from tandem.syncing.document_format import document_key, packed, unpacked
from tandem.syncing.staging import StagingUnavailableError, what

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NOT_THERE = frozenset({"NoSuchKey", "404"})


class Documents(Protocol):
    """Where the software of pages is kept."""

    def read(self, integration_id: str, begins: str) -> SoftwareDocument | None:
        """The page's software; None if none was ever listed. Raises StagingUnavailableError."""
        ...

    def keep(self, integration_id: str, begins: str, document: SoftwareDocument) -> None:
        """Keep it. Raises StagingUnavailableError."""
        ...


class SoftwareDocuments:
    """Objects of one bucket. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], S3Client]", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, integration_id: str, begins: str) -> SoftwareDocument | None:
        """As Documents."""
        key = document_key(integration_id, begins)
        try:
            with closing(self._client().get_object(Bucket=self._bucket, Key=key)["Body"]) as answer:
                body = answer.read()
        except (BotoCoreError, ClientError) as error:
            if what(error) in _NOT_THERE:
                return None
            raise StagingUnavailableError(f"{key} could not be read: {what(error)}") from error
        return unpacked(body)

    def keep(self, integration_id: str, begins: str, document: SoftwareDocument) -> None:
        """As Documents."""
        key = document_key(integration_id, begins)
        try:
            self._client().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=packed(document),
                ContentType="application/gzip",
            )
        except (BotoCoreError, ClientError) as error:
            raise StagingUnavailableError(f"{key} could not be kept: {what(error)}") from error
