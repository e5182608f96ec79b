"""What the use cases of a hazard's life share: found, locked and allowed; words."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.errors import InvalidInput
from core.masking import mask_text
from core.text import clean
from identity.actor import Actor
from management.hazards.access import (
    access_hazard,
    access_hazard_by_token,
    locked,
    standing,
)
from management.hazards.holding import held
from management.hazards.loop import require
from management.hazards.table import table
from management.models import Hazard, HazardAction

LONGEST: Final = 500


async def allowed(
    actor: Actor, action: HazardAction, *, hazard_id: UUID | None, token: str | None = None
) -> Hazard:
    """A hazard, its place and it locked, on which this actor may take this action now.

    ``token``: of an anonymous reporter, who needs no other right. In a running unit of work.

    Raises:
        Unauthenticated: nobody is signed in, and there is no token.
        NotFound: absent, or not for the actor.
        WrongState: it can't be taken now; the reason says why.
        RateLimited: too many tokens that open nothing.
    """
    if token is not None:
        hazard = await access_hazard_by_token(actor, token=token, lock=True)
        require(hazard, action, actor=actor, reporter=True)
        return hazard
    if hazard_id is None:
        raise InvalidInput(
            field="input.hazardId",
            reason="EMPTY",
            zh="请提供隐患编号或查询码",
            en="Name the hazard, or give the token of your report",
        )
    seen = await access_hazard(actor, hazard_id=hazard_id)
    hazard = await locked(seen)
    stands = await standing(actor, hazard)
    holds = hazard.id in await held(actor, [hazard.id])
    require(
        hazard,
        action,
        actor=actor,
        reporter=stands.reporter,
        landlord=stands.landlord,
        holds=holds,
    )
    return hazard


def cleaned(words: str, action: HazardAction, *, field: str = "input.words") -> str:
    """Words to a step: asked for where the table says so.

    Raises:
        InvalidInput: too long, too short, or with characters that can't be.
    """
    shortest = 2 if table().actions[action].reason else 0
    return clean(words, field=field, longest=LONGEST, shortest=shortest, multiline=True)


def for_everybody(summary: str) -> str:
    """What landlord and public read of a hazard; numbers of people in it are masked.

    Raises:
        InvalidInput: too long, or with characters that can't be.
    """
    return mask_text(clean(summary, field="input.summary", longest=200))
