"""Tandem's HTTP surface as the demo uses it: nothing but what anybody with curl could do."""

from collections.abc import Iterator
from typing import Any

import httpx


class RefusedError(Exception):
    """The API said no; the text is its problem document in a line."""


class KeyRefusedError(Exception):
    """The API does not know the key."""


class Api:
    """The admin API and the webhook routes of one stack."""

    def __init__(self, api_url: str, admin_key: str) -> None:
        self.url = api_url
        self._http = httpx.Client(timeout=30)
        self._headers = {"Authorization": f"Bearer {admin_key}"}

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The answer of GET /api/v1{path}. Raises RefusedError."""
        return self._answer(self._http.get(f"{self.url}/api/v1{path}", params=query, headers=self._headers))

    def all(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        cursor: dict[str, str | int] = {}
        while True:
            page = self.get(path, limit=200, **query, **cursor)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of POST /api/v1{path}. Raises RefusedError."""
        return self._answer(self._http.post(f"{self.url}/api/v1{path}", json=body or {}, headers=self._headers))

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of PUT /api/v1{path}. Raises RefusedError."""
        return self._answer(self._http.put(f"{self.url}/api/v1{path}", json=body, headers=self._headers))

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer of PATCH /api/v1{path}. Raises RefusedError."""
        return self._answer(self._http.patch(f"{self.url}/api/v1{path}", json=body, headers=self._headers))

    def delete(self, path: str) -> None:
        """DELETE /api/v1{path}. Raises RefusedError."""
        self._answer(self._http.delete(f"{self.url}/api/v1{path}", headers=self._headers))

    def webhook(self, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """What an RMM does: POST the body to the webhook's URL."""
        return self._http.post(url, content=body, headers={"Content-Type": "application/json", **headers})

    def _answer(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_success:
            answer: dict[str, Any] = response.json() if response.content else {}
            return answer
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise KeyRefusedError
        raise RefusedError(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        )
