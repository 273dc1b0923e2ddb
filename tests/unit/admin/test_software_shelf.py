"""Reading many objects within a time."""

import io
from itertools import count
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tandem.admin.software_shelf import AT_ONCE, SoftwareShelf, SoftwareUnavailableError
from tandem.assets.software import Installed, SoftwareDocument
from tandem.syncing.document_format import document_key, packed

DOCUMENT = SoftwareDocument({"7-zip": Installed("7-Zip", None, {"23.01": ("a1",)})})


class Bucket:
    """Holds the first page of integration `i1`; `broken` raises this instead."""

    def __init__(self, broken: Exception | None = None) -> None:
        self.broken = broken

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 boto3's own word
        if self.broken is not None:
            raise self.broken
        if document_key("i1", "") != Key:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(packed(DOCUMENT))}


def shelf(bucket: Bucket, seconds: float = 0.0) -> SoftwareShelf:
    """On a clock that goes on by so many seconds each time that it is looked at."""
    ticks = count()
    return SoftwareShelf(lambda: cast("Any", bucket), "bucket", lambda: next(ticks) * seconds)


def test_pages_without_software_are_empty_ones() -> None:
    assert shelf(Bucket()).document(("i1", "")) == DOCUMENT
    assert shelf(Bucket()).document(("i1", "x")) is None
    assert list(shelf(Bucket()).documents([("i1", ""), ("i2", "")], 5.0)) == [DOCUMENT, SoftwareDocument()]


def test_what_there_is_no_time_for_is_none() -> None:
    found = list(shelf(Bucket(), seconds=3.0).documents([("i1", "")] * AT_ONCE * 3, 5.0))
    assert found == [DOCUMENT] * AT_ONCE + [None] * AT_ONCE * 2


@pytest.mark.parametrize(
    "broken",
    [
        ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"),
        EndpointConnectionError(endpoint_url="the bucket"),
    ],
)
def test_a_bucket_that_does_not_answer_is_told(broken: Exception) -> None:
    with pytest.raises(SoftwareUnavailableError):
        shelf(Bucket(broken)).document(("i1", ""))
