"""One client for all that these tests ask: a new one each time would load the machine's certificates each time."""

import ssl
from collections.abc import Mapping

import httpx

_CONTEXT = ssl.create_default_context()
HTTP = httpx.Client(verify=_CONTEXT, limits=httpx.Limits(max_keepalive_connections=0))


def client(url: str, headers: Mapping[str, str]) -> httpx.Client:
    """A client of one simulator, which keeps its connection."""
    return httpx.Client(base_url=url, headers=dict(headers), verify=_CONTEXT)
