"""``/media/{key}-{width}.{format}``: pictures, under addresses that never change their content.

Private ones lie under ``/media/private/``; their addresses are signed and soon over.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from api.pages.rendering import knows
from media.photos import may_fetch
from media.storage import stored

IMMUTABLE: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
PRIVATE: Final = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}
_MEDIA_TYPES: Final = {".webp": "image/webp", ".jpg": "image/jpeg"}


async def picture(request: Request) -> Response:
    """One variant of a picture; 404 for every other name."""
    name = request.path_params["name"]
    path = stored(name)
    if path is None:
        return _nothing()
    headers = {**IMMUTABLE, "ETag": f'"{name}"'}
    if knows(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type=_MEDIA_TYPES[path.suffix])


async def private_picture(request: Request) -> Response:
    """One variant of a private picture; 404 for what is expired, forged or not there."""
    name, given = request.path_params["name"], request.query_params
    if not may_fetch(name, given.get("expires", ""), given.get("signature", "")):
        return _nothing()
    path = stored(name, private=True)
    if path is None:
        return _nothing()
    return FileResponse(path, headers=PRIVATE, media_type=_MEDIA_TYPES[path.suffix])


def _nothing() -> Response:
    return PlainTextResponse("404", 404, {"Cache-Control": "no-store"})
