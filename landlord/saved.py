"""Listings that somebody keeps an eye on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from core.errors import Conflict, NotFound
from core.keyset import NOTHING, Order, Page, Slice, take
from core.work import work
from identity.actor import Actor, ActorKind
from identity.models import Account
from landlord.access import visible_listings
from landlord.models import SavedListing
from management.access import require_sign_in
from management.rules import rules

_NEWEST: Final = Order("saved", "created_at", descending=True)


async def save_listing(actor: Actor, *, listing_id: UUID) -> SavedListing:
    """Keep a listing that the actor may see; one that is kept already stays so.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no such listing, or not for the actor.
        Conflict: as many are kept as may be.
    """
    account_id = _account(actor)
    async with work(actor) as unit:
        # The account's row keeps two requests from both taking the last place.
        await Account.filter(id=account_id).select_for_update().only("id")
        if not await visible_listings(actor).filter(id=listing_id).exists():
            raise NotFound
        kept = await SavedListing.get_or_none(account_id=account_id, listing_id=listing_id)
        if kept is not None:
            return kept
        most = rules().saved_listings
        if await SavedListing.filter(account_id=account_id).count() >= most:
            raise Conflict(
                reason="TOO_MANY",
                params={"maximum": most},
                zh="最多收藏 {maximum} 个房源",
                en="{maximum} listings can be saved at most",
            )
        saved = await SavedListing.create(account_id=account_id, listing_id=listing_id)
        unit.note("saveListing", "LISTING", listing_id)
    return saved


async def unsave_listing(actor: Actor, *, listing_id: UUID) -> SavedListing:
    """Keep a listing no longer; also one that is gone meanwhile.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: it is not kept.
    """
    account_id = _account(actor)
    async with work(actor) as unit:
        kept = (
            await SavedListing.filter(account_id=account_id, listing_id=listing_id)
            .select_for_update()
            .first()
        )
        if kept is None:
            raise NotFound
        await SavedListing.filter(id=kept.id).delete()
        unit.note("unsaveListing", "LISTING", listing_id)
    return kept


async def saved_listings(actor: Actor, *, page: Page, columns: Sequence[str]) -> Slice:
    """What the actor keeps, the latest first; nothing for who is no account."""
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    return await take(SavedListing.filter(account_id=actor.id), _NEWEST, page, columns)


def _account(actor: Actor) -> UUID:
    require_sign_in(actor)
    if actor.kind is not ActorKind.ACCOUNT or actor.id is None:
        raise NotFound
    return actor.id
