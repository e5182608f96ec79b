"""``/``: what this is and how to come in; and what browsers and crawlers ask of every site."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from api.pages.errors import for_people
from api.pages.reader import Reader
from api.pages.rendering import page

_ICON: Final = (Path(__file__).parent / "templates" / "favicon.svg").read_bytes()
_A_DAY: Final = {"Cache-Control": "public, max-age=86400"}
# Addresses of plates are for those who stand before them.
_ROBOTS: Final = (
    "User-agent: *\nDisallow: /q/\nDisallow: /v/\n"
    "Disallow: /l/*/\nDisallow: /console/\nDisallow: /graphql\n"
)


@for_people
async def landing_page(request: Request) -> Response:
    """The start page."""
    return page(request, Reader.of(request), "landing.html")


async def favicon(request: Request) -> Response:
    """The sign of the site: a door plate."""
    return Response(_ICON, 200, _A_DAY, media_type="image/svg+xml")


async def old_favicon(request: Request) -> Response:
    """Where browsers look that were told nothing."""
    return RedirectResponse("/favicon.svg", 308, _A_DAY)


async def robots(request: Request) -> Response:
    """What crawlers leave alone."""
    return PlainTextResponse(_ROBOTS, 200, _A_DAY)
