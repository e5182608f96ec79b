"""Parts of a picture are painted over; the picture as it was is kept under lock for a time.

Nothing is painted over in place: the files of the picture are made anew under another key, so no
copy in a cache is taken for the new one, and the old files leave the public area.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core.clock import now
from core.crypto import ring
from core.errors import InvalidInput, Unavailable, WrongState
from core.ids import token, uuid7
from core.masking import mask_text
from identity.actor import Actor
from media import storage
from media.formats import WIDTHS
from media.models import Photo, Purpose, Redaction
from media.photos import is_private
from media.pictures import Area, Refused, Variants
from media.sweeping import forget_files
from media.worker import redacted

MOST_AREAS: Final = 20
MOST_REDACTIONS: Final = 20  # of one picture
# Less than the time that another redaction of the same picture waits for the row.
_PATIENCE: Final = 4.0
_FIELD: Final = "input.areas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is painted over, why, where the picture hangs, and how long it is kept as it was."""

    areas: Sequence[Area]
    reason: str
    grid_path: str
    kept_for: timedelta


def checked_areas(areas: Sequence[Area]) -> list[Area]:
    """Areas within a picture.

    Raises:
        InvalidInput: none, too many, or one that is empty or not within the picture.
    """
    if not areas:
        raise InvalidInput(
            field=_FIELD, reason="EMPTY", zh="请至少遮盖一处", en="Name one area at least"
        )
    if len(areas) > MOST_AREAS:
        raise InvalidInput(
            field=_FIELD,
            reason="TOO_MANY",
            params={"maximum": MOST_AREAS},
            zh="最多遮盖 {maximum} 处",
            en="{maximum} areas at most",
        )
    if not all(_within(area) for area in areas):
        raise InvalidInput(
            field=_FIELD,
            reason="OUT_OF_RANGE",
            zh="遮盖的区域须在图片之内，大小用 0 到 1 之间的比例表示",
            en="An area lies within the picture, in fractions from 0 to 1",
        )
    return list(areas)


def _within(area: Area) -> bool:
    # Fractions that a client divided may go beyond the edge by their last digit.
    edge = 1 + 1e-9
    return (
        0 <= area.x < 1
        and 0 <= area.y < 1
        and area.width > 0
        and area.height > 0
        and area.x + area.width <= edge
        and area.y + area.height <= edge
    )


async def redact(actor: Actor, photo: Photo, order: Order) -> Redaction:
    """Paint over areas of a picture. In a running unit of work, with the row locked.

    The locked row makes a second redaction wait and then paint on what the first has left. Files
    of a transaction that comes to nothing are named by no row, and swept.

    Raises:
        ValueError: the picture is a paper that must stay as it is; a programming error.
        WrongState: it was redacted too often.
        Unavailable: it can't be done now; nothing is changed.
    """
    if is_private(photo.purpose) and photo.purpose is not Purpose.HAZARD:
        raise ValueError("papers are not redacted")
    if await Redaction.filter(photo_id=photo.id).count() >= MOST_REDACTIONS:
        raise WrongState(
            reason="TOO_OFTEN",
            params={"maximum": MOST_REDACTIONS},
            zh="同一张图片最多遮盖 {maximum} 次",
            en="A picture is redacted {maximum} times at most",
        )
    made = Redaction(
        id=uuid7(),
        photo_id=photo.id,
        original_key=photo.key,
        areas=[area._asdict() for area in order.areas],
        staff_id=actor.id,
        reason=mask_text(order.reason),
        grid_path=order.grid_path,
        kept_until=now() + order.kept_for,
    )
    photo.key = token()
    variants = await _files_anew(made, photo.key, order.areas, private=is_private(photo.purpose))
    photo.width, photo.height = variants.width, variants.height
    await photo.save(update_fields=["key", "width", "height"])
    await made.save(force_create=True)
    await forget_files([made.original_key])
    return made


async def original(redaction: Redaction) -> bytes | None:
    """The picture as it was shown before, WebP; ``None`` when it is gone. Raises ``OSError``."""
    if redaction.gone_at is not None or redaction.kept_until <= now():
        return None
    sealed = await storage.off_loop(storage.locked, redaction.locked_key)
    if sealed is None:
        return None
    return base64.b64decode(ring().decrypt(sealed.decode(), **_place(redaction)))


async def _files_anew(
    made: Redaction, key: str, areas: Sequence[Area], *, private: bool
) -> Variants:
    patience = storage.Patience(_PATIENCE)
    try:
        name = f"{made.original_key}-{WIDTHS[-1]}.webp"
        shown = await patience.off_loop(storage.read, name, private=private)
        if shown is None:
            raise Unavailable(reason="STORAGE")
        variants = await redacted(shown, areas)
        # What is kept comes first: no picture is changed of which nothing is kept.
        await patience.off_loop(storage.lock_away, made.locked_key, _sealed(made, shown))
        for (width, file_format), data in variants.files.items():
            await patience.off_loop(storage.store, key, width, file_format, data, private=private)
    except (OSError, Refused) as error:
        with suppress(OSError):  # else they are swept: no row names them
            again = storage.Patience(1)
            await again.off_loop(storage.remove_locked, made.locked_key)
            await again.off_loop(storage.remove_variants, key)
        raise Unavailable(reason="STORAGE") from error
    return variants


def _sealed(redaction: Redaction, data: bytes) -> bytes:
    # The ring seals text; files under lock are few and small, so the longer form does no harm.
    return ring().encrypt(base64.b64encode(data).decode(), **_place(redaction)).encode()


def _place(redaction: Redaction) -> dict[str, Any]:
    return {"table": "photo_redaction", "column": "original", "row": redaction.id}
