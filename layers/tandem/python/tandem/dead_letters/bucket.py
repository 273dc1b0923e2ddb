"""The objects of failed stream records in S3."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tandem.dead_letters.keeper import ReadingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class BucketObjects:
    """Reads them. `client` makes the AWS client at the first use: most letters come from queues."""

    def __init__(self, client: "Callable[[], S3Client]") -> None:
        self._client = client

    def text(self, bucket: str, key: str) -> str:
        """The object's text. Raises ReadingError."""
        try:
            body = self._client().get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise ReadingError(f"the bucket could not be read: {code}") from error
        except BotoCoreError as error:
            raise ReadingError(f"the bucket could not be read: {type(error).__name__}") from error
        return body.decode(errors="replace")
