"""Notices as staff follow them, announcements as everybody reads them, places people follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from core.errors import Language
from identity.actor import Permission
from notifications.models import Audience, NoticeKind, NoticeState
from notifications.notices.preview import Preview
from notifications.notices.reading import read_counts
from schema.access import ACCOUNT, PUBLIC, holds
from schema.connections import Connection
from schema.context import Context
from schema.fields import attr, gql_enum, gql_type
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Point, public_point, surveyed_point
from schema.types.territory import Grid, grids_by_code

gql_enum(
    NoticeKind,
    "Kind of what staff tell many people.",
    {
        "NOTICE": "notice to some in a grid 通知",
        "ANNOUNCEMENT": "for everybody to read 公告",
        "AREA_ALERT": "alert for a grid or around a point 区域提醒",
    },
)
gql_enum(
    NoticeState,
    "How far a notice is.",
    {
        "DRAFT": "being written 草稿",
        "SCHEDULED": "waits for its time 定时",
        "SENDING": "its recipients are being told 发送中",
        "SENT": "out, and with everybody 已发",
        "CANCELLED": "stopped; who was not told yet is not told 已取消",
    },
)
gql_enum(
    Audience,
    "Whom a notice is for, within its grid.",
    {
        "LANDLORDS": "who is known to run a place 房东",
        "RESIDENTS": "who lives there, or follows a place there 居民",
        "WARDENS": "网格员",
        "SUPERVISORS": "supervisors 督导",
        "SERVICE_DESK": "service desk 服务台",
        "DEPARTMENTS": "departments and enforcement 职能部门、执法",
    },
)

_SENDERS = holds(Permission.NOTICES_SEND)


@gql_type(access=_SENDERS)
class Notice:
    """Words of staff to many people at once (通知公告)."""

    id: strawberry.ID = attr("Global id, opaque.")
    kind: NoticeKind = attr("What kind.")
    state: NoticeState = attr("How far it is.")
    title_zh: str = attr("Its title in Chinese.")
    body_zh: str = attr("Its text in Chinese; plain, with line breaks.")
    title_en: str | None = attr("Its title in English.")
    body_en: str | None = attr("Its text in English.")
    grid: Grid = attr("For which grid.", needs=("grid_code",))
    audience: list[Audience] = attr("Whom in the grid it is told.", size=3)
    point: Point | None = attr(
        "Centre of an alert around a point, as surveyed.", needs=("longitude", "latitude")
    )
    radius: int | None = attr("Metres around the point.")
    emergency: bool = attr("Whether it is told at night too, whatever people have switched off.")
    reason: str | None = attr("Why it is an emergency.")
    author: str = attr("Who wrote it.", needs=("author__name",))
    sender: str | None = attr("Who sent it.", needs=("sender__name",))
    send_at: datetime | None = attr("When it was, or will be, sent.")
    sent_at: datetime | None = attr("When everybody was told.")
    shown_until: datetime | None = attr("Until when everybody can read it.")
    recipients: int = attr("How many people were told so far.")
    read_count: int = attr("How many of them have read it.", needs=(), cost=5)
    version: int = attr("For `expectedVersion`.")
    created_at: datetime = attr("When it was first written.")


@strawberry.type(name="NoticeConnection", description="One page of notices.")
class NoticeConnection(Connection[Notice]):
    """One page of notices."""


@gql_type(access=_SENDERS)
class NoticeReceipt:
    """Whether a member of staff has read a notice (已读回执)."""

    staff_id: strawberry.ID = attr("The member of staff.")
    name: str = attr("Their name.")
    read_at: datetime | None = attr("When they read it.")


@strawberry.type(name="NoticeReceiptConnection", description="One page of receipts.")
class NoticeReceiptConnection(Connection[NoticeReceipt]):
    """One page of receipts."""


@gql_type(access=_SENDERS)
class NoticeWords:
    """What a notice says in one language."""

    title: str = attr("Its title.")
    body: str = attr("Its text.")


@gql_type(access=_SENDERS)
class AudienceCount:
    """How many people an audience holds."""

    audience: Audience = attr("Which audience.")
    count: int = attr("How many people, each once.")


@gql_type(access=_SENDERS)
class NoticeFormSlot:
    """One line of what WeChat shows."""

    slot: str = attr("Name of the slot in the form.")
    value: str = attr("What stands there.")
    cut: bool = attr("Whether it says less than the notice, because WeChat takes no more.")


@gql_type(access=_SENDERS)
class NoticePreview:
    """What a notice would say and whom it would reach now (预览). Nothing is sent."""

    version: int = attr("Of the notice that was looked at: for `expectedVersion`.")
    recipients: int = attr("How many people, each once: for `recipients` of an emergency.")
    audiences: list[AudienceCount] = attr(
        "The same by audience; who is in several counts in each.", size=6
    )
    zh: NoticeWords = attr("In Chinese.")
    en: NoticeWords | None = attr("In English, where there is any.")
    wechat: list[NoticeFormSlot] = attr("WeChat's message (订阅消息), line by line.", size=4)


@gql_type(access=PUBLIC)
class Announcement:
    """What is announced to everybody (公告)."""

    id: strawberry.ID = attr("Global id, opaque.")
    kind: NoticeKind = attr("What kind.")
    title: str = attr(
        "Its title, in the caller's language where it was written.",
        needs=(
            "title_zh",
            "title_en",
        ),
    )
    body: str = attr("Its text; plain, with line breaks.", needs=("body_zh", "body_en"))
    grid: Grid = attr("For which grid.", needs=("grid_code",))
    emergency: bool = attr("Whether it is about a danger of now.")
    point: Point | None = attr(
        "Where the danger is, for public maps.", needs=("longitude", "latitude")
    )
    radius: int | None = attr("Metres around the point.")
    published_at: datetime = attr("Since when it is public.", needs=("sent_at",))
    shown_until: datetime = attr("Until when it is public.")


@strawberry.type(name="AnnouncementConnection", description="One page of announcements.")
class AnnouncementConnection(Connection[Announcement]):
    """One page of announcements."""


@gql_type(access=ACCOUNT)
class FollowedPlace:
    """A place (关注的场所), mostly your home, about which you want to hear. Only you see it."""

    place_id: strawberry.ID = attr("Global id of the place, opaque.")
    place_code: str = attr("Its code.")
    place_name: str = attr("Its name.")
    radius: int = attr("Metres around it; 0: the place itself.")
    since: datetime = attr("Since when you follow it.")


_NEEDS, _PUBLIC_NEEDS = (
    {
        field.python_name: field.metadata["needs"]
        for field in of.__strawberry_definition__.fields  # type: ignore[union-attr]
        if "needs" in field.metadata
    }
    for of in (Notice, Announcement)
)


def notice_columns(want: Selection) -> list[str]:
    """The columns of notices that a selection needs."""
    return want.columns(_NEEDS, "id")


def announcement_columns(want: Selection) -> list[str]:
    """The columns of announcements that a selection needs."""
    return want.columns(_PUBLIC_NEEDS, "id")


async def shape_notices(rows: Rows, want: Selection, context: Context) -> Rows:
    """Notices as read, ready for the schema: counts of readers come in one query."""
    counts = await read_counts([row["id"] for row in rows]) if "read_count" in want else {}
    await _grids(rows, want, context)
    for row in rows:
        row["read_count"] = counts.get(row["id"], 0)
        for name in ("title_en", "body_en", "reason"):
            row[name] = row.get(name) or None
        row["author"], row["sender"] = row.get("author__name"), row.get("sender__name")
        if "point" in want:
            row["point"] = surveyed_point(row)
        row["id"] = global_id("Notice", row["id"])
    return rows


async def shape_announcements(rows: Rows, want: Selection, context: Context) -> Rows:
    """Announcements as read, ready for the schema."""
    await _grids(rows, want, context)
    for row in rows:
        for name in ("title", "body"):
            if name in want:
                row[name] = in_language(row, name, context.language)
        if "point" in want:
            row["point"] = public_point(row)
        row["published_at"] = row.get("sent_at")
        row["id"] = global_id("Announcement", row["id"])
    return rows


def in_language(row: dict[str, Any], name: str, language: Language) -> str:
    """A text of a notice in a language; in Chinese where there is no other."""
    english: str = row[f"{name}_en"] if language == "en" else ""
    text: str = english or row[f"{name}_zh"]
    return text


async def _grids(rows: Rows, want: Selection, context: Context) -> None:
    if "grid" in want:
        grids = await grids_by_code({row["grid_code"] for row in rows}, want["grid"], context)
        for row in rows:
            row["grid"] = grids[row["grid_code"]]


def shape_receipts(rows: Rows) -> Rows:
    """Receipts, ready for the schema."""
    return [
        {
            "staff_id": global_id("StaffMember", row["staff_id"]),
            "name": row["staff__name"],
            "read_at": row["read_at"],
        }
        for row in rows
    ]


def shape_preview(preview: Preview) -> dict[str, Any]:
    """A preview, ready for the schema."""
    return {
        "version": preview.notice.version,
        "recipients": preview.recipients,
        "audiences": [
            {"audience": audience, "count": count}
            for audience, count in preview.by_audience.items()
        ],
        "zh": preview.zh,
        "en": preview.en,
        "wechat": [
            {"slot": slot, "value": fitted.value, "cut": fitted.cut}
            for slot, fitted in preview.form.items()
        ],
    }


def shape_followed(rows: Rows) -> Rows:
    """Followed places, ready for the schema."""
    return [
        {
            "place_id": global_id("Place", row["place_id"]),
            "place_code": row["place__code"],
            "place_name": row["place__name"],
            "radius": row["radius"],
            "since": row["created_at"],
        }
        for row in rows
    ]
