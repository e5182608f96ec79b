"""How it stands with recipients: which ways to them are open now. One statement for many."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson

from core.database import fetch
from integrations import sms, wechat
from notifications.models import Channel, WeChatForm
from notifications.pauses import Paused, paused
from notifications.quiet_hours import QUIET_FROM, QUIET_UNTIL, after_quiet
from notifications.topics import RULES, Topic, TopicRule


class Obstacle(StrEnum):
    """Why a channel is not used for a message."""

    READ = "READ"
    GONE = "GONE"
    NOT_WANTED = "NOT_WANTED"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    NO_WECHAT = "NO_WECHAT"
    NO_TEMPLATE = "NO_TEMPLATE"
    NO_SUBSCRIPTION = "NO_SUBSCRIPTION"
    NO_PHONE = "NO_PHONE"


FINAL: Final = frozenset({Obstacle.READ, Obstacle.GONE})
"""Obstacles that no other channel gets round either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One notification to an account, and how its recipient can be reached."""

    id: UUID
    account_id: UUID
    topic: Topic
    emergency: bool
    of_notice: bool
    """One of thousands: what is not used for it leaves no row."""
    read: bool
    gone: bool
    has_phone: bool
    wechat_user_id: UUID | None
    accepts: frozenset[str]
    """Ids of the WeChat templates of which a message may still be sent."""
    preferences: Mapping[str, bool]
    quiet: tuple[time, time]

    @property
    def rule(self) -> TopicRule:
        """How the topic is told."""
        return RULES[self.topic]

    def wants(self, channel: Channel) -> bool:
        """Whether the recipient lets the topic's group use the channel: yes, until they say no."""
        return self.preferences.get(f"{self.rule.group}:{channel}", True)

    def due(self, at: datetime) -> datetime:
        """When it may be sent: now, or after the quiet hours."""
        return at if self.emergency else after_quiet(at, *self.quiet)


@dataclass(frozen=True, slots=True)
class Ways:
    """What holds for all recipients alike."""

    paused: Paused
    templates: Mapping[WeChatForm, str]
    """Form → WeChat's id of the template in use."""
    configured: frozenset[Channel]

    def obstacle(self, one: Standing, channel: Channel, *, paid: bool = False) -> Obstacle | None:
        """What keeps a channel from being used; ``paid``: an accept is set aside already."""
        if one.read:
            return Obstacle.READ
        if one.gone:
            return Obstacle.GONE
        if not one.emergency and not one.wants(channel):
            return Obstacle.NOT_WANTED
        if channel not in self.configured:
            return Obstacle.NOT_CONFIGURED
        if channel is Channel.SMS:
            return None if one.has_phone else Obstacle.NO_PHONE
        if one.wechat_user_id is None:
            return Obstacle.NO_WECHAT
        template = self.templates.get(one.rule.form) if one.rule.form else None
        if template is None:
            return Obstacle.NO_TEMPLATE
        return None if paid or template in one.accepts else Obstacle.NO_SUBSCRIPTION


async def ways() -> Ways:
    """The ways as they are now."""
    rows = await fetch("SELECT form, template_id FROM wechat_template WHERE replaced_at IS NULL")
    open_ones = {Channel.WECHAT: wechat.available(), Channel.SMS: sms.available()}
    return Ways(
        paused=await paused(),
        templates={WeChatForm(row["form"]): row["template_id"] for row in rows},
        configured=frozenset(channel for channel, there in open_ones.items() if there),
    )


async def standings(ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How it stands with the notifications that have an account and a topic known here."""
    app_id = wechat.client().appid if wechat.available() else ""
    rows = await fetch(_STANDINGS, list(ids), app_id, [topic.value for topic in RULES])
    return {row["id"]: _standing(row) for row in rows}


def _standing(row: dict[str, Any]) -> Standing:
    begin, end = row["quiet_from"], row["quiet_until"]
    return Standing(
        id=row["id"],
        account_id=row["account_id"],
        topic=Topic(row["topic"]),
        emergency=row["emergency"],
        of_notice=row["of_notice"],
        read=row["read"],
        gone=row["gone"],
        has_phone=row["has_phone"],
        wechat_user_id=row["wechat_user_id"],
        accepts=frozenset(row["accepts"] or ()),
        preferences=_object(row["preferences"]),
        # The column has a zone, which means nothing: the times are those of Shanghai's clocks.
        quiet=(QUIET_FROM, QUIET_UNTIL)
        if begin is None
        else (begin.replace(tzinfo=None), end.replace(tzinfo=None)),
    )


def _object(value: Any) -> dict[str, bool]:
    found = orjson.loads(value) if isinstance(value, str) else value
    return found or {}


_STANDINGS: Final = """
SELECT n.id, n.account_id, n.topic, n.emergency, n.read_at IS NOT NULL AS read,
       n.notice_id IS NOT NULL AS of_notice,
       a.locked_at IS NOT NULL OR a.closed_at IS NOT NULL AS gone,
       a.phone IS NOT NULL AS has_phone, w.id AS wechat_user_id,
       s.quiet_from, s.quiet_until,
       (SELECT array_agg(b.template_id) FROM subscription_balance b
         WHERE b.wechat_user_id = w.id AND (b.remaining > 0 OR b.always)) AS accepts,
       (SELECT jsonb_object_agg(p.topic_group || ':' || p.channel, p.wanted)
          FROM notification_preference p WHERE p.account_id = a.id) AS preferences
FROM notification n
JOIN account a ON a.id = n.account_id
LEFT JOIN recipient_settings s ON s.account_id = a.id
LEFT JOIN LATERAL (SELECT u.id FROM wechat_user u WHERE u.account_id = a.id AND u.app_id = $2
                   ORDER BY u.last_seen_at DESC LIMIT 1) w ON TRUE
WHERE n.id = ANY($1::uuid[]) AND n.topic = ANY($3::text[])
"""
