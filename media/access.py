"""Whose pictures may be used for what: the only way to take photos by id."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from tortoise.expressions import Q

from core.errors import NotFound
from identity.actor import Actor, ActorKind
from media.models import Photo, Purpose


async def require_photos(
    actor: Actor,
    *,
    photo_ids: Collection[UUID],
    purpose: Purpose,
    field: str,
    owners: Collection[UUID] = (),
) -> None:
    """Make sure that photos are the actor's own and meant for this; hold them until the commit.

    ``owners`` are accounts whose photos the actor may use too.

    Raises:
        NotFound: absent, somebody else's, or meant for something else.
    """
    if not photo_ids:
        return
    whose = Q(owner_id__in=list(owners)) if owners else Q(id__isnull=True)
    if actor.kind is ActorKind.ACCOUNT:
        whose |= Q(owner_id=actor.id)
    elif actor.kind is ActorKind.STAFF:
        whose |= Q(staff_id=actor.id)
    wanted = Photo.filter(whose, id__in=list(photo_ids), purpose=purpose)
    # In one order, so that two who take the same pictures wait instead of blocking each other.
    found = await wanted.order_by("id").select_for_update().only("id")
    if {photo.id for photo in found} != set(photo_ids):
        raise NotFound(field=field)
