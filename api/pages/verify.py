"""``/v/{token}``: whether a residence certificate holds; ``/certificates/{id}.pdf``: its file."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.context import hashed_address
from api.pages.errors import for_people
from api.pages.fetched import PRIVATE, nothing, signature_of
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from api.pages.words import whole_day
from identity.actor import anonymous
from management.people.certificate_drawing import certificate_pdf
from management.people.certificates import CertificateState, check_certificate, printed

_GONE: Final = 410
_HIDDEN: Final = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


@for_people
async def verify_page(request: Request) -> Response:
    """What a code says, for everybody: 200 valid, 410 expired or revoked, 404 unknown."""
    reader = Reader.of(request)
    actor = anonymous(hashed_address(request))
    found = await check_certificate(actor, request.path_params["token"])
    state = found.state.value if found else "UNKNOWN"
    valid = found is not None and found.state is CertificateState.VALID
    return page(
        request,
        reader,
        "certificate.html",
        status=200 if valid else 404 if found is None else _GONE,
        keep=NOT_KEPT,
        headers=_HIDDEN,
        state=state,
        found=found,
        since=whole_day(found.since, reader.language) if found and found.since else "",
        until=whole_day(found.valid_until, reader.language) if found else "",
    )


async def certificate_file(request: Request) -> Response:
    """The PDF; 404 for what is expired, forged, revoked or not there."""
    certificate_id = request.path_params["certificate_id"]
    found = await printed(certificate_id, *signature_of(request))
    if found is None:
        return nothing()
    return Response(
        await asyncio.to_thread(certificate_pdf, found),
        media_type="application/pdf",
        headers={
            **PRIVATE,
            "Content-Disposition": f'attachment; filename="residence-{found.number}.pdf"',
        },
    )
