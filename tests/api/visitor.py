"""Somebody with a phone: the pages' routes behind an HTTP client, without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import httpx
from starlette.applications import Starlette

from api.edge.headers import SecurityHeaders
from api.pages.errors import handlers
from api.pages.routes import routes
from core import redis
from core.settings import settings

LOADING = {"src", "srcset", "href", "action", "poster", "data", "content"}


@asynccontextmanager
async def visitor(**headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the pages, with limits of its own."""
    app = SecurityHeaders(Starlette(routes=routes, exception_handlers=handlers))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        redis.connected(None),
        httpx.AsyncClient(
            transport=transport, base_url=settings().public_url, headers=headers
        ) as client,
    ):
        yield client


class Page(HTMLParser):
    """What a browser would find in a page: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._unseen = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._unseen += tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    def meta(self, name: str) -> str | None:
        """The content of a ``meta`` by name or property."""
        for attributes in self.all("meta"):
            if name in (attributes.get("name"), attributes.get("property")):
                return attributes["content"]
        return None

    def addresses(self) -> list[str]:
        """Everything the page links to or loads."""
        found = []
        for _, attributes in self.tags:
            for name, value in attributes.items():
                if name == "srcset":
                    found += [part.split()[0] for part in value.split(",")]
                elif name in LOADING - {"content"}:
                    found.append(value)
        return found
