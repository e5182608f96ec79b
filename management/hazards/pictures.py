"""Pictures of hazards: taken from who reports or works on one, each used once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.errors import InvalidInput
from core.ids import uuid7
from identity.actor import Actor
from management.models import Hazard, HazardPhotoRole, HazardStep
from management.rules import rules
from media.access import require_photos
from media.models import Purpose

FIELD: Final = "input.photoIds"
_PICTURES: Final = (
    "SELECT hp.hazard_id, hp.role, hp.shown, hp.position, p.owner_id, p.id, p.key, p.purpose,"
    " p.width, p.height, p.alt_zh, p.alt_en FROM hazard_photo hp JOIN photo p"
    " ON p.id = hp.photo_id WHERE hp.hazard_id = ANY($1::uuid[])"
    " ORDER BY hp.role DESC, hp.position"
)
# After those that hang there already. The hazard is locked: nobody else counts meanwhile.
_HANG: Final = """
INSERT INTO hazard_photo (id, hazard_id, photo_id, step_id, role, position, shown)
SELECT p.id, $3, p.photo_id, $4, $5::text, p.n - 1
       + (SELECT coalesce(max(position) + 1, 0) FROM hazard_photo
           WHERE hazard_id = $3 AND role = $5::text), false
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS p (id, photo_id, n)
ON CONFLICT (photo_id) DO NOTHING RETURNING id
"""


def checked_photos(
    photo_ids: Sequence[UUID], *, fewest: int = 0, field: str = FIELD
) -> Sequence[UUID]:
    """Pictures as one step can take them.

    Raises:
        InvalidInput: too few, too many, or the same one twice.
    """
    most = rules().hazard_photos
    if len(photo_ids) < fewest:
        raise InvalidInput(
            field=field,
            reason="TOO_FEW",
            params={"minimum": fewest},
            zh="至少要 {minimum} 张图片",
            en="{minimum} pictures at least",
        )
    if len(photo_ids) > most:
        raise InvalidInput(
            field=field,
            reason="TOO_MANY",
            params={"maximum": most},
            zh="最多 {maximum} 张图片",
            en="{maximum} pictures at most",
        )
    if len(set(photo_ids)) != len(photo_ids):
        raise InvalidInput(
            field=field, reason="TWICE", zh="同一张图片用了两次", en="A picture is there twice"
        )
    return photo_ids


async def hang(
    actor: Actor,
    hazard: Hazard,
    photo_ids: Sequence[UUID],
    *,
    role: HazardPhotoRole,
    step: HazardStep | None = None,
    field: str = FIELD,
) -> None:
    """Add pictures of the actor to a locked (or new) hazard. In a running unit of work.

    Raises:
        InvalidInput: as :func:`checked_photos`, or a picture was used before.
        NotFound: a picture is not the actor's, or not meant for hazards.
    """
    checked_photos(photo_ids, field=field)
    if not photo_ids:
        return
    # The rows of the pictures are locked here: nobody else can use one meanwhile.
    await require_photos(actor, photo_ids=photo_ids, purpose=Purpose.HAZARD, field=field)
    ids, step_id = [uuid7() for _ in photo_ids], step.id if step else None
    hung = await fetch(_HANG, ids, list(photo_ids), hazard.id, step_id, role.value)
    if len(hung) < len(photo_ids):
        raise InvalidInput(
            field=field,
            reason="PHOTO_USED",
            zh="图片已用过，请拍新的",
            en="A picture was used before; take a new one",
        )


async def pictures_of(hazard_ids: Collection[UUID]) -> Mapping[UUID, list[dict[str, Any]]]:
    """All pictures of hazards, as found before those that prove, each in order: one query.

    Whom they are for is to be asked of each: ``shown``, ``owner_id``, ``role``.
    """
    rows = await fetch(_PICTURES, list(hazard_ids))
    answer: dict[UUID, list[dict[str, Any]]] = {hazard_id: [] for hazard_id in hazard_ids}
    for row in rows:
        answer[row["hazard_id"]].append(row)
    return answer
