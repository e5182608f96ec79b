"""A document is fetched by an address that is signed and soon over."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from core.signed_addresses import signed_query, still_good
from management.models import HazardDocument

_PURPOSE: Final = "hazard documents"


def address_of(document_id: UUID) -> str:
    """The path under which a document is fetched for some minutes; only for who may read it."""
    return f"/hazard-documents/{document_id}.pdf?{signed_query(_PURPOSE, str(document_id))}"


def may_fetch(document_id: UUID, expires: str, signature: str) -> bool:
    """Whether an address was made here and is not over."""
    return still_good(_PURPOSE, str(document_id), expires, signature)


async def pdf_of(document_id: UUID) -> bytes | None:
    """The PDF of a document, drawn from what it said when it was issued."""
    document = await HazardDocument.get_or_none(id=document_id)
    if document is None:
        return None
    # The drawing library takes 20 MB: only processes that draw pay.
    from management.hazards.documents.printing import draw

    return await asyncio.to_thread(
        draw, document.content, number=document.number, issued_at=document.issued_at
    )
