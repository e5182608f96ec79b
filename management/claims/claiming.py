"""A landlord claims a house: they stand at its plate and show their papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final
from uuid import UUID

from core.clock import today
from core.errors import Conflict, InvalidInput, NotFound, WrongState
from core.events import emit
from core.work import work
from identity.actor import Actor, ActorKind
from identity.models import Account
from management.access import access_claim, access_place_at_plate
from management.claims.life import (
    claimed,
    end,
    holder,
    principal,
    require_in_use,
    require_no_claim,
)
from management.events import ClaimMade
from management.models import (
    ClaimEnd,
    ClaimPaper,
    ClaimPhoto,
    ClaimRole,
    ClaimState,
    Place,
    PlaceClaim,
)
from management.rules import rules
from media.access import require_photos
from media.models import Purpose

MOST_PAPERS: Final = 9
_LAST_YEAR: Final = 2100  # a slip of the finger is later
_PROOF: Final = "input.photoIds"
_AUTHORITY: Final = "input.authorityPhotoIds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody says who claims a place. Days are of the town, the last one included."""

    role: ClaimRole
    photo_ids: Sequence[UUID] = ()
    authority_photo_ids: Sequence[UUID] = ()
    lease_from: date | None = None
    lease_until: date | None = None
    acts_for: ClaimRole | None = None
    takes_over: bool = False


async def claim_place(actor: Actor, *, plate_token: str, statement: Statement) -> PlaceClaim:
    """Claim a place in use, by its plate and with pictures of papers; a warden then decides.

    An owner shows a proof; a sub-landlord the owner's authority too, and the days of the head
    lease; an agent the authority of the owner or sub-landlord for whom they act. Where somebody
    else is known in the same role, only a claim that takes over is taken in.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: not an account; no such plate in use; a picture that is not the actor's own, or
            not uploaded for claims.
        RateLimited: too many plates that don't exist.
        InvalidInput: papers or days are missing or can't be; an agent without a principal.
        WrongState: the place is closed or demolished; the account has no phone.
        Conflict: ``CLAIM_EXISTS``, ``CLAIMED``, ``TOO_MANY_PENDING``.
    """
    _check_papers(statement)
    _check_lease(statement)
    _check_agency(statement)
    async with work(actor) as unit:
        place = await access_place_at_plate(actor, token=plate_token)
        require_in_use(place)
        claim = await _claim(actor, place, statement)
        await require_photos(
            actor, photo_ids=statement.photo_ids, purpose=Purpose.CLAIM, field=_PROOF
        )
        await require_photos(
            actor, photo_ids=statement.authority_photo_ids, purpose=Purpose.CLAIM, field=_AUTHORITY
        )
        await claim.save(force_create=True)
        await _keep_papers(claim, statement)
        unit.note(
            "claimPlace",
            "PLACE",
            place.id,
            claim=claim.id,
            role=claim.role.value,
            takes_over=claim.takes_over_id,
        )
        await emit(ClaimMade(claim_id=claim.id, place_id=place.id))
    return claim


async def withdraw_claim(actor: Actor, *, claim_id: UUID) -> PlaceClaim:
    """Take a claim back that waits, or leave a house that the actor runs.

    Who hands a house over may take that back too, as long as it waits for a warden.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or somebody else's.
        WrongState: refused or ended already; or it is a successor's and in force.
    """
    async with work(actor):
        claim = await access_claim(actor, claim_id=claim_id, kind=ActorKind.ACCOUNT)
        own = claim.account_id == actor.id
        if not own and claim.state is not ClaimState.PENDING:
            raise WrongState(reason=claim.state.value)
        waits = claim.state is ClaimState.PENDING
        await end(claim, by=actor, reason=ClaimEnd.WITHDRAWN if waits else ClaimEnd.LEFT)
    return claim


async def _claim(actor: Actor, place: Place, statement: Statement) -> PlaceClaim:
    """The claim, not saved yet, once nothing speaks against it."""
    account = await _account(actor)
    await require_no_claim(place.id, account.id)
    held = await holder(place.id, statement.role)
    if held is not None and not statement.takes_over:
        raise claimed(statement.role)
    behind = None
    if statement.role is ClaimRole.AGENT:
        behind = await principal(place.id, statement.acts_for)
    return PlaceClaim(
        place_id=place.id,
        account_id=account.id,
        role=statement.role,
        state=ClaimState.PENDING,
        lease_from=statement.lease_from,
        lease_until=statement.lease_until,
        acts_for_id=behind.id if behind else None,
        takes_over_id=held.id if held else None,
    )


async def _account(actor: Actor) -> Account:
    """The actor's account, locked, so that claims made at once are counted one by one."""
    account = await Account.filter(id=actor.id, closed_at=None).select_for_update().first()
    if account is None:
        raise NotFound
    if account.phone_index is None:
        raise WrongState(
            reason="PHONE_UNKNOWN",
            zh="请先绑定手机号码，网格员核实时要联系您",
            en="Add your phone first: the warden will call you",
        )
    most = rules().pending_claims
    waiting = PlaceClaim.filter(account_id=account.id, state=ClaimState.PENDING, vouched=False)
    if await waiting.count() >= most:
        raise Conflict(
            reason="TOO_MANY_PENDING",
            params={"maximum": most},
            zh="您已有 {maximum} 份认领待核实，请等结果或先撤回",
            en="{maximum} claims of yours are waiting; wait, or take one back",
        )
    return account


async def _keep_papers(claim: PlaceClaim, statement: Statement) -> None:
    papers = chain(
        ((photo_id, ClaimPaper.PROOF) for photo_id in statement.photo_ids),
        ((photo_id, ClaimPaper.OWNER_AUTHORITY) for photo_id in statement.authority_photo_ids),
    )
    await ClaimPhoto.bulk_create(
        ClaimPhoto(claim_id=claim.id, photo_id=photo_id, paper=paper, position=position)
        for position, (photo_id, paper) in enumerate(papers)
    )


def _check_papers(statement: Statement) -> None:
    """Raises InvalidInput: a paper is missing or there twice, or there are too many."""
    proof, authority = statement.photo_ids, statement.authority_photo_ids
    if not proof:
        raise InvalidInput(
            field=_PROOF,
            reason="PAPERS_MISSING",
            zh="请上传证明的照片",
            en="Add a picture of what proves it",
        )
    if statement.role is not ClaimRole.OWNER and not authority:
        raise InvalidInput(
            field=_AUTHORITY,
            reason="PAPERS_MISSING",
            zh="请上传房东授权的照片",
            en="Add a picture of the authority given to you",
        )
    if len(proof) + len(authority) > MOST_PAPERS:
        raise InvalidInput(
            field=_PROOF,
            reason="TOO_MANY",
            params={"maximum": MOST_PAPERS},
            zh="最多 {maximum} 张图片",
            en="{maximum} pictures at most",
        )
    if len({*proof, *authority}) < len(proof) + len(authority):
        raise InvalidInput(
            field=_PROOF,
            reason="TWICE",
            zh="同一张图片只能用一次",
            en="A picture is there twice",
        )


def _check_lease(statement: Statement) -> None:
    """Raises InvalidInput: a sub-landlord's head lease is missing, over or can't be."""
    begins, until = statement.lease_from, statement.lease_until
    if statement.role is not ClaimRole.SUBLANDLORD:
        if begins is not None or until is not None:
            raise InvalidInput(
                field="input.leaseFrom",
                reason="NO_HEAD_LEASE",
                zh="只有二手房东填写承租期",
                en="Only a sub-landlord has a head lease",
            )
        return
    for name, day in (("leaseFrom", begins), ("leaseUntil", until)):
        if day is None:
            raise InvalidInput(
                field=f"input.{name}",
                reason="EMPTY",
                zh="请填写向房东承租的起止日期",
                en="Give the days of the head lease",
            )
    assert begins is not None
    assert until is not None
    if until < begins:
        raise InvalidInput(
            field="input.leaseUntil",
            reason="DATES_REVERSED",
            zh="结束日期早于开始日期",
            en="The last day is before the first",
        )
    if until < today():
        raise InvalidInput(
            field="input.leaseUntil",
            reason="LEASE_OVER",
            zh="承租期已满",
            en="The head lease is over",
        )
    if until.year > _LAST_YEAR:
        raise InvalidInput(
            field="input.leaseUntil",
            reason="TOO_LATE",
            zh="日期太晚",
            en="That is too late",
        )


def _check_agency(statement: Statement) -> None:
    """Raises InvalidInput: what only agents say, or what they can't."""
    agent = statement.role is ClaimRole.AGENT
    if statement.acts_for is not None and (not agent or statement.acts_for is ClaimRole.AGENT):
        raise InvalidInput(
            field="input.actsFor",
            reason="NO_PRINCIPAL",
            zh="只有代管人受房东或二手房东委托",
            en="Only an agent acts for an owner or sub-landlord",
        )
    if agent and statement.takes_over:
        raise InvalidInput(
            field="input.takesOver",
            reason="AGENT",
            zh="代管人不能接管房屋",
            en="An agent does not take a house over",
        )
