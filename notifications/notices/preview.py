"""What a notice would look like and whom it would reach, before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from identity.actor import Actor
from notifications.channels.words import said
from notifications.forms import Fitted
from notifications.models import Audience, MessageTemplate, Notice
from notifications.notices.access import access_notice
from notifications.notices.audiences import count
from notifications.notices.planning import params_of, topic_of
from notifications.rendering import Rendered, render_form


@dataclass(frozen=True, slots=True)
class Preview:
    """What people would read, in the inbox and in WeChat, and how many they are now."""

    notice: Notice
    recipients: int
    by_audience: Mapping[Audience, int]
    zh: Rendered
    en: Rendered | None
    form: Mapping[str, Fitted]
    """Slot of WeChat's form → value, cut to what WeChat takes."""


async def preview_notice(actor: Actor, *, notice_id: UUID) -> Preview:
    """Look at a notice as its recipients would. Sends nothing.

    Raises:
        Unauthenticated, NotFound: no such notice for the actor.
    """
    notice = await access_notice(actor, notice_id=notice_id)
    recipients, by_audience = await count(notice)
    frame = await MessageTemplate.get_or_none(topic=topic_of(notice).value, in_force=True)
    params = {**await params_of(notice), **said(notice)}
    return Preview(
        notice,
        recipients,
        by_audience,
        Rendered(notice.title_zh, notice.body_zh),
        Rendered(notice.title_en, notice.body_en) if notice.title_en else None,
        render_form(frame, params) if frame is not None and notice.audience else {},
    )
