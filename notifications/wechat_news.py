"""What WeChat tells of subscriptions: accepts, changes in the settings, and whether a message
arrived. Pushes come twice, late and in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from tortoise.transactions import in_transaction

from core.clock import now
from core.database import fetch
from core.events import later
from core.jobs import defer, job
from identity.events import WeChatMessageFateKnown, WeChatSubscriptionsChanged
from identity.wechat.pushes import Pushed, pushed
from integrations.wechat.push import SubscriptionNews
from notifications.ledger import record_accepts, record_settings
from notifications.models import Channel, SubscriptionSource
from notifications.routing import route
from notifications.telling import QUEUE

IN_DIALOGUE: Final = "subscribe_msg_popup_event"
NOT_ARRIVED: Final = "NOT_ARRIVED"
"""WeChat took the message and could not bring it to the telephone."""

AGAIN: Final = timedelta(seconds=15)
PATIENCE: Final = timedelta(minutes=2)
"""So long the news on a message may be quicker than the answer that gives its number."""


@later(WeChatSubscriptionsChanged, name="notifications.subscriptions_changed", queue=QUEUE)
async def note_subscriptions(event: WeChatSubscriptionsChanged) -> None:
    """Write accepts and changes of the settings into the ledger."""
    push = await pushed(event.push_id)
    if push is None or push.wechat_user_id is None:
        return
    answers = [
        (one.template_id, one.accepted) for one in push.subscriptions if one.accepted is not None
    ]
    user_id, key, at = push.wechat_user_id, str(event.push_id), push.happened_at
    if push.kind == IN_DIALOGUE:
        source = SubscriptionSource.PUSH
        await record_accepts(user_id, answers, source=source, key=key, at=at)
    else:
        await record_settings(user_id, answers, key=key, at=at)


@later(WeChatMessageFateKnown, name="notifications.message_fate_known", queue=QUEUE)
async def hear_of_fate(event: WeChatMessageFateKnown) -> None:
    """Note that a message arrived, or go on to the next channel."""
    await note_fate(1, str(event.push_id))


@job("notifications.note_fate", queue=QUEUE)
async def note_fate(version: int, push_id: str) -> None:
    """Note what became of messages; looks again a little later for those not known yet."""
    push = await pushed(UUID(push_id))
    if push is None:
        return
    async with in_transaction():
        known = [await _note(one, push) for one in push.subscriptions]
        if not all(known) and push.happened_at > now() - PATIENCE:
            args = {"version": version, "push_id": push_id}
            await defer("notifications.note_fate", args, queue=QUEUE, at=now() + AGAIN)


async def _note(news: SubscriptionNews, push: Pushed) -> bool:
    """Whether the message is one of ours by now."""
    arrived = push.happened_at if news.errcode == 0 else None
    rows = await fetch(_NOTE, Channel.WECHAT.value, news.message_id, arrived, NOT_ARRIVED)
    await route([row["notification_id"] for row in rows if row["failed"]])
    return bool(rows)


_NOTE: Final = """
UPDATE delivery SET arrived_at = coalesce(arrived_at, $3),
    state = CASE WHEN $3::timestamptz IS NULL AND arrived_at IS NULL THEN 'FAILED' ELSE state END,
    reason = CASE WHEN $3::timestamptz IS NULL AND arrived_at IS NULL THEN $4 ELSE reason END
WHERE channel = $1 AND provider_ref = $2 AND state IN ('SENT', 'FAILED')
RETURNING notification_id, state = 'FAILED' AS failed
"""
