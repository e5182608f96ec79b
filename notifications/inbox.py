"""The inbox: everything that somebody was told, read by nobody but them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tortoise.expressions import Q

from core.clock import now
from core.database import fetch
from core.errors import InvalidInput, Language, NotFound
from core.keyset import NOTHING, Order, Page, Slice, take
from core.work import work
from identity.actor import Actor
from notifications.access import own_notifications, recipient, require_recipient
from notifications.rendering import Rendered, render
from notifications.shipped import Words
from notifications.topics import RULES, Group, Topic

COUNTED: Final = 1000
"""Unread notifications are counted up to here: more is no number that anybody acts on."""

AT_ONCE: Final = 100

_TEXTS: Final = ("title_zh", "body_zh", "title_en", "body_en")
WORDS_COLUMNS: Final = (
    "topic",
    "params",
    *(f"{of}__{name}" for of in ("template", "notice") for name in _TEXTS),
)
"""What :func:`words` needs of a notification."""

_NEWEST: Final = Order("inbox", "created_at", descending=True)


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What to show of an inbox."""

    unread: bool | None = None
    group: Group | None = None
    topic: Topic | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """How many notifications became read. ``id`` is that of the actor, whose inbox it is."""

    id: UUID
    count: int


async def inbox(
    actor: Actor, *, filter_by: InboxFilter, page: Page, columns: Sequence[str]
) -> Slice:
    """What the actor was told, newest first; nothing for who has no inbox."""
    to = recipient(actor)
    if to is None:
        return NOTHING
    return await take(own_notifications(to).filter(_where(filter_by)), _NEWEST, page, columns)


def _where(given: InboxFilter) -> Q:
    where = Q()
    if given.unread is not None:
        where &= Q(read_at__isnull=given.unread)
    if given.topic is not None:
        where &= Q(topic=given.topic)
    if given.group is not None:
        where &= Q(topic__in=[topic for topic, rule in RULES.items() if rule.group is given.group])
    return where


async def unread_count(actor: Actor) -> int | None:
    """How many notifications wait to be read, up to :data:`COUNTED`; nothing without an inbox."""
    to = recipient(actor)
    if to is None:
        return None
    column = "account_id" if to.account_id else "staff_id"
    rows = await fetch(
        f"SELECT count(*) AS unread FROM (SELECT FROM notification"  # noqa: S608 - a column of ours
        f" WHERE {column} = $1 AND read_at IS NULL LIMIT $2) n",
        to.account_id or to.staff_id,
        COUNTED,
    )
    found: int = rows[0]["unread"]
    return found


async def notifications_by_ids(
    actor: Actor, ids: Collection[UUID], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """The actor's own among these, newest first."""
    to = recipient(actor)
    if to is None:
        return []
    query = own_notifications(to).filter(id__in=list(ids)).order_by("-created_at", "-id")
    return list(await query.values(*columns))


async def mark_read(actor: Actor, *, ids: Collection[UUID]) -> Marked:
    """Note that the actor read these; who read one before read it then.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no inbox, or one of them is absent or somebody else's.
        InvalidInput: none, or more than :data:`AT_ONCE`.
    """
    to = require_recipient(actor)
    wanted = set(ids)
    if not 1 <= len(wanted) <= AT_ONCE:
        raise InvalidInput(
            field="input.ids",
            reason="COUNT",
            params={"maximum": AT_ONCE},
            zh="一次可标记 1 到 {maximum} 条",
            en="1 to {maximum} at once",
        )
    async with work(actor) as unit:
        own = own_notifications(to).filter(id__in=wanted)
        if await own.count() < len(wanted):
            raise NotFound
        changed = await own.filter(read_at=None).update(read_at=now())
        unit.note("markNotificationsRead", "INBOX", actor.id, count=changed)
    return Marked(_id(actor), changed)


async def mark_all_read(actor: Actor, *, up_to: UUID | None = None) -> Marked:
    """Note that the actor read everything, or everything up to the one they saw last.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: no inbox, or ``up_to`` is absent or somebody else's.
    """
    to = require_recipient(actor)
    async with work(actor) as unit:
        unread = own_notifications(to).filter(read_at=None)
        if up_to is not None:
            last = await own_notifications(to).filter(id=up_to).first()
            if last is None:
                raise NotFound
            unread = unread.filter(
                Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lte=last.id)
            )
        changed = await unread.update(read_at=now())
        unit.note("markAllNotificationsRead", "INBOX", actor.id, count=changed)
    return Marked(_id(actor), changed)


def words(row: Mapping[str, Any], language: Language) -> Rendered:
    """What a notification says: a notice its own words, the rest those of its template."""
    if row["notice__title_zh"] is not None:
        english = language == "en" and row["notice__title_en"]
        return Rendered(
            row["notice__title_en"] if english else row["notice__title_zh"],
            row["notice__body_en"] if english else row["notice__body_zh"],
        )
    texts = {name: row[f"template__{name}"] for name in _TEXTS}
    return render(Words(topic=row["topic"], form_values={}, **texts), row["params"], language)


def _id(actor: Actor) -> UUID:
    assert actor.id is not None  # who has an inbox is somebody
    return actor.id
