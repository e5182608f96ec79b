"""``/media/{key}-{width}.{format}``: pictures, under addresses that never change their content.

Private ones lie under ``/media/private/``, redacted ones as they were before under
``/media/locked/``; their addresses are signed and soon over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from api.faults import report_incident
from api.pages.fetched import IMMUTABLE, PRIVATE, nothing, signature_of
from api.pages.rendering import knows
from core.crypto import CryptoError
from media import storage
from media.models import Redaction
from media.photos import may_fetch
from media.redaction import original
from media.storage import LOCKED, stored

_MEDIA_TYPES: Final = {"webp": "image/webp", "jpg": "image/jpeg"}


async def picture(request: Request) -> Response:
    """One variant of a picture; 404 for every other name."""
    name = request.path_params["name"]
    if storage.in_folder() and stored(name) is None:
        return nothing()
    headers = {**IMMUTABLE, "ETag": f'"{name}"'}
    if knows(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return await _file(name, headers, private=False)


async def private_picture(request: Request) -> Response:
    """One variant of a private picture; 404 for what is expired, forged or not there."""
    name = request.path_params["name"]
    if not may_fetch(name, *signature_of(request)):
        return nothing()
    return await _file(name, PRIVATE, private=True)


async def locked_picture(request: Request) -> Response:
    """A redacted picture as it was, opened on the way; 404 for what is expired, forged or gone."""
    key, _, file_format = request.path_params["name"].partition(".")
    if file_format != "webp" or not may_fetch(f"{LOCKED}/{key}", *signature_of(request)):
        return nothing()
    try:
        # The key is one that was signed here, so it has the form of an id.
        redaction = await Redaction.get_or_none(id=UUID(key))
        data = await original(redaction) if redaction else None
    except (OSError, CryptoError) as error:
        return _away(error)
    return nothing() if data is None else Response(data, headers=PRIVATE, media_type="image/webp")


async def _file(name: str, headers: Mapping[str, str], *, private: bool) -> Response:
    if storage.in_folder():
        path = stored(name, private=private)
        return (
            nothing()
            if path is None
            else FileResponse(path, headers=dict(headers), media_type=_MEDIA_TYPES[path.suffix[1:]])
        )
    try:
        data = await storage.off_loop(storage.read, name, private=private)
    except OSError as error:
        return _away(error)
    if data is None:
        return nothing()
    kind = _MEDIA_TYPES[name.rpartition(".")[2]]
    return Response(data, headers={**headers, "Accept-Ranges": "none"}, media_type=kind)


def _away(error: Exception) -> Response:
    report_incident(error)
    return PlainTextResponse("503", 503, {"Cache-Control": "no-store", "Retry-After": "5"})
