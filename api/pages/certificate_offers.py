"""``/certificates/of/{declaration}``: draws the certificate that was offered to who just declared.

A plain browser is signed out as soon as it has declared. What was offered with the answer is good
for ten minutes, for that declaration alone, and draws one certificate however often it is pressed.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.errors import for_people
from api.pages.fetched import PRIVATE, signature_of
from api.pages.forms import Typed, with_form
from citizen.declarations.certificates import earns_certificate, who_declared
from citizen.models import Declaration
from core.errors import NotFound
from core.requests import answered, once
from core.signed_addresses import signed_query, still_good
from identity.actor import Actor
from management.models import ResidenceCertificate
from management.people.certificates import download_address, draw_certificate

_SIGNED: Final = "offers of certificates"
_MUTATION: Final = "page:drawResidenceCertificate"


async def offered(own: Declaration) -> str | None:
    """Where who made this declaration draws their certificate; None where none can be drawn."""
    if not await earns_certificate(own):
        return None
    return f"/certificates/of/{own.id}?{signed_query(_SIGNED, str(own.id))}"


@for_people
async def draw_page(request: Request) -> Response:
    """Draw it and lead to the file; 404 for an offer that is over or forged."""
    return await with_form(request, lambda typed: _draw(request, typed))


async def _draw(request: Request, _: Typed) -> Response:
    declaration_id: UUID = request.path_params["declaration_id"]
    if not still_good(_SIGNED, str(declaration_id), *signature_of(request)):
        raise NotFound
    actor = await who_declared(declaration_id)
    # The declaration's id is the request's: who presses twice has one certificate.
    given: dict[str, object] = {"declaration": declaration_id}
    drawn = await answered(
        actor, request_id=declaration_id, mutation=_MUTATION, payload=given
    ) or await once(
        actor, request_id=declaration_id, mutation=_MUTATION, payload=given,
        act=lambda: _drawn(actor),
    )  # fmt: skip
    address = download_address(await ResidenceCertificate.get(id=drawn))
    if address is None:
        raise NotFound
    file = urlsplit(address)
    return RedirectResponse(f"{file.path}?{file.query}", 303, PRIVATE)


async def _drawn(actor: Actor) -> UUID:
    certificate_id: UUID = (await draw_certificate(actor)).id
    return certificate_id
