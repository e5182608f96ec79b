"""What all files that are fetched share: for how long they are kept, and what answers for none."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

IMMUTABLE: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
PRIVATE: Final = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}


def signature_of(request: Request) -> tuple[str, str]:
    """Until when an address says that it is good, and its signature; empty where there is none."""
    given = request.query_params
    return given.get("expires", ""), given.get("signature", "")


def nothing(status: int = 404) -> Response:
    """For what is not there, or no longer there: kept by nobody."""
    return PlainTextResponse(str(status), status, {"Cache-Control": "no-store"})
