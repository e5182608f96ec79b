"""Whose pictures may be used for what: the only way to take photos by id."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from core.database import fetch
from core.errors import NotFound
from identity.actor import Actor, ActorKind
from media.models import Purpose

# In one order, so that two who take the same pictures wait instead of blocking each other.
_TAKEN: Final = """
SELECT id FROM photo WHERE id = ANY($1::uuid[]) AND purpose = $2
  AND (owner_id = ANY($3::uuid[]) OR staff_id = $4
       OR ($5 AND owner_id IS NULL AND staff_id IS NULL))
ORDER BY id FOR UPDATE
"""


async def require_photos(
    actor: Actor,
    *,
    photo_ids: Collection[UUID],
    purpose: Purpose,
    field: str,
    owners: Collection[UUID] = (),
) -> None:
    """Make sure that photos are the actor's own and meant for this; hold them until the commit.

    ``owners`` are accounts whose photos the actor may use too. Who is not signed in, and apps, may
    use what was uploaded without a name; the caller sees to it that a picture is used once.

    Raises:
        NotFound: absent, somebody else's, or meant for something else.
    """
    if not photo_ids:
        return
    account = actor.kind is ActorKind.ACCOUNT
    staff_id = actor.id if actor.kind is ActorKind.STAFF else None
    # Nobody's: the id, 62 random bits that only who uploaded it was told, is what they have.
    nobodys = purpose is Purpose.HAZARD and not account and staff_id is None
    accounts = [*owners, actor.id] if account else list(owners)
    found = await fetch(_TAKEN, list(photo_ids), purpose.value, accounts, staff_id, nobodys)
    if {row["id"] for row in found} != set(photo_ids):
        raise NotFound(field=field)
