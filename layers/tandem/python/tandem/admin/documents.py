"""Routes of the documents: the OpenAPI document, and the page made from it. Nobody needs a key to read them."""

import json
from functools import lru_cache

from tandem.admin.calls import Answer, AnyRoute, Call, Route, Routes
from tandem.admin.schemas.base import NoBody, NoQuery

_REMEMBERED = 4
"""Addresses under which one instance is reached: the gateway's own and a custom domain."""

_MAY_BE_KEPT = {"cache-control": "public, max-age=300"}
_TAG = "Documents"


class Documents:
    """Describes `routes`. Each document is made when it is first asked for, and kept: most instances never show one,
    and starting them must not take longer for it."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._openapi = lru_cache(_REMEMBERED)(self._make_openapi)
        self._page = lru_cache(_REMEMBERED)(self._make_page)

    def get_openapi(self, call: Call[NoBody, NoQuery]) -> Answer:
        """The OpenAPI document."""
        return Answer(text=self._openapi(call.base_url), headers=_MAY_BE_KEPT)

    def get_docs(self, call: Call[NoBody, NoQuery]) -> Answer:
        """The page for people."""
        from tandem.admin.docs_style import CONTENT_SECURITY_POLICY

        headers = _MAY_BE_KEPT | {"content-security-policy": CONTENT_SECURITY_POLICY}
        return Answer(text=self._page(call.base_url), headers=headers)

    def _make_openapi(self, base_url: str) -> str:
        from tandem.admin.openapi import openapi_document

        document = openapi_document(self._routes, base_url)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    def _make_page(self, base_url: str) -> str:
        from tandem.admin.docs_page import docs_page

        return docs_page(json.loads(self._openapi(base_url)))


def with_documents(routes: Routes) -> Routes:
    """These routes and those of their documents, which describe themselves as well."""
    described: list[AnyRoute] = list(routes)
    documents = Documents(described)
    described += (
        Route(
            "GET",
            "/openapi.json",
            "Read this API as an OpenAPI document",
            None,
            documents.get_openapi,
            None,
            _TAG,
        ),
        Route(
            "GET",
            "/docs",
            "Read this API as a page",
            None,
            documents.get_docs,
            None,
            _TAG,
            media_type="text/html; charset=utf-8",
        ),
    )
    return tuple(described)
