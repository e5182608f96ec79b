"""What people see when something can't be shown: each refusal has a page of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from math import ceil
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.edge.bodies import BodyRefused
from api.faults import as_refusal, report_incident
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from api.pages.words import Words
from core.errors import DomainError, NotFound, RateLimited, Unavailable

Endpoint = Callable[[Request], Awaitable[Response]]
_RETRY_SECONDS: Final = 30
_BODIES: Final = {408: "too_slow", 413: "too_large"}


def for_people(endpoint: Endpoint) -> Endpoint:
    """Have whatever the endpoint raises answered by a page."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:
            return error_page(request, error)

    return answered


def error_page(request: Request, error: Exception) -> Response:
    """The page for an exception: a refusal in words, or an incident with its number.

    Callers that ask for something else than HTML get one line of text.
    """
    if isinstance(error, HTTPException):
        return _http_error(request, error)
    refusal = as_refusal(error)
    match refusal:
        case RateLimited():
            seconds = ceil(refusal.params.get("retryAfter", _RETRY_SECONDS))
            return _page(request, 429, "limited", retry=seconds, seconds=seconds)
        case Unavailable():
            incident = report_incident(error)
            return _page(request, 503, "unavailable", retry=_RETRY_SECONDS, incident=incident)
        case NotFound():
            return _page(request, 404, "missing")
        case DomainError():
            language = Reader.of(request).language
            return _page(request, 400, "refused", text=refusal.message(language))
    return _page(request, 500, "broken", incident=report_incident(error))


async def _handle(request: Request, error: Exception) -> Response:
    return error_page(request, error)


# For Starlette: what routes other than the pages leave to the application.
handlers: Final[Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]] = {
    HTTPException: _handle,
    DomainError: _handle,
    Exception: _handle,
}


def _http_error(request: Request, error: HTTPException) -> Response:
    if isinstance(error, BodyRefused):
        # Programs read one line; only who says so reads a page.
        key = _BODIES.get(error.status_code, "")
        if key and "text/html" in request.headers.get("accept", ""):
            return _page(request, error.status_code, key, headers=error.headers)
        return PlainTextResponse(error.detail, error.status_code, error.headers)
    if error.status_code < 400 or error.status_code in {401, 405, 406, 408, 413, 415}:
        return PlainTextResponse(error.detail, error.status_code, error.headers)
    key = "missing" if error.status_code in {404, 410} else "refused"
    return _page(
        request,
        error.status_code,
        key,
        text=None if key == "missing" else Words(Reader.of(request).language)("missing_next"),
        headers=error.headers,
    )


def _page(
    request: Request,
    status: int,
    key: str,
    *,
    text: str | None = None,
    retry: int | None = None,
    incident: str | None = None,
    headers: Mapping[str, str] | None = None,
    **params: object,
) -> Response:
    reader = Reader.of(request)
    t = Words(reader.language)
    text = text or t(f"{key}_next", **params)
    extra = dict(headers or {})
    if retry is not None:
        extra["Retry-After"] = str(retry)
    if not _reads_html(request):
        line = " ".join(filter(None, (t(key), incident)))
        return PlainTextResponse(line, status, {**extra, "Cache-Control": NOT_KEPT})
    way = {"href": "/", "words": "home"}
    if retry is not None and request.method in {"GET", "HEAD"}:
        way = {"href": "", "words": "try_again"}
    return page(
        request,
        reader,
        "message.html",
        status=status,
        headers=extra,
        title=t(key),
        text=text,
        way=way,
        incident=incident,
    )


def _reads_html(request: Request) -> bool:
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or "*/*" in accept
