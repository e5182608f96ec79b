"""``PUT /uploads/{id}``: where the original of a picture is sent, with the token of its upload."""

from __future__ import annotations

from math import ceil
from typing import Final
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.edge.bodies import BodyRule
from api.faults import as_refusal, report_incident
from api.language import preferred_language
from core.errors import (
    Conflict,
    DomainError,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from media.uploads import LARGEST, receive

BODIES: Final = {"/uploads/": BodyRule(bytes=LARGEST, seconds=120.0)}
_STATUS: Final[dict[type[DomainError], int]] = {
    Unauthenticated: 401,
    NotFound: 404,
    Conflict: 409,
    WrongState: 409,
    RateLimited: 429,
    Unavailable: 503,
}
_NOT_STORED: Final = {"Cache-Control": "no-store"}


async def upload(request: Request) -> Response:
    """Keep an original: 204, or a refusal as JSON with code, reason and words."""
    try:
        await receive(
            _upload_id(request), request.headers.get("authorization", ""), request.stream()
        )
    except ClientDisconnect:
        return Response(status_code=400, headers=_NOT_STORED)  # nobody reads it
    except Exception as error:
        refusal = as_refusal(error)
        if refusal is None:
            raise
        if isinstance(refusal, Unavailable):
            report_incident(error)
        return _refused(request, refusal)
    return Response(status_code=204, headers=_NOT_STORED)


def _upload_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["upload_id"])
    except ValueError:
        raise NotFound from None


def _refused(request: Request, refusal: DomainError) -> Response:
    language = preferred_language(request.headers.get("accept-language"))
    # What was not read of the body would be taken for the next request.
    headers = {**_NOT_STORED, "Connection": "close", "Content-Language": language}
    if isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = "Upload"
    if "retryAfter" in refusal.params:
        headers["Retry-After"] = str(ceil(refusal.params["retryAfter"]))
    body = {**refusal.extensions(), "message": refusal.message(language)}
    return JSONResponse({"error": body}, _STATUS.get(type(refusal), 400), headers=headers)


routes = [Route("/uploads/{upload_id}", upload, methods=["PUT"])]
