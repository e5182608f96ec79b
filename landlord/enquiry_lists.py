"""Conversations about listings, as the two who talk read them. Nobody else does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q

from core.crypto import ring
from core.database import fetch
from core.keyset import NOTHING, Order, Page, Slice, take
from identity.actor import Actor, ActorKind
from landlord.access import access_own_listing, of_party
from landlord.models import Enquiry, EnquiryMessage, EnquiryState

LATEST_MESSAGES: Final = 20
_BY_WORDS: Final = Order("words", "last_words_at", descending=True)
_MESSAGES: Final = Order("messages", "id")

PHONE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "landlord_phone": ("phone_shared_at", "listing__landlord_id", "listing__landlord__phone"),
    "seeker_phone": ("seeker_phone_shared_at", "seeker_id", "seeker__phone"),
}


async def own_enquiries(
    actor: Actor, *, unanswered: bool, page: Page, columns: Sequence[str]
) -> Slice:
    """What the actor asked as a seeker, newest words first; nothing for who is no account."""
    return await _page(actor, Q(seeker_id=actor.id), unanswered, page, columns)


async def enquiries_of_landlord(
    actor: Actor, *, unanswered: bool, page: Page, columns: Sequence[str]
) -> Slice:
    """What the actor was asked about their listings, newest words first."""
    return await _page(actor, Q(listing__landlord_id=actor.id), unanswered, page, columns)


async def enquiries_about(
    actor: Actor, *, listing_id: UUID, unanswered: bool, page: Page, columns: Sequence[str]
) -> Slice:
    """What was asked about one listing of the actor's, newest words first.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or somebody else's.
    """
    listing = await access_own_listing(actor, listing_id=listing_id, lock=False)
    return await _page(actor, Q(listing_id=listing.id), unanswered, page, columns)


async def _page(
    actor: Actor, where: Q, unanswered: bool, page: Page, columns: Sequence[str]
) -> Slice:
    if actor.kind is not ActorKind.ACCOUNT:
        return NOTHING
    query = Enquiry.filter(where)
    if unanswered:
        query = query.filter(state=EnquiryState.OPEN)
    return await take(query, _BY_WORDS, page, columns)


async def enquiry_by_id(
    actor: Actor, enquiry_id: UUID, columns: Sequence[str]
) -> dict[str, Any] | None:
    """One conversation of the actor's; ``None`` when it is absent or of others."""
    if actor.kind is not ActorKind.ACCOUNT:
        return None
    rows = await Enquiry.filter(of_party(actor.id), id=enquiry_id).values(*columns)
    return rows[0] if rows else None


async def enquiries_by_ids(
    actor: Actor, enquiry_ids: Collection[UUID], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Those of these conversations that are the actor's."""
    if actor.kind is not ActorKind.ACCOUNT:
        return []
    return list(await Enquiry.filter(of_party(actor.id), id__in=enquiry_ids).values(*columns))


async def own_enquiry_about(actor: Actor, *, listing_id: UUID) -> dict[str, Any] | None:
    """What the actor asked about a listing, with the landlord's number as it is stored."""
    if actor.kind is not ActorKind.ACCOUNT:
        return None
    columns = ("id", "viewing_at", "viewing_state", *PHONE_COLUMNS["landlord_phone"])
    rows = await Enquiry.filter(seeker_id=actor.id, listing_id=listing_id).values(*columns)
    return rows[0] if rows else None


async def messages_of(actor: Actor, *, enquiry_id: UUID, page: Page) -> Slice:
    """What was said in a conversation of the actor's, oldest first; nothing in that of others."""
    if await enquiry_by_id(actor, enquiry_id, ("id",)) is None:
        return NOTHING
    query = EnquiryMessage.filter(enquiry_id=enquiry_id)
    found = await take(query, _MESSAGES, page, ("id", "from_landlord", "words", "created_at"))
    for row in found.rows:
        _open_words(row)
    return found


async def latest_messages(enquiry_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The last messages of each conversation, oldest first: one query for all."""
    rows = await fetch(
        "SELECT id, enquiry_id, from_landlord, words, created_at FROM ("
        "SELECT m.*, row_number() OVER (PARTITION BY enquiry_id ORDER BY id DESC) AS back"
        " FROM enquiry_message m WHERE enquiry_id = ANY($1::uuid[])) m"
        " WHERE back <= $2 ORDER BY enquiry_id, id",
        list(enquiry_ids),
        LATEST_MESSAGES,
    )
    answer: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        answer.setdefault(row["enquiry_id"], []).append(_open_words(row))
    return answer


def shared_phone(row: Mapping[str, Any], name: str) -> str | None:
    """The number of one side (``landlord_phone`` or ``seeker_phone``), where they share it."""
    shared_at, account_id, phone = PHONE_COLUMNS[name]
    if row[shared_at] is None or row[phone] is None:
        return None
    return ring().decrypt(row[phone], table="account", column="phone", row=row[account_id])


def _open_words(row: dict[str, Any]) -> dict[str, Any]:
    if row["words"] is not None:
        row["words"] = ring().decrypt(
            row["words"], table="enquiry_message", column="words", row=row["id"]
        )
    return row
