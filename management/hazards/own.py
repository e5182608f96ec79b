"""What who reported a hazard sees of it, and may add: signed in, or by the token of the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.crypto import ring
from core.database import fetch
from core.errors import InvalidInput, NotFound, WrongState
from core.keyset import Order, Page, Slice, take
from core.text import clean
from core.work import work
from identity.actor import Actor, ActorKind
from management.access import require_sign_in
from management.hazards.access import (
    access_hazard,
    access_hazard_by_token,
    checked_token,
    locked,
    standing,
)
from management.hazards.loop import noted
from management.hazards.pictures import checked_photos, hang
from management.hazards.reporting import LONGEST_WORDS
from management.models import (
    FollowReason,
    Hazard,
    HazardAction,
    HazardFollower,
    HazardPhotoRole,
    HazardReport,
    HazardStep,
)
from management.rules import rules

_NEWEST: Final = Order("newest", "id", descending=True)


class OwnHazards(StrEnum):
    """Which hazards of an account."""

    ALL = "ALL"
    REPORTED = "REPORTED"
    FOLLOWED = "FOLLOWED"


async def my_hazards(
    actor: Actor, *, which: OwnHazards, page: Page, columns: Sequence[str]
) -> Slice:
    """What the account reported and follows, the newest first.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account.
    """
    return await take(_mine(actor, which), _NEWEST, page, columns)


async def count_my_hazards(actor: Actor, *, which: OwnHazards) -> int:
    """How many :func:`my_hazards` has in all."""
    return await _mine(actor, which).count()


def _mine(actor: Actor, which: OwnHazards) -> QuerySet[Hazard]:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT:
        raise NotFound
    reported = HazardReport.filter(account_id=actor.id).values("hazard_id")
    followed = HazardFollower.filter(account_id=actor.id).exclude(why=FollowReason.REPORTED)
    of_reports = Q(id__in=Subquery(reported))
    of_follows = Q(id__in=Subquery(followed.values("hazard_id")))
    chosen = {
        OwnHazards.ALL: Q(of_reports, of_follows, join_type=Q.OR),
        OwnHazards.REPORTED: of_reports,
        OwnHazards.FOLLOWED: of_follows,
    }
    return Hazard.filter(chosen[which])


async def by_token(actor: Actor, token: str) -> tuple[Hazard, Hazard]:
    """The hazard reported under a token, and the one that tells what became of it.

    They differ where the first was found to be the same as another.

    Raises:
        NotFound: no such token.
        RateLimited: this address has asked for too many tokens that open nothing.
    """
    reported = await access_hazard_by_token(actor, token=token)
    if reported.duplicate_of_id is None:
        return reported, reported
    return reported, await Hazard.get(id=reported.duplicate_of_id)


async def supplement_hazard(
    actor: Actor,
    *,
    hazard_id: UUID | None = None,
    token: str | None = None,
    words: str,
    photo_ids: Sequence[UUID] = (),
) -> HazardStep:
    """Add words and pictures to a hazard that is open: by who reported it, signed in or by token.

    What is added to a duplicate goes to its original.

    Raises:
        Unauthenticated, NotFound: not the hazard of who asks; or a picture is not.
        InvalidInput: neither words nor pictures, or some that can't be used.
        WrongState: it is closed or was rejected; or it was added to too often.
        RateLimited: too many tokens that open nothing, from this address.
    """
    text = clean(words, field="input.words", longest=LONGEST_WORDS, multiline=True)
    checked_photos(photo_ids)
    if not text and not photo_ids:
        raise InvalidInput(
            field="input.words", reason="EMPTY", zh="请写几句话或拍照", en="Add words or a picture"
        )
    async with work(actor):
        reported = await _own(actor, hazard_id=hazard_id, token=token)
        target = await _target(reported)
        done = HazardStep.filter(hazard_id=target.id, action=HazardAction.SUPPLEMENT)
        most = rules().hazard_supplements
        if await done.count() >= most:
            raise WrongState(
                reason="TOO_OFTEN",
                params={"maximum": most},
                zh="最多补充 {maximum} 次",
                en="It can be added to {maximum} times",
            )
        step = await noted(target, HazardAction.SUPPLEMENT, by=actor, words=text)
        await hang(actor, target, photo_ids, role=HazardPhotoRole.FOUND, step=step)
    return step


async def _own(actor: Actor, *, hazard_id: UUID | None, token: str | None) -> Hazard:
    if token is not None:
        checked = checked_token(token, field="input.token")
        return await access_hazard_by_token(actor, token=checked)
    if hazard_id is None:
        raise InvalidInput(
            field="input.hazardId", reason="WHICH", zh="请说明是哪个隐患", en="Say which hazard"
        )
    seen = await access_hazard(actor, hazard_id=hazard_id)
    if not (await standing(actor, seen)).reporter:
        raise NotFound
    return seen


async def _target(reported: Hazard) -> Hazard:
    """The hazard that takes what is added, locked."""
    if reported.duplicate_of_id is None:
        return await locked(reported)
    return await locked(await Hazard.get(id=reported.duplicate_of_id))


async def reports_of(hazard_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]:
    """What was said when hazards were reported, opened: for who said it, and staff in scope."""
    rows = await fetch(
        "SELECT r.id, r.hazard_id, r.account_id, r.staff_id, r.app_id, r.caller_name,"
        " r.caller_phone, r.words, r.answers, r.seen_at, r.received_at,"
        " r.token_hash IS NOT NULL AS anonymous, a.display_name, a.phone AS account_phone,"
        " s.name AS staff_name, p.name AS app_name"
        " FROM hazard_report r LEFT JOIN account a ON a.id = r.account_id"
        " LEFT JOIN staff_member s ON s.id = r.staff_id LEFT JOIN app p ON p.id = r.app_id"
        " WHERE r.hazard_id = ANY($1::uuid[])",
        list(hazard_ids),
    )
    return {row["hazard_id"]: _opened(row) for row in rows}


def _opened(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("caller_name", "caller_phone", "words", "answers"):
        if row[name] is not None:
            row[name] = ring().decrypt(row[name], table="hazard_report", column=name, row=row["id"])
    if row["account_phone"] is not None:
        row["account_phone"] = ring().decrypt(
            row["account_phone"], table="account", column="phone", row=row["account_id"]
        )
    row["answers"] = json.loads(row["answers"]) if row["answers"] else {}
    return row
