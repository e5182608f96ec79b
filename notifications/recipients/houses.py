"""What who runs a house hears: claims, hand-overs, blocks, self-checks."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from core.database import fetch
from core.events import on, together
from landlord.events import SelfCheckDue
from management.blocks import kinds_in_force
from management.events import (
    ClaimDecided,
    ClaimDropped,
    HouseHandedOver,
    LandlordAssigned,
    LandlordEnded,
    PlaceBlocked,
    PlaceUnblocked,
)
from management.models import ClaimEnd, ClaimState, PlaceBlockKind
from notifications.recipients.offers import moment
from notifications.recipients.people import accounts, landlords
from notifications.telling import Message, Subject, tell, tell_each
from notifications.topics import Topic

BY_STAFF: Final = "STAFF_DECISION"
"""In place of the words in which a member of staff said why: those are read in the claim."""


@on(LandlordAssigned)
async def tell_of_verified_claim(event: LandlordAssigned) -> None:
    """Who is known to run a place now; who took over hears of the hand-over instead."""
    claim = await _claim(event.claim_id)
    if claim["takes_over_id"] is None:
        await _tell_of_claim(Topic.CLAIM_VERIFIED, claim)


@on(ClaimDecided)
async def tell_of_refused_claim(event: ClaimDecided) -> None:
    """The claimant reads why in the claim. What was verified is told of as an assignment."""
    claim = await _claim(event.claim_id)
    if claim["state"] == ClaimState.REFUSED:
        await _tell_of_claim(Topic.CLAIM_REFUSED, claim)


@on(LandlordEnded)
async def tell_of_ended_claim(event: LandlordEnded) -> None:
    """Who no longer runs a place; whose house was taken over hears of the hand-over instead."""
    claim = await _claim(event.claim_id)
    if claim["reason"] != ClaimEnd.TAKEN_OVER:
        await _tell_of_claim(Topic.CLAIM_ENDED, claim, why=_why(claim))


@on(ClaimDropped)
async def tell_of_dropped_claim(event: ClaimDropped) -> None:
    """A claim that waited is over without them: taken back for them, or the lease ran out."""
    claim = await _claim(event.claim_id)
    await _tell_of_claim(Topic.CLAIM_ENDED, claim, why=_why(claim))


@on(HouseHandedOver)
async def tell_both_sides(event: HouseHandedOver) -> None:
    """Who ran the house, and who runs it now."""
    (place,) = await fetch("SELECT name FROM place WHERE id = $1", event.place_id)
    sides = {
        Topic.HOUSE_HANDED_OVER: event.from_account_id,
        Topic.HOUSE_TAKEN_OVER: event.to_account_id,
    }
    for topic, account_id in sides.items():
        await tell(
            topic,
            accounts([account_id]),
            key=str(event.to_claim_id),
            params={"place": place["name"], **moment()},
            about=Subject("Place", event.place_id),
        )


@on(PlaceBlocked)
async def tell_of_block(event: PlaceBlocked) -> None:
    """Who runs the place; at an urgent hazard also at night.

    Why tenants have to be registered first is told of with their rooms, as TenantDutyOverdue.
    """
    (row,) = await fetch(_BLOCK, event.block_id)
    if row["source"].startswith("duty:"):
        return
    await tell(
        Topic.LETTING_SUSPENDED,
        accounts((await landlords([event.place_id]))[event.place_id]),
        key=str(event.block_id),
        params={"place": row["name"], "why": row["kind"], **moment()},
        about=Subject("Place", event.place_id),
        emergency=row["kind"] == PlaceBlockKind.URGENT_HAZARD,
    )


@on(PlaceUnblocked)
async def tell_of_last_block_over(event: PlaceUnblocked) -> None:
    """Who runs the place, once nothing is in the way any more."""
    if await kinds_in_force([event.place_id]):
        return
    (row,) = await fetch(_BLOCK, event.block_id)
    await tell(
        Topic.LETTING_RESTORED,
        accounts((await landlords([event.place_id]))[event.place_id]),
        key=str(event.block_id),
        params={"place": row["name"], **moment()},
        about=Subject("Place", event.place_id),
    )


@together(SelfCheckDue)
async def remind(events: list[SelfCheckDue]) -> None:
    """Who runs a house without a self-check this month; once a month."""
    months = {event.place_id: event.month for event in events}
    names = {row["id"]: row["name"] for row in await fetch(_NAMES, list(months))}
    await tell_each(
        Topic.SELF_CHECK_DUE,
        [
            Message(
                recipient,
                f"{place_id}:{months[place_id]}",
                {"place": names[place_id], "month": months[place_id], **moment()},
                Subject("Place", place_id),
            )
            for place_id, ids in (await landlords(list(months))).items()
            for recipient in accounts(ids)
        ],
    )


async def _claim(claim_id: UUID) -> dict[str, Any]:
    (row,) = await fetch(_CLAIM, claim_id)
    return row


def _why(claim: dict[str, Any]) -> str:
    return claim["reason"] if claim["reason"] in set(ClaimEnd) else BY_STAFF


async def _tell_of_claim(topic: Topic, claim: dict[str, Any], **more: str) -> None:
    await tell(
        topic,
        accounts([claim["account_id"]]),
        key=str(claim["id"]),
        params={"place": claim["name"], **moment(), **more},
        about=Subject("PlaceClaim", claim["id"]),
    )


_CLAIM: Final = """
SELECT c.id, c.account_id, c.state, c.reason, c.takes_over_id, p.name
FROM place_claim c JOIN place p ON p.id = c.place_id WHERE c.id = $1
"""
_BLOCK: Final = """
SELECT b.kind, b.source, p.name FROM place_block b JOIN place p ON p.id = b.place_id WHERE b.id = $1
"""
_NAMES: Final = "SELECT id, name FROM place WHERE id = ANY($1::uuid[])"
