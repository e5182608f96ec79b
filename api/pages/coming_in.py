"""Coming in by a one-time code, without a cookie: the session travels in the form itself.

A phone number, the code that was sent to it, then whatever one came for; at its end the session
is ended. Nothing is sent by a browser of its own accord, so there is nothing to forge. Who leaves
in between leaves a session that nobody has the key of: what the form holds is good for minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request

from api.context import hashed_address
from api.pages.forms import Typed
from core.errors import Unauthenticated
from identity.actor import Actor, anonymous
from identity.authentication import actor_from_token
from identity.phone_sign_in import mobile_number, request_sms_code, sign_in_with_sms_code

_DEVICE: Final = "web form"


@dataclass(frozen=True, slots=True)
class Visit:
    """How far somebody is: ``phone``, ``code`` or ``in``; then also who, and since now or before.

    ``session`` goes into the next form, in its body.
    """

    step: str
    actor: Actor | None = None
    session: str = field(default="", repr=False)
    fresh: bool = False


async def come_in(request: Request, typed: Typed) -> Visit:
    """One step further in.

    Raises:
        InvalidInput, RateLimited, Unavailable, Unauthenticated: as
            :func:`identity.phone_sign_in.request_sms_code` and
            :func:`identity.phone_sign_in.sign_in_with_sms_code`; ``Unauthenticated`` with the
            reason ``SESSION_OVER`` when one took too long.
    """
    visitor = anonymous(hashed_address(request))
    if session := typed["session"]:
        try:
            return Visit("in", await actor_from_token(session, address=visitor.address), session)
        except Unauthenticated:
            raise Unauthenticated(
                reason="SESSION_OVER",
                zh="等得太久了，请再收一次验证码；填过的都还在",
                en="It took too long. Have another code sent; what you filled in is still here",
            ) from None
    if not typed["phone"]:
        return Visit("phone")
    phone = mobile_number(typed["phone"])
    if not typed["code"]:
        await request_sms_code(visitor, phone=phone)
        return Visit("code")
    opened = await sign_in_with_sms_code(visitor, phone=phone, code=typed["code"], device=_DEVICE)
    actor = await actor_from_token(opened.access.text, address=visitor.address)
    return Visit("in", actor, opened.access.text, fresh=True)


def step_of(typed: Typed, refusal: Exception) -> str:
    """The step at which a refusal of :func:`come_in` is told."""
    over = isinstance(refusal, Unauthenticated) and refusal.reason == "SESSION_OVER"
    return "code" if typed["code"] and not over else "phone"
