"""People, where they live, what they declared and reported: rows as the use cases leave them.

Everybody is made up: numbers of documents lie in a range that no office gave out.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from citizen.models import Declaration, DeclarationAction, DeclarationState, DeclarationStep
from core.clock import now, today
from core.crypto import ring, seal
from core.ids import uuid7
from identity.actor import ActorKind
from identity.models import Account
from management.models import (
    DocumentKind,
    FollowReason,
    Hazard,
    HazardAction,
    HazardClosure,
    HazardFollower,
    HazardReport,
    HazardSource,
    HazardState,
    HazardStep,
    Person,
    Place,
    Residence,
    ResidenceEnd,
    ResidenceSource,
    Room,
    Severity,
)

_numbers = count(1)


async def person(of: Account | None = None, *, name: str = "测试租客", **values: Any) -> Person:
    """Somebody who is known by a document; ``of``: whose account is theirs."""
    made = Person(
        account_id=of.id if of else None, document_kind=DocumentKind.MAINLAND_ID, **values
    )
    number = f"11010119900101{next(_numbers):03d}X"
    for column, plain in (
        ("number", number), ("name", name), ("born", "1990-01-01"), ("phone", "13800000000")
    ):  # fmt: skip
        seal(made, column, plain)
    made.number_index = ring().index(number, table="person", column="number_index")
    made.phone_index = ring().index("13800000000", table="person", column="phone_index")
    await made.save(force_create=True)
    return made


async def residence(
    who: Person, room: Room, *, ended: datetime | None = None, **values: Any
) -> Residence:
    """They live in a room, or lived there until a moment."""
    starts_on: date = values.pop("starts_on", (ended.date() if ended else today()))
    over: dict[str, Any] = {}
    if ended:
        over = {
            "ends_on": ended.date(), "ended_at": ended, "current": False,
            "end_reason": ResidenceEnd.MOVED_OUT,
        }  # fmt: skip
    return await Residence.create(
        person_id=who.id, place_id=room.place_id, room_id=room.id, starts_on=starts_on,
        confirmed_on=starts_on, **{"source": ResidenceSource.SELF, **over, **values},
    )  # fmt: skip


async def declaration(
    who: Person, room: Room, of: Residence | None, *, by: Account | None = None, **values: Any
) -> Declaration:
    """What was declared: in force with a residence, refused without, with its first step."""
    state = values.pop("state", DeclarationState.IN_FORCE if of else DeclarationState.REFUSED)
    made = Declaration(
        person_id=who.id, place_id=room.place_id, room_id=room.id,
        residence_id=of.id if of else None, account_id=by.id if by else None, state=state,
        **{
            "source": ResidenceSource.SELF, "batch": uuid7(), "starts_on": today(),
            "document_kind": DocumentKind.MAINLAND_ID, "doubts": [], **values,
        },
    )  # fmt: skip
    seal(made, "claimed_name", "测试别名")
    await made.save(force_create=True)
    if created := values.get("created_at"):
        await Declaration.filter(id=made.id).update(created_at=created)
    step = DeclarationStep(
        declaration_id=made.id, number=1, at=created or now(), by_kind=ActorKind.ACCOUNT,
        account_id=by.id if by else None, action=DeclarationAction.DECLARE,
    )  # fmt: skip
    seal(step, "words", "测试说明")
    await step.save(force_create=True)
    return made


async def hazard(at: Place, *, closed: bool = False, **values: Any) -> Hazard:
    """Something unsafe at a place: reported just now, or closed."""
    over: dict[str, Any] = {}
    if closed:
        over = {
            "state": HazardState.CLOSED, "open": False, "closed_at": now(),
            "closed_how": HazardClosure.CONFIRMED,
        }  # fmt: skip
    return await Hazard.create(
        code=f"1101{next(_numbers):08d}", place_id=at.id, grid_path=at.grid_path,
        community_code=at.community_code, grid_code=at.grid_code,
        **{
            "category": "WIRING", "severity": Severity.GENERAL,
            "source": HazardSource.RESIDENT, "state_since": now(), **over, **values,
        },
    )  # fmt: skip


async def report(
    of: Hazard, by: Account | None, *, ago: timedelta = timedelta(), words: str = "楼道有火花"
) -> HazardReport:
    """Who reported it, with the first step and as its follower."""
    at = now() - ago
    made = HazardReport(
        hazard_id=of.id, account_id=by.id if by else None, token_hash=f"{of.id.hex:0>64}",
        seen_at=at, received_at=at,
    )  # fmt: skip
    seal(made, "words", words)
    seal(made, "answers", orjson.dumps({"smell": True}).decode())
    seal(made, "caller_name", "测试来电人")
    seal(made, "caller_phone", "13800000001")
    made.caller_index = ring().index("13800000001", table="hazard_report", column="caller_index")
    await made.save(force_create=True)
    step = HazardStep(
        hazard_id=of.id, number=1, at=at, account_id=by.id if by else None,
        by_kind=ActorKind.ACCOUNT if by else ActorKind.ANONYMOUS,
        action=HazardAction.REPORT, to_state=HazardState.REPORTED,
    )  # fmt: skip
    seal(step, "words", words)
    await step.save(force_create=True)
    if by:
        await HazardFollower.create(hazard_id=of.id, account_id=by.id, why=FollowReason.REPORTED)
    return made
