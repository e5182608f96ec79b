"""Self-checks (自查): who runs a house goes through it once a month and shows what they found.

What is found and put right speaks for the owner: the public is told that a house was checked and
when, never what was found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now, today
from core.crypto import ring, seal
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.events import emit
from core.ids import uuid7
from core.jobs import periodic
from core.keyset import Order, Page, Slice, take
from core.text import clean
from core.work import unless_taken, work
from identity.actor import SYSTEM, Actor, ActorKind
from landlord.events import SelfCheckDone, SelfCheckDue
from landlord.models import CheckResult, SelfCheck, SelfCheckItem
from landlord.self_check_list import CODES, VERSION
from management.access import access_place, require_sign_in, visible_places
from management.models import Lifecycle, Place, PlaceKind
from media.access import require_photos
from media.models import Purpose

_BY_MONTH: Final = Order("months", "month", descending=True)
_BATCH: Final = 500
_ITEMS: Final = "input.items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found at one point; ``photo_id`` as found, ``fixed_photo_id`` as put right."""

    point: str
    result: CheckResult
    words: str = ""
    photo_id: UUID | None = None
    fixed_photo_id: UUID | None = None

    @property
    def photos(self) -> list[UUID]:
        """The pictures it comes with."""
        return [photo for photo in (self.photo_id, self.fixed_photo_id) if photo is not None]


async def submit_self_check(actor: Actor, *, place_id: UUID, items: Sequence[Finding]) -> SelfCheck:
    """Record this month's self-check of a house (the month as in Asia/Shanghai).

    Every point of :data:`landlord.self_check_list.POINTS` is answered once. What was found needs a
    picture of it, what was put right one of that; a picture is used once.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor is not known to run the place; a picture is not theirs, or not meant
            for self-checks.
        InvalidInput: a point is missing, unknown or there twice; a picture is missing or used.
        WrongState: the place is not a rental house in use.
        Conflict: it was checked this month.
    """
    checked = _checked(items)
    photos = [photo for item in checked for photo in item.photos]
    month = today().replace(day=1)
    async with work(actor) as unit:
        place = await _own_house(actor, place_id)
        check = SelfCheck(
            place_id=place.id, account_id=actor.id, month=month, checklist=VERSION, made_at=now()
        )
        await _insert(check)
        await _take_photos(actor, photos)
        await SelfCheckItem.bulk_create(_item(check, finding) for finding in checked)
        found = sum(item.result is CheckResult.FOUND for item in checked)
        fixed = sum(item.result is CheckResult.FIXED for item in checked)
        unit.note("submitSelfCheck", "PLACE", place.id, check=check.id, found=found, fixed=fixed)
        await emit(SelfCheckDone(check_id=check.id, place_id=place.id))
    return check


async def fix_self_check_item(actor: Actor, *, item_id: UUID, photo_id: UUID) -> SelfCheckItem:
    """Show that what was found at a point has been put right.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or of a place that the actor is not known to run; a picture that is not
            theirs, or not meant for self-checks.
        InvalidInput: the picture was used before.
        WrongState: nothing is open there.
    """
    require_sign_in(actor)
    async with work(actor) as unit:
        seen = await SelfCheckItem.filter(id=item_id).select_related("check").first()
        if actor.kind is not ActorKind.ACCOUNT or seen is None:
            raise NotFound
        await access_place(actor, place_id=seen.check.place_id)
        item = await SelfCheckItem.filter(id=item_id).select_for_update().get()
        if item.result is not CheckResult.FOUND:
            raise WrongState(reason=item.result.value, zh="没有待整改的问题", en="Nothing is open")
        await _take_photos(actor, [photo_id], field="input.photoId")
        item.result, item.fixed_photo_id, item.fixed_at = CheckResult.FIXED, photo_id, now()
        await item.save(update_fields=["result", "fixed_photo_id", "fixed_at"])
        unit.note("fixSelfCheckItem", "PLACE", seen.check.place_id, item=item.id)
    return item


async def self_checks_of(
    actor: Actor, *, place_id: UUID, page: Page, columns: Sequence[str]
) -> Slice:
    """Self-checks of one place, the latest month first: for who runs it, and staff in scope.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
    """
    place = await access_place(actor, place_id=place_id)
    return await take(SelfCheck.filter(place_id=place.id), _BY_MONTH, page, columns)


async def self_check_by_id(
    actor: Actor, check_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One self-check, for who may see its place."""
    rows = await SelfCheck.filter(id=check_id).values(*dict.fromkeys(("place_id", *columns)))
    if not rows or not await visible_places(actor).filter(id=rows[0]["place_id"]).exists():
        return None
    return dict(rows[0])


async def check_of_item(item_id: UUID) -> UUID:
    """The self-check that an item is of."""
    return (await SelfCheckItem.get(id=item_id)).check_id


async def items_of(check_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """What was found in each self-check, with the pictures: one query for all."""
    photo = ("id", "key", "purpose", "width", "height", "alt_zh", "alt_en")
    rows = await SelfCheckItem.filter(check_id__in=list(check_ids)).order_by("id").values(
        "id", "check_id", "point", "result", "words", "fixed_at",
        *(f"photo__{name}" for name in photo),
        *(f"fixed_photo__{name}" for name in photo),
    )  # fmt: skip
    answer: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        answer[row["check_id"]].append({**row, "words": _words(row)})
    return answer


def _words(row: Mapping[str, Any]) -> str:
    if row["words"] is None:
        return ""
    return ring().decrypt(row["words"], table="self_check_item", column="words", row=row["id"])


async def public_facts(place_id: UUID) -> Mapping[str, Any]:
    """What everybody may know: the day of the last check, how many in the twelve months past."""
    (row,) = await fetch(
        "SELECT (max(made_at) AT TIME ZONE 'Asia/Shanghai')::date AS last_self_check_on,"
        " count(*) FILTER (WHERE month > $2)::int AS self_checks_last_year"
        " FROM self_check WHERE place_id = $1",
        place_id,
        _year_before(today()),
    )
    return row


def _year_before(day: date) -> date:
    """The same month of the year before: months after it are the last twelve."""
    return day.replace(year=day.year - 1, day=1)


@periodic("landlord.remind_of_self_checks", cron="7 2 25 * *")
async def remind_of_self_checks() -> None:
    """On the 25th at 10:07 in the town: houses without a self-check this month are told of.

    An event carries its month, so that a second run is known for what it is.
    """
    month = today().replace(day=1)
    last = UUID(int=0)
    while rows := await fetch(
        "SELECT DISTINCT p.id FROM place p JOIN place_claim c ON c.place_id = p.id"
        " WHERE p.id > $1 AND p.kind = $2 AND p.lifecycle = $3 AND c.state = 'VERIFIED'"
        " AND NOT EXISTS (SELECT 1 FROM self_check s WHERE s.place_id = p.id AND s.month = $4)"
        " ORDER BY p.id LIMIT $5",
        last,
        PlaceKind.RENTAL_HOUSE,
        Lifecycle.ACTIVE,
        month,
        _BATCH,
    ):
        async with work(SYSTEM):
            for row in rows:
                await emit(SelfCheckDue(place_id=row["id"], month=f"{month:%Y-%m}"))
        last = rows[-1]["id"]


async def _own_house(actor: Actor, place_id: UUID) -> Place:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    place = await access_place(actor, place_id=place_id)
    if place.kind is not PlaceKind.RENTAL_HOUSE or place.lifecycle is not Lifecycle.ACTIVE:
        raise WrongState(
            reason="NOT_LETTABLE",
            zh="只有在用的出租屋需要自查",
            en="Only rental houses in use are checked",
        )
    return place


async def _insert(check: SelfCheck) -> None:
    """Owner and agent can send at once."""
    taken = Conflict(reason="CHECKED", zh="这个月已经自查过", en="It was checked this month")
    async with unless_taken(taken):
        await check.save(force_create=True)


async def _take_photos(actor: Actor, photo_ids: Sequence[UUID], *, field: str = _ITEMS) -> None:
    """Make sure of pictures that no point of any self-check shows yet."""
    await require_photos(actor, photo_ids=photo_ids, purpose=Purpose.SELF_CHECK, field=field)
    shown = Q(photo_id__in=list(photo_ids)) | Q(fixed_photo_id__in=list(photo_ids))
    if photo_ids and await SelfCheckItem.filter(shown).exists():
        raise InvalidInput(
            field=field,
            reason="PHOTO_USED",
            zh="图片在以前的自查中用过，请拍新的",
            en="A picture was used before; take a new one",
        )


def _item(check: SelfCheck, finding: Finding) -> SelfCheckItem:
    fixed = finding.result is CheckResult.FIXED
    item = SelfCheckItem(
        id=uuid7(),
        check_id=check.id,
        point=finding.point,
        result=finding.result,
        photo_id=finding.photo_id,
        fixed_photo_id=finding.fixed_photo_id if fixed else None,
        fixed_at=check.made_at if fixed else None,
    )
    seal(item, "words", finding.words or None)
    return item


def _checked(items: Sequence[Finding]) -> list[Finding]:
    """The findings with clean words, when every point has one and every picture is there."""
    named = [item.point for item in items]
    missing = sorted(CODES - set(named))
    if missing or len(named) != len(CODES):
        raise InvalidInput(
            field=_ITEMS,
            reason="POINTS",
            params={"missing": missing},
            zh="每一项都要填写，并且只填一次",
            en="Answer every point, and once",
        )
    photos = [photo for item in items for photo in item.photos]
    if len(set(photos)) != len(photos):
        raise InvalidInput(
            field=_ITEMS, reason="TWICE", zh="同一张图片用了两次", en="A picture is there twice"
        )
    return [_checked_one(item, f"{_ITEMS}.{index}") for index, item in enumerate(items)]


def _checked_one(item: Finding, path: str) -> Finding:
    needed = {CheckResult.FOUND: "photo_id", CheckResult.FIXED: "fixed_photo_id"}.get(item.result)
    if needed is not None and getattr(item, needed) is None:
        raise InvalidInput(
            field=f"{path}.{'photoId' if needed == 'photo_id' else 'fixedPhotoId'}",
            reason="PHOTO_NEEDED",
            zh="请拍照",
            en="It needs a picture",
        )
    if item.fixed_photo_id is not None and item.result is not CheckResult.FIXED:
        raise InvalidInput(
            field=f"{path}.fixedPhotoId",
            reason="NOT_FIXED",
            zh="只有已整改的项目有整改后的图片",
            en="Only what was put right has such a picture",
        )
    return Finding(
        point=item.point,
        result=item.result,
        words=clean(item.words, field=f"{path}.words", longest=200),
        photo_id=item.photo_id,
        fixed_photo_id=item.fixed_photo_id,
    )
