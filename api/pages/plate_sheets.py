"""``/plate-sheets/{id}.pdf``: sheets of plates, under addresses that are signed and soon over."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from api.pages.pictures import PRIVATE
from management.plate_sheets.files import may_fetch, stored


async def plate_sheet(request: Request) -> Response:
    """The PDF; 404 for what is expired, forged or not there."""
    sheet_id, given = request.path_params["sheet_id"], request.query_params
    good = may_fetch(sheet_id, given.get("expires", ""), given.get("signature", ""))
    path = stored(sheet_id) if good else None
    if path is None:
        return PlainTextResponse("404", 404, {"Cache-Control": "no-store"})
    return FileResponse(
        path,
        headers=PRIVATE,
        media_type="application/pdf",
        filename=f"plates-{sheet_id.hex[-8:]}.pdf",
    )
