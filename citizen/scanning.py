"""Scanning a QR plate: what it speaks for, and what whoever scanned it may do next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.database import fetch
from identity.actor import Actor, ActorKind, Permission
from management.access import count_plate_miss
from management.blocks import kinds_in_force
from management.claims import claims_at
from management.models import ClaimState, Lifecycle, PlaceKind, PlateState

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,32}")


class PlateAction(StrEnum):
    """What somebody may do next after a scan."""

    VIEW_LISTINGS = "VIEW_LISTINGS"
    DECLARE = "DECLARE"
    REPORT_HAZARD = "REPORT_HAZARD"
    VIEW_FILE = "VIEW_FILE"
    MANAGE = "MANAGE"
    CLAIM = "CLAIM"


@dataclass(frozen=True, slots=True)
class ScannedPlate:
    """What a token speaks for: flat columns of plate, place and room, as one query reads them."""

    row: dict[str, Any]

    @property
    def state(self) -> PlateState:
        """Whether the plate still speaks for its place."""
        return PlateState(self.row["state"])


_SCAN = """
SELECT p.id AS plate_id, p.token, p.state, p.room_id, p.place_id, s.token AS successor_token,
       pl.code, pl.kind, pl.name, pl.street, pl.door_number, pl.community_code, pl.grid_path,
       pl.longitude, pl.latitude, pl.risk_class, pl.lifecycle, pl.filed_at,
       pl.staircases, pl.exits, pl.extinguishers, pl.e_bike_charging,
       h.id AS photo_id, h.key AS photo_key, h.purpose AS photo_purpose,
       h.width AS photo_width, h.height AS photo_height,
       h.alt_zh AS photo_alt_zh, h.alt_en AS photo_alt_en,
       r.number AS room_number, r.code AS room_code, r.floor AS room_floor, r.area AS room_area,
       r.escape_window AS room_escape_window, r.dormitory AS room_dormitory, r.state AS room_state
FROM plate p
JOIN place pl ON pl.id = p.place_id
LEFT JOIN room r ON r.id = p.room_id
LEFT JOIN photo h ON h.id = pl.photo_id
LEFT JOIN plate s ON p.state = 'REPLACED' AND s.place_id = p.place_id AND s.state = 'ACTIVE'
     AND s.room_id IS NOT DISTINCT FROM p.room_id
WHERE p.token = $1
"""


async def scan(actor: Actor, token: str) -> ScannedPlate | None:
    """What a scanned token speaks for; ``None`` for a token that was never printed.

    Raises:
        RateLimited: this address has asked for too many tokens that don't exist.
    """
    rows = await fetch(_SCAN, token) if _TOKEN.fullmatch(token) else []
    if not rows:
        await count_plate_miss(actor)
        return None
    return ScannedPlate(rows[0])


async def actions_for(actor: Actor, scanned: ScannedPlate) -> list[PlateAction]:
    """What the actor may do next: one scan, an answer by role.

    Everybody sees what is to let in a house in use and may declare that they live there; everybody
    reports hazards, wherever something stands. Staff do so for others, and open the file of places,
    in their grid; who is known to run the place manages it; a house that nobody is known to run
    can be claimed. A plate out of use leads nowhere.
    """
    row = scanned.row
    if scanned.state is not PlateState.ACTIVE:
        return []
    actions = []
    house = row["kind"] == PlaceKind.RENTAL_HOUSE and row["lifecycle"] == Lifecycle.ACTIVE
    if house:
        actions.append(PlateAction.VIEW_LISTINGS)
        if _may(actor, Permission.DECLARATIONS_FILE, row):
            actions.append(PlateAction.DECLARE)
    standing = row["lifecycle"] != Lifecycle.DEMOLISHED
    if standing and _may(actor, Permission.HAZARDS_WRITE, row):
        actions.append(PlateAction.REPORT_HAZARD)
    if actor.may(Permission.PLACES_READ, row["grid_path"]):
        actions.append(PlateAction.VIEW_FILE)
    if actor.kind is ActorKind.ACCOUNT:
        actions += await _of_landlords(actor, row["place_id"], house=house)
    return actions


def _may(actor: Actor, permission: Permission, row: Mapping[str, Any]) -> bool:
    """Residents may, signed in or not; others where they hold the permission."""
    resident = actor.kind in {ActorKind.ANONYMOUS, ActorKind.ACCOUNT}
    return resident or actor.may(permission, row["grid_path"])


async def _of_landlords(actor: Actor, place_id: UUID, *, house: bool) -> list[PlateAction]:
    claims = await claims_at(place_id)
    own = [claim.state for claim in claims if claim.account_id == actor.id]
    if ClaimState.VERIFIED in own:
        return [PlateAction.MANAGE]
    known = any(claim.state is ClaimState.VERIFIED for claim in claims)
    return [PlateAction.CLAIM] if house and not known and not own else []


async def blocked(scanned: ScannedPlate) -> bool:
    """Whether anything bars the place from letting now."""
    return bool(await kinds_in_force([scanned.row["place_id"]]))
