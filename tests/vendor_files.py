"""What vendors sent, recorded or documented: kept beside the repository in ../shared; without it, tests skip."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[2] / "shared"

RECORDED_TACTICAL = _SHARED / "recorded" / "tactical" / "webhooks"
RECORDED_TACTICAL_RESPONSES = _SHARED / "recorded" / "tactical" / "responses"
PAYLOADS = _SHARED / "payloads"
NINJAONE_SPECIFICATION = _SHARED / "openapi" / "ninjaone-api-core-resources-2026.yaml"

needs_vendor_files = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="../shared is not here")


def recorded_body(name: str) -> bytes:
    """The body of a recorded HTTP request, byte for byte."""
    head, separator, body = (RECORDED_TACTICAL / name).read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    assert separator, head
    return body


def payload(name: str) -> bytes:
    """A payload, such as `ninjaone/webhook_node_created.constructed.json`."""
    return (PAYLOADS / name).read_bytes()
