"""What a notification says outside of the service, and the page of the mini-program it opens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from core.clock import SHANGHAI
from notifications.models import MessageTemplate, Notice, Notification

PAGE: Final = "pages/message/index"
"""The mini-program's page of one message; its query names the notification."""


@dataclass(frozen=True, slots=True)
class Words:
    """The template, and what fills it."""

    template: MessageTemplate
    params: Mapping[str, str] = field(repr=False)
    query: str

    @property
    def page(self) -> str:
        """Where the message leads, with the query."""
        return f"{PAGE}?{self.query}"


async def words_of(ids: Collection[UUID]) -> dict[UUID, Words]:
    """The words of each notification that has any: its template's, or those of its notice."""
    rows = await Notification.filter(id__in=list(ids)).select_related("template", "notice")
    frames = await _frames({row.topic for row in rows if row.notice_id is not None})
    found: dict[UUID, Words] = {}
    for row in rows:
        template = row.template or frames.get(row.topic)
        if template is not None:
            params = row.params if row.notice is None else row.params | said(row.notice)
            found[row.id] = Words(template, params, f"id={row.id}")
    return found


async def _frames(topics: set[str]) -> dict[str, MessageTemplate]:
    """What notices are put into: the templates in force of their topics."""
    if not topics:
        return {}
    rows = await MessageTemplate.filter(topic__in=sorted(topics), in_force=True)
    return {row.topic: row for row in rows}


def said(notice: Notice) -> dict[str, Any]:
    """The words of a notice as what fills its frame."""
    at = (notice.send_at or notice.created_at).astimezone(SHANGHAI)
    return {"title": notice.title_zh, "body": notice.body_zh, "at": at.isoformat()}
