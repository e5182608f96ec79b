"""What WeChat pushes: kept once however often it comes, and told to the packages above.

WeChat repeats what is not acknowledged within seconds, in any order. So a push is one row and the
jobs of its event, nothing else; ``@later`` handlers of the events do the work and must bear
pushes that come twice, late or before what they speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from core.clock import now
from core.crypto import reveal, ring, seal
from core.database import fetch
from core.events import Event, emit
from core.work import work
from identity.actor import SYSTEM
from identity.events import (
    WeChatMediaChecked,
    WeChatMessageFateKnown,
    WeChatSubscriptionsChanged,
)
from identity.models import WeChatPush, WeChatUser
from integrations.wechat.push import MediaVerdict, PushEvent, SubscriptionNews
from integrations.wechat.results import Suggest

_LONGEST_KIND: Final = 60

_TOLD: Final[Mapping[str, Callable[[UUID], Event]]] = {
    "wxa_media_check": lambda push_id: WeChatMediaChecked(push_id=push_id),
    "subscribe_msg_popup_event": lambda push_id: WeChatSubscriptionsChanged(push_id=push_id),
    "subscribe_msg_change_event": lambda push_id: WeChatSubscriptionsChanged(push_id=push_id),
    "subscribe_msg_sent_event": lambda push_id: WeChatMessageFateKnown(push_id=push_id),
}
"""WeChat's name of an event → ours. Other kinds are kept and tell nobody anything."""

_INSERT: Final = (
    "INSERT INTO wechat_push"
    " (id, key, kind, openid, openid_index, trace_id, content, happened_at, received_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9)"
    " ON CONFLICT (key) DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push as it was kept; account and user are whose openid it is about, if that is known."""

    kind: str
    happened_at: datetime
    account_id: UUID | None
    wechat_user_id: UUID | None
    media: MediaVerdict | None
    subscriptions: tuple[SubscriptionNews, ...]


async def take_push(event: PushEvent) -> bool:
    """Keep what WeChat pushed, and tell of it; ``False``: it came before, and nothing changes.

    What people wrote is not kept: only verdicts, subscriptions and the kind of event are.
    """
    push = WeChatPush(key=event.key, kind=event.kind[:_LONGEST_KIND])
    seal(push, "openid", event.openid)
    async with work(SYSTEM):
        new = await fetch(
            _INSERT,
            push.id,
            push.key,
            push.kind,
            push.openid,
            _indexes(event.openid)[0],
            event.media.trace_id if event.media else None,
            orjson.dumps(_content(event)).decode(),
            event.created_at,
            now(),
        )
        if new and (tell := _TOLD.get(event.kind)):
            await emit(tell(push.id))
    return bool(new)


async def pushed(push_id: UUID) -> Pushed | None:
    """One push, for who hears of it by an event; ``None``: it is no longer kept."""
    push = await WeChatPush.get_or_none(id=push_id)
    if push is None:
        return None
    openid = reveal(push, "openid") or ""
    user = (
        await WeChatUser.filter(openid_index__in=_indexes(openid)).only("id", "account_id").first()
    )
    return Pushed(
        push.kind,
        push.happened_at,
        user.account_id if user else None,
        user.id if user else None,
        _verdict(push.content),
        tuple(SubscriptionNews(**one) for one in _list(push.content, "subscriptions")),
    )


async def verdicts_on(trace_ids: Collection[str]) -> dict[str, MediaVerdict]:
    """What was pushed so far about checks of pictures, by trace id; the first push counts."""
    rows = await WeChatPush.filter(trace_id__in=list(trace_ids)).order_by("-id")
    found = {row.trace_id: _verdict(row.content) for row in rows}
    return {trace: verdict for trace, verdict in found.items() if trace and verdict}


def _content(event: PushEvent) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if event.media is not None:
        content["media"] = asdict(event.media)
    if event.subscriptions:
        content["subscriptions"] = [asdict(one) for one in event.subscriptions]
    return content


def _verdict(content: Mapping[str, Any]) -> MediaVerdict | None:
    media = content.get("media")
    if media is None:
        return None
    suggest = media["suggest"]
    return MediaVerdict(**{**media, "suggest": Suggest(suggest) if suggest else None})


def _list(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content.get(name, [])
    return found


def _indexes(openid: str) -> list[str]:
    """Of the column of users: a push leads to whom it is about."""
    return ring().indexes(openid, table="wechat_user", column="openid_index")
