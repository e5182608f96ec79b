"""What the tests of claims share: people with phones, papers, and a statement that is good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from core.clock import today
from core.work import work
from identity.actor import SYSTEM, Actor
from identity.models import Account
from identity.phone_sign_in import account_for_phone
from management.claims import Statement, claim_place
from management.models import ClaimRole, Place, PlaceClaim
from media.models import Photo, Purpose
from tests import factories
from tests.management.support import signed_in

_numbers = count(1)

FROM, UNTIL = date(2025, 1, 1), today() + timedelta(days=300)


async def person() -> Account:
    """Somebody who signed in by phone."""
    async with work(SYSTEM):
        return await account_for_phone(f"139{next(_numbers):08d}")


async def papers(of: Actor, many: int = 1, purpose: Purpose = Purpose.CLAIM) -> list[UUID]:
    """Pictures that somebody uploaded."""
    made = [
        await Photo.create(owner_id=of.id, purpose=purpose, width=720, height=540)
        for _ in range(many)
    ]
    return [photo.id for photo in made]


async def statement(actor: Actor, role: ClaimRole = ClaimRole.OWNER, **changes: Any) -> Statement:
    """What somebody has to say and show in a role."""
    given: dict[str, Any] = {"role": role, "photo_ids": await papers(actor)}
    if role is not ClaimRole.OWNER:
        given["authority_photo_ids"] = await papers(actor)
    if role is ClaimRole.SUBLANDLORD:
        given |= {"lease_from": FROM, "lease_until": UNTIL}
    return Statement(**{**given, **changes})


async def claiming(
    actor: Actor, place: Place, role: ClaimRole = ClaimRole.OWNER, **changes: Any
) -> PlaceClaim:
    """Somebody claims a house, at a plate of it, with all that it takes."""
    plate = await factories.plate(place, await factories.room(place, f"{next(_numbers)}"))
    return await claim_place(
        actor, plate_token=plate.token, statement=await statement(actor, role, **changes)
    )


async def people(many: int) -> Sequence[Actor]:
    """So many people who signed in by phone."""
    return [signed_in(await person()) for _ in range(many)]
