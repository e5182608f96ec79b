"""``/follow/{hazard}``: hear of a hazard that somebody else reported, instead of reporting it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.pages.addresses import unshortened
from api.pages.coming_in import come_in, step_of
from api.pages.errors import for_people
from api.pages.forms import OWN_REFERRER, SAID, Typed, status_of, with_form
from api.pages.reader import Reader
from api.pages.rendering import NOT_KEPT, page
from core.errors import DomainError, NotFound, RateLimited, Unavailable
from identity.sessions import sign_out
from integrations import sms
from management.hazards.following import follow_hazard


@for_people
async def follow_page(request: Request) -> Response:
    """One's phone, the code that is sent to it, and the hazard is followed."""
    if unshortened(request.path_params["hazard"]) is None:
        raise NotFound
    if request.method == "POST":
        return await with_form(request, lambda typed: _follow(request, typed))
    return _page(request, "phone", Typed())


async def _follow(request: Request, typed: Typed) -> Response:
    hazard_id = unshortened(request.path_params["hazard"])
    assert hazard_id is not None
    try:
        visit = await come_in(request, typed)
        if visit.actor is None:
            return _page(request, visit.step, typed)
        try:
            await follow_hazard(visit.actor, hazard_id=hazard_id)
        finally:
            await sign_out(visit.actor)
        return _page(request, "done", typed)
    except SAID as refusal:
        return _page(request, step_of(typed, refusal), typed, refusal)


def _page(
    request: Request, step: str, typed: Typed, refusal: DomainError | None = None
) -> Response:
    reader = Reader.of(request)
    if refusal is not None and step == "phone" and isinstance(refusal, RateLimited):
        step = "code"  # the code that was sent is still good
    if isinstance(refusal, Unavailable):
        step = "phone"
    return page(
        request,
        reader,
        "follow.html",
        status=status_of(refusal) if refusal else 200,
        keep=NOT_KEPT,
        headers=OWN_REFERRER,
        step=step,
        action=request.url.path,
        typed={"phone": typed["phone"]},
        fault=refusal.message(reader.language) if refusal else "",
        open=sms.available(),
    )
