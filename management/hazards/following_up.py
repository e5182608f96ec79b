"""The reporter has the last word: fixed or not, reopened, rated; the desk asks who can be called.

``token`` stands for an anonymous reporter, who has no other right than theirs.
"""

from __future__ import annotations

from uuid import UUID

from core.errors import InvalidInput
from core.work import work
from identity.actor import Actor, ActorKind
from management.hazards.loop import move, noted
from management.hazards.stepping import allowed, cleaned
from management.models import Hazard, HazardAction


async def confirm_fixed(
    actor: Actor, *, hazard_id: UUID | None, token: str | None = None, words: str = ""
) -> Hazard:
    """Say that a hazard is fixed, as its reporter or, for who was called, the service desk.

    Raises:
        Unauthenticated: nobody is signed in, and there is no token.
        NotFound: absent, or not for the actor.
        WrongState: nobody is asked.
    """
    return await _say(actor, HazardAction.CONFIRM_FIXED, hazard_id, token, words)


async def say_not_fixed(
    actor: Actor, *, hazard_id: UUID | None, token: str | None = None, words: str = ""
) -> Hazard:
    """Say that a hazard is not fixed: it goes back to who is to put it right, and is counted.

    Raises:
        Unauthenticated: nobody is signed in, and there is no token.
        NotFound: absent, or not for the actor.
        WrongState: nobody is asked.
    """
    return await _say(actor, HazardAction.SAY_NOT_FIXED, hazard_id, token, words)


async def close_unreachable(actor: Actor, *, hazard_id: UUID, words: str = "") -> Hazard:
    """Close a hazard that was found put right and whose reporter can't be reached.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or the actor asks nobody there.
        WrongState: nobody is asked.
    """
    return await _say(actor, HazardAction.CLOSE_UNREACHABLE, hazard_id, None, words)


async def reopen_hazard(
    actor: Actor, *, hazard_id: UUID | None, token: str | None = None, reason: str
) -> Hazard:
    """Reopen a closed hazard: its reporter within 72 hours of the closure, or a supervisor.

    Whatever was done with it since the closure (rated, moderated) prolongs nothing.

    Raises:
        Unauthenticated: nobody is signed in, and there is no token.
        NotFound: absent, or not for the actor.
        InvalidInput: no reason.
        WrongState: it is not closed; ``TOO_LATE``: report it anew.
    """
    words = cleaned(reason, HazardAction.REOPEN, field="input.reason")
    async with work(actor):
        hazard = await allowed(actor, HazardAction.REOPEN, hazard_id=hazard_id, token=token)
        await move(hazard, HazardAction.REOPEN, by=actor, words=words)
    return hazard


async def rate_hazard(
    actor: Actor,
    *,
    hazard_id: UUID | None,
    token: str | None = None,
    rating: int,
    words: str = "",
) -> Hazard:
    """Rate how a hazard was handled, 1 to 5, once, as its reporter.

    Raises:
        Unauthenticated: nobody is signed in, and there is no token.
        NotFound: absent, or not for the actor.
        InvalidInput: not 1 to 5.
        WrongState: it is not closed; ``RATED``: it was rated.
    """
    if not 1 <= rating <= 5:
        raise InvalidInput(field="input.rating", reason="RATING", zh="请选 1 到 5 分", en="1 to 5")
    said = cleaned(words, HazardAction.RATE)
    async with work(actor):
        hazard = await allowed(actor, HazardAction.RATE, hazard_id=hazard_id, token=token)
        hazard.rating = rating
        details = {"rating": rating}
        await noted(hazard, HazardAction.RATE, by=actor, words=said, details=details)
    return hazard


async def _say(
    actor: Actor, action: HazardAction, hazard_id: UUID | None, token: str | None, words: str
) -> Hazard:
    said = cleaned(words, action)
    async with work(actor):
        hazard = await allowed(actor, action, hazard_id=hazard_id, token=token)
        details = {"called": True} if actor.kind is ActorKind.STAFF else None
        await move(hazard, action, by=actor, words=said, details=details)
    return hazard
