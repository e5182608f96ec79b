"""``/media/{key}-{width}.{format}``: pictures, under addresses that never change their content."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from api.pages.rendering import knows
from media.storage import stored

IMMUTABLE: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
_MEDIA_TYPES: Final = {".webp": "image/webp", ".jpg": "image/jpeg"}


async def picture(request: Request) -> Response:
    """One variant of a picture; 404 for every other name."""
    name = request.path_params["name"]
    path = stored(name)
    if path is None:
        return PlainTextResponse("404", 404, {"Cache-Control": "no-store"})
    headers = {**IMMUTABLE, "ETag": f'"{name}"'}
    if knows(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type=_MEDIA_TYPES[path.suffix])
