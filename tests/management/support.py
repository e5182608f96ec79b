"""What the tests of management and landlord share: actors, and what a use case left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from shapely.geometry import shape

from core.audit import AuditEntry
from core.database import fetch
from core.errors import DomainError, InvalidInput
from core.ids import uuid7
from core.keyset import Page, Slice
from identity.actor import (
    ROLE_PERMISSIONS,
    Actor,
    ActorKind,
    Permission,
    Role,
    anonymous,
    rights_from,
)
from identity.models import Account, StaffMember
from management.models import EBikeCharging, Grid, Place, PlaceKind
from management.territory import bring_in_grids, town_data

TOWN = "441900122/"
COMMUNITY = TOWN + "441900122002/"
GRID = COMMUNITY + "441900122002-01/"
SIBLING = COMMUNITY + "441900122002-02/"
OTHER_COMMUNITY = TOWN + "441900122003/"
OTHER_GRID = OTHER_COMMUNITY + "441900122003-01/"

_GRIDS = {TOWN, COMMUNITY, GRID, SIBLING, OTHER_COMMUNITY, OTHER_GRID}

VISITOR = anonymous("a-test-address")

NUL, BIDI, BELL, SURROGATE = "甲\0乙", "甲\u202e乙", "甲\x07乙", "甲\ud800乙"
HOSTILE = (NUL, BIDI, "甲\u2066乙", BELL, SURROGATE, "甲" * 5000)
BAD_NUMBERS = tuple(map(Decimal, ("NaN", "sNaN", "Infinity", "-Infinity", "-1", "1E+9", "1E+400")))

# What a use case may have written: whatever else there is, a refusal leaves all of it as it was.
_TABLES = (
    "account", "audit_entry", "claim_photo", "content_check", "enquiry", "enquiry_message",
    "grid", "grid_post", "lease_filing", "listing", "listing_photo", "listing_report",
    "listing_snapshot",
    "listing_snapshot_photo", "organisation", "place", "place_block", "place_claim", "plate",
    "plate_print", "plate_sheet", "procrastinate_jobs", "reservation", "room", "saved_listing",
    "self_check", "self_check_item",
    "declaration", "declaration_photo", "declaration_step", "residence_objection",
    "hazard", "hazard_follower", "hazard_photo", "hazard_report", "hazard_step", "photo",
    "photo_redaction", "task", "task_step", "upload",
    "consent", "document_number", "person", "person_look", "residence", "residence_certificate",
    "task", "task_step",
)  # fmt: skip


async def some_grids() -> None:
    """The town, two of its communities and three of their grids: all that most tests need."""
    codes = {code_of(path) for path in _GRIDS}
    await bring_in_grids([grid for grid in town_data() if grid["code"] in codes])


def code_of(path: str) -> str:
    """The grid code at the end of a path."""
    return path.split("/")[-2]


def staff(role: Role = Role.WARDEN, *paths: str) -> Actor:
    """A member of staff with posts of one role, in one grid unless told otherwise."""
    return holding(*ROLE_PERMISSIONS[role], paths=paths or (GRID,))


def holding(
    *permissions: Permission,
    paths: Collection[str] = (GRID,),
    kind: ActorKind = ActorKind.STAFF,
) -> Actor:
    """Somebody with just these permissions, in all of these grids."""
    pairs = [(permission, path) for permission in permissions for path in paths]
    return Actor(kind=kind, id=uuid7(), rights=rights_from(pairs))


def app(*permissions: Permission, path: str = GRID) -> Actor:
    """A third party's application with scopes cut to a grid."""
    return holding(*permissions, paths=(path,), kind=ActorKind.APP)


def signed_in(who: Account) -> Actor:
    """Somebody of the public, signed in."""
    return Actor(kind=ActorKind.ACCOUNT, id=who.id)


async def employee(name: str = "测试网格员") -> StaffMember:
    """A member of staff on record."""
    return await StaffMember.create(user_name=f"staff.{uuid7().hex}", name=name, password_hash="-")


async def inside(grid_code: str) -> tuple[float, float]:
    """A point (CGCS2000 longitude, latitude) within a third-level grid."""
    point = shape((await Grid.get(code=grid_code)).boundary).representative_point()
    return point.x, point.y


async def entries(subject_id: UUID | None) -> list[AuditEntry]:
    """The audit trail of one subject, oldest first."""
    return await AuditEntry.filter(subject_id=subject_id).order_by("id")


async def jobs() -> list[tuple[str, dict[str, Any]]]:
    """Waiting jobs of events and the ids they carry, in the order in which they were sent."""
    rows = await fetch(
        "SELECT task_name, args ->> 'data' AS data FROM procrastinate_jobs"
        " WHERE args ? 'data' ORDER BY id"
    )
    return [(row["task_name"].rsplit(".", 1)[-1], orjson.loads(row["data"])) for row in rows]


async def everything() -> dict[str, list[str]]:
    """Every row of every table that a use case may write."""
    answer = {}
    for table in _TABLES:
        rows = await fetch(f"SELECT t::text AS row FROM {table} t ORDER BY 1")
        answer[table] = [row["row"] for row in rows]
    return answer


@asynccontextmanager
async def unchanged() -> AsyncIterator[None]:
    """Whatever happens inside leaves no row, no audit entry and no job behind."""
    before = await everything()
    yield
    after = await everything()
    for table, rows in before.items():
        assert after[table] == rows, f"{table} has changed"


async def refused(
    kind: type[DomainError],
    attempt: Awaitable[object],
    *,
    reason: str | None = None,
    field: str | None = None,
) -> DomainError:
    """The refusal of an attempt that must leave nothing behind.

    Without a field or reason, none is looked for; every refusal must speak both languages.
    """
    async with unchanged():
        with pytest.raises(kind) as caught:
            await attempt
    error = caught.value
    assert type(error) is kind
    assert error.message("zh-CN")
    assert error.message("en")
    if reason is not None:
        assert error.reason == reason
    if field is not None:
        assert error.field == field
    return error


async def refused_input(attempt: Awaitable[object], field: str, reason: str | None = None) -> None:
    """The refusal of a value, named by its path."""
    await refused(InvalidInput, attempt, field=field, reason=reason)


async def outcomes(*attempts: Awaitable[Any]) -> list[Any]:
    """Results and refusals of attempts made at once; anything but a refusal is raised."""
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, DomainError):
            raise answer
    return list(answers)


async def walk(
    read: Any, *, size: int, backward: bool = False, most: int = 1000
) -> list[dict[str, Any]]:
    """Every row of a list, page by page, in the list's own order whichever way it is read."""
    rows: list[dict[str, Any]] = []
    cursor = None
    for _ in range(most):
        page: Slice = await read(Page(size, cursor, backward))
        rows = page.rows + rows if backward else rows + page.rows
        assert page.has_next == (cursor is not None) if backward else True
        assert page.has_previous == (cursor is not None) if not backward else True
        if not (page.has_previous if backward else page.has_next):
            return rows
        assert len(page.rows) == size
        cursor = page.cursor(0 if backward else -1)
    raise AssertionError("the list has no end")


async def plan(sql: str) -> str:
    """How PostgreSQL would run a statement, were the table too large to read whole."""
    await fetch("SET LOCAL enable_seqscan = off")
    await fetch("SET LOCAL enable_bitmapscan = on")
    return "\n".join(row["QUERY PLAN"] for row in await fetch(f"EXPLAIN {sql}"))


def file_of(kind: PlaceKind = PlaceKind.RENTAL_HOUSE, **values: Any) -> dict[str, Any]:
    """A complete file, but for a point and people."""
    return {
        "name": "测试公寓",
        "street": "测试路",
        "door_number": "1号",
        "floors": 5,
        "area": Decimal(180),
        "operator_name": "测试经营者",
        "contact_name": "测试联系人",
        "contact_phone": "13800000000",
        "staircases": 1,
        "exits": 2,
        "extinguishers": 6,
        "e_bike_charging": EBikeCharging.OUTDOOR,
        "gas_bottles": 0,
        "wiring_year": 2015,
        **values,
    }


async def fresh(place: Place) -> Place:
    """The row as the database has it."""
    return await Place.get(id=place.id)
