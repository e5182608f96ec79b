"""``/media/{key}-{width}.{format}``: pictures, under addresses that never change their content.

Private ones lie under ``/media/private/``; their addresses are signed and soon over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from api.faults import report_incident
from api.pages.rendering import knows
from media import storage
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
_MEDIA_TYPES: Final = {"webp": "image/webp", "jpg": "image/jpeg"}


async def picture(request: Request) -> Response:
    """One variant of a picture; 404 for every other name."""
    name = request.path_params["name"]
    if storage.in_folder() and stored(name) is None:
        return _nothing()
    headers = {**IMMUTABLE, "ETag": f'"{name}"'}
    if knows(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return await _file(name, headers, private=False)


async def private_picture(request: Request) -> Response:
    """One variant of a private picture; 404 for what is expired, forged or not there."""
    name, given = request.path_params["name"], request.query_params
    if not may_fetch(name, given.get("expires", ""), given.get("signature", "")):
        return _nothing()
    return await _file(name, PRIVATE, private=True)


async def _file(name: str, headers: Mapping[str, str], *, private: bool) -> Response:
    if storage.in_folder():
        path = stored(name, private=private)
        return (
            _nothing()
            if path is None
            else FileResponse(path, headers=dict(headers), media_type=_MEDIA_TYPES[path.suffix[1:]])
        )
    try:
        data = await storage.off_loop(storage.read, name, private=private)
    except OSError as error:
        report_incident(error)
        return PlainTextResponse("503", 503, {"Cache-Control": "no-store", "Retry-After": "5"})
    if data is None:
        return _nothing()
    kind = _MEDIA_TYPES[name.rpartition(".")[2]]
    return Response(data, headers={**headers, "Accept-Ranges": "none"}, media_type=kind)


def _nothing() -> Response:
    return PlainTextResponse("404", 404, {"Cache-Control": "no-store"})
