"""``/plate-sheets/{id}.pdf``: sheets of plates, under addresses that are signed and soon over."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from api.pages.fetched import PRIVATE, nothing, signature_of
from management.plate_sheets.files import may_fetch, stored


async def plate_sheet(request: Request) -> Response:
    """The PDF; 404 for what is expired, forged or not there."""
    sheet_id = request.path_params["sheet_id"]
    path = stored(sheet_id) if may_fetch(sheet_id, *signature_of(request)) else None
    if path is None:
        return nothing()
    return FileResponse(
        path,
        headers=PRIVATE,
        media_type="application/pdf",
        filename=f"plates-{sheet_id.hex[-8:]}.pdf",
    )
