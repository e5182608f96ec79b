"""``/announcements``, ``/a/{announcement}``: what the town tells everybody, as long as it holds."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from api.pages.addresses import announcement_path, unshortened
from api.pages.errors import for_people
from api.pages.reader import Reader
from api.pages.rendering import A_MOMENT, page
from api.pages.words import day
from core.clock import SHANGHAI
from core.errors import NotFound
from core.keyset import Page
from management.territory import territory
from notifications.notices.reading import announcement, announcements

PAGE_SIZE: Final = 20
LIST: Final = "/announcements"
SHORT: Final = 90
"""Characters of a text that search engines and previews of links are told."""

_COLUMNS: Final = (
    "id", "kind", "emergency", "title_zh", "title_en", "body_zh", "body_en", "grid_code",
    "sent_at", "shown_until",
)  # fmt: skip


@for_people
async def announcements_page(request: Request) -> Response:
    """What is announced now, the latest first."""
    reader = Reader.of(request)
    cursor = request.query_params.get("after")
    found = await announcements(grid_code=None, page=Page(PAGE_SIZE, cursor), columns=_COLUMNS)
    return page(
        request,
        reader,
        "announcements.html",
        keep=A_MOMENT,
        canonical=LIST,
        here={"after": cursor} if cursor else {},
        cursor=cursor,
        said=[await _said(row, reader) for row in found.rows],
        onward=found.cursor(-1) if found.has_next else None,
    )


@for_people
async def announcement_page(request: Request) -> Response:
    """One announcement; 404 before it is public and when its time is over."""
    reader = Reader.of(request)
    found = unshortened(request.path_params["announcement"])
    row = await announcement(found, _COLUMNS) if found else None
    if row is None:
        raise NotFound
    said = await _said(row, reader)
    return page(
        request,
        reader,
        "announcement.html",
        keep=A_MOMENT,
        canonical=announcement_path(row["id"]),
        one=said,
        summary=" ".join(said["lines"])[:SHORT],
    )


async def _said(row: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """An announcement in the reader's language; in Chinese where there is no other."""
    english = reader.english and bool(row["title_en"])
    grid = (await territory()).by_code[row["grid_code"]]
    body = row["body_en" if english else "body_zh"]
    return {
        "path": announcement_path(row["id"]),
        "title": row["title_en" if english else "title_zh"],
        "lines": [line for line in body.splitlines() if line.strip()],
        "foreign": reader.english and not english,
        "grid": grid["name_en" if reader.english else "name_zh"],
        "kind": row["kind"],
        "emergency": row["emergency"],
        "since": day(row["sent_at"].astimezone(SHANGHAI).date(), reader.language),
        "until": day(row["shown_until"].astimezone(SHANGHAI).date(), reader.language),
    }
