"""``/hazard-documents/{id}.pdf``: documents about hazards, under addresses that are soon over."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.pages.fetched import PRIVATE, nothing, signature_of
from management.hazards.documents.fetching import may_fetch, pdf_of


async def hazard_document(request: Request) -> Response:
    """The PDF; 404 for what is expired, forged or not there."""
    document_id = request.path_params["document_id"]
    pdf = await pdf_of(document_id) if may_fetch(document_id, *signature_of(request)) else None
    if pdf is None:
        return nothing()
    name = f"hazard-{document_id.hex[-8:]}.pdf"
    return Response(
        pdf,
        headers={**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'},
        media_type="application/pdf",
    )
