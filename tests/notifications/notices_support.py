"""A town with staff, landlords and people who follow places, for the tests of notices."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

from shapely.geometry import shape

from core.clock import now, today
from core.datums import Datum, Point
from core.ids import uuid7
from identity.actor import Actor, ActorKind, Permission, Role, rights_from
from identity.models import Account, Department, GridPost, StaffMember
from management.models import Grid, Place
from notifications.models import Audience, FollowedPlace, Notice, NoticeKind, Notification
from notifications.notices.drafting import Draft, draft_notice
from notifications.notices.planning import plan_notice
from notifications.notices.sending import send_notice
from tests import factories

TOWN = "441900122"
COMMUNITY = "441900122002"
GRID = "441900122002-01"
NEXT_GRID = "441900122002-02"
OTHER_COMMUNITY = "441900122003"
OTHER_GRID = "441900122003-01"
PATHS = {
    TOWN: f"{TOWN}/",
    COMMUNITY: f"{TOWN}/{COMMUNITY}/",
    GRID: f"{TOWN}/{COMMUNITY}/{GRID}/",
    NEXT_GRID: f"{TOWN}/{COMMUNITY}/{NEXT_GRID}/",
    OTHER_COMMUNITY: f"{TOWN}/{OTHER_COMMUNITY}/",
    OTHER_GRID: f"{TOWN}/{OTHER_COMMUNITY}/{OTHER_GRID}/",
}
WITH_DEPARTMENT = {Role.DEPARTMENT, Role.ENFORCEMENT}
METRE = 1 / 111_195
"""Degrees of latitude."""
_numbers = count(1)


async def staff(
    *posts: tuple[Role, str],
    since: date | None = None,
    until: date | None = None,
    **values: Any,
) -> StaffMember:
    """A member of staff with posts, in force since yesterday."""
    member = await StaffMember.create(
        user_name=f"notices.test.{next(_numbers)}", name="测试人员", password_hash="x", **values
    )
    for role, code in posts:
        await GridPost.create(
            staff_id=member.id,
            grid_code=code,
            grid_path=PATHS[code],
            role=role,
            department=await _department() if role in WITH_DEPARTMENT else None,
            starts_on=since or today() - timedelta(days=1),
            ends_on=until,
        )
    return member


async def sender(code: str = COMMUNITY) -> Actor:
    """Staff who may send notices in a grid."""
    member = await staff()
    return acting(member, code)


async def _department() -> Department:
    found, _ = await Department.get_or_create(
        code="TEST", defaults={"name_zh": "测试部门", "name_en": "Test department"}
    )
    return found


def acting(member: StaffMember, *codes: str) -> Actor:
    rights = rights_from((Permission.NOTICES_SEND, PATHS[code]) for code in codes)
    return Actor(kind=ActorKind.STAFF, id=member.id, session_id=uuid7(), rights=rights)


def as_account(account: Account) -> Actor:
    return Actor(kind=ActorKind.ACCOUNT, id=account.id, session_id=uuid7())


async def landlord(of: Place, **values: Any) -> Account:
    """Somebody who runs a place."""
    account = await factories.account("测试房东", **values)
    await factories.claim(account, of)
    return account


async def follower(of: Place, radius: int = 0, **values: Any) -> Account:
    """Somebody who follows a place."""
    account = await factories.account("测试居民", **values)
    await FollowedPlace.create(account_id=account.id, place_id=of.id, radius=radius)
    return account


async def middle(code: str = GRID) -> Point:
    """A point well inside a grid."""
    inside = shape((await Grid.get(code=code)).boundary).representative_point()
    return Point(inside.x, inside.y, Datum.CGCS2000)


async def place_north_of(point: Point, metres: float, grid: str = GRID) -> Place:
    """A house so far north of a point."""
    return await factories.place(
        grid=grid, longitude=point.lon, latitude=point.lat + metres * METRE
    )


def words(**values: Any) -> Draft:
    """A notice to the landlords of a community, unless said otherwise."""
    defaults: dict[str, Any] = {
        "kind": NoticeKind.NOTICE,
        "grid_code": COMMUNITY,
        "title_zh": "电动车集中充电",
        "body_zh": "请提醒租客不要在楼道充电。\n谢谢。",
        "audience": frozenset({Audience.LANDLORDS}),
    }
    return Draft(**{**defaults, **values})


def announcement(**values: Any) -> Draft:
    """Something for everybody to read, for a week."""
    return words(
        **{
            "kind": NoticeKind.ANNOUNCEMENT,
            "audience": frozenset(),
            "shown_until": now() + timedelta(days=7),
            **values,
        }
    )


async def alert(point: Point | None = None, radius: int | None = None, **values: Any) -> Draft:
    """An alert around a point of the first grid, to landlords and followers."""
    return words(
        **{
            "kind": NoticeKind.AREA_ALERT,
            "audience": frozenset({Audience.LANDLORDS, Audience.RESIDENTS}),
            "point": point,
            "radius": radius,
            **values,
        }
    )


async def sent(actor: Actor, draft: Draft, **how: Any) -> Notice:
    """A notice that was sent; its recipients are not planned yet."""
    notice = await draft_notice(actor, draft)
    return await send_notice(actor, notice_id=notice.id, expected_version=1, **how)


async def planned(actor: Actor, draft: Draft, **how: Any) -> Notice:
    """A notice that was sent to everybody."""
    notice = await sent(actor, draft, **how)
    await plan_notice(1, str(notice.id))
    return await Notice.get(id=notice.id)


async def told(notice: Notice) -> set[Any]:
    """Ids of the accounts and staff whom a notice was told."""
    rows = await Notification.filter(notice_id=notice.id).values_list("account_id", "staff_id")
    assert len(rows) == len(set(rows)), "nobody is told twice"
    return {account_id or staff_id for account_id, staff_id in rows}
