"""Erasing what is held about oneself (PIPL article 47), at once where that can be.

What a duty by law keeps is not shown to anybody more than it was; the answer names why it is kept
and until when. Each erasure is on record, with counts and without what was erased.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from citizen.events import PersonalDataErased
from citizen.my_data.models import DataErasure
from citizen.my_data.seeing import Subject, own_account, subjects
from core.clock import now
from core.errors import InvalidInput, NotFound
from core.events import emit
from core.privacy import Erased, registry
from core.work import work
from identity.actor import Actor
from identity.models import Account
from management import claims
from management.models import Consent, ConsentPurpose, Place, PlaceClaim

_WITHDRAWN: Sequence[str] = (ConsentPurpose.LOCATION.value, ConsentPurpose.DOCUMENT_NUMBER.value)


async def erase_my_data(actor: Actor, *, sections: Collection[str] | None = None) -> DataErasure:
    """Erase what may be erased while the account stays open; all of it, or some sections.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: it was closed meanwhile.
        InvalidInput: a section that does not exist.
    """
    account_id = own_account(actor)
    about = await subjects(actor)
    names = {one.name for subject in about for one in registry.holdings(subject.kind)}
    if sections is not None and (not sections or set(sections) - names):
        raise InvalidInput(
            field="input.sections", reason="UNKNOWN", zh="没有这一项", en="There is no such section"
        )
    async with work(actor) as unit:
        await _lock_places(account_id)
        account = await Account.filter(id=account_id, closed_at=None).select_for_update().first()
        if account is None:
            raise NotFound
        erased = await _erase(about, only=sections, spare_needed=True)
        done = await _note(account_id, erased, closed=False)
        unit.note("eraseMyData", "DataErasure", done.id, rows=_count(erased))
        await emit(PersonalDataErased(account_id=account_id))
    return done


async def close_account(actor: Actor) -> DataErasure:
    """Close the actor's account for good and erase all of it that no duty keeps.

    Where somebody lives stays registered, as the duty says; no account leads there any more.
    Reports of hazards are parted from who made them. Consents are withdrawn.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: it is closed already.
        Conflict: it came to run a place while it was being closed; the same again will do.
    """
    account_id = own_account(actor)
    async with work(actor) as unit:
        await _lock_places(account_id)
        about = await subjects(actor)
        await claims.close_account(actor)
        given = Consent.filter(account_id=account_id, withdrawn_at=None, purpose__in=_WITHDRAWN)
        await given.update(withdrawn_at=now())
        # The account last, so that the person is still known to be its own.
        erased = await _erase(about[::-1])
        done = await _note(account_id, erased, closed=True)
        unit.note("eraseClosedAccount", "DataErasure", done.id, rows=_count(erased))
        await emit(PersonalDataErased(account_id=account_id))
    return done


async def access_erasure(actor: Actor, *, erasure_id: UUID) -> DataErasure:
    """What was erased at one's own wish.

    Raises:
        Unauthenticated: no account is signed in.
        NotFound: absent, or somebody else's.
    """
    found = await DataErasure.filter(id=erasure_id, account_id=own_account(actor)).first()
    if found is None:
        raise NotFound
    return found


async def _lock_places(account_id: UUID) -> None:
    """Offers are withdrawn with their words; who changes several of them locks their places."""
    known = await PlaceClaim.filter(account_id=account_id).values_list("place_id", flat=True)
    await Place.filter(id__in=sorted(set(known))).order_by("id").select_for_update().only("id")


async def _erase(
    about: Sequence[Subject], *, only: Collection[str] | None = None, spare_needed: bool = False
) -> list[Erased]:
    erased: list[Erased] = []
    for subject in about:
        erased += await registry.erase(
            subject.kind, subject.id, only=only, spare_needed=spare_needed
        )
    return [one for one in erased if one.erased or one.kept]


async def _note(account_id: UUID, erased: Sequence[Erased], *, closed: bool) -> DataErasure:
    return await DataErasure.create(
        account_id=account_id,
        closed=closed,
        parts=[_part(one) for one in erased],
        at=now(),
    )


def _part(one: Erased) -> dict[str, Any]:
    return {
        "name": one.holding.name,
        "erased": one.erased,
        "kept": one.kept,
        "until": one.until.isoformat() if one.until else None,
    }


def _count(erased: Sequence[Erased]) -> int:
    return sum(one.erased for one in erased)
