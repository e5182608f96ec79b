"""What WeChat pushes on subscriptions, to the ledger and the deliveries: wechat_news.py."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from core.clock import now
from core.crypto import ring
from core.database import fetch
from identity.events import WeChatSubscriptionsChanged
from identity.models import WeChatPush, WeChatUser
from identity.wechat.pushes import take_push
from integrations.wechat.emulator import PERSONAS
from integrations.wechat.push import PushEvent, SubscriptionNews
from notifications.models import SubscriptionBalance
from notifications.wechat_news import note_fate, note_subscriptions
from tests.integrations.wechat.support import Helper
from tests.notifications.support import (
    TEMPLATE_ID,
    KeptMessages,
    delivery,
    dispatched,
    somebody,
    states,
    told,
)

OPENID = PERSONAS["tenant"].openid
T = TEMPLATE_ID


@pytest.fixture
async def user(letters: None) -> WeChatUser:
    await somebody(phone=True)
    user = await WeChatUser.get()
    user.openid_index = ring().index(OPENID, table="wechat_user", column="openid_index")
    await user.save()
    return user


def event(kind: str, key: str, news: SubscriptionNews, at: datetime) -> PushEvent:
    return PushEvent(kind, key, at, OPENID, subscriptions=(news,))


async def pushed(kind: str, key: str, news: SubscriptionNews, at: datetime | None = None) -> str:
    await take_push(event(kind, key, news, at or now()))
    return str((await WeChatPush.get(key=key)).id)


async def remaining() -> int:
    row = await SubscriptionBalance.get_or_none(template_id=T)
    return row.remaining if row else 0


@pytest.mark.parametrize("seed", range(4))
async def test_pushes_thrice_and_shuffled_come_to_the_same_balance(
    user: WeChatUser, seed: int
) -> None:
    start = now() - timedelta(hours=5)
    kinds = ["subscribe_msg_popup_event"] * 4
    kinds[1:1] = ["subscribe_msg_change_event"]
    ids = [
        await pushed(
            kind, f"k{number}", SubscriptionNews(T, kind == "subscribe_msg_popup_event"),
            start + timedelta(hours=number),
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip
    told_of = ids * 3
    random.Random(seed).shuffle(told_of)
    for push_id in told_of:
        await note_subscriptions(WeChatSubscriptionsChanged(push_id=push_id))  # type: ignore[arg-type]
    assert await remaining() == 3, f"seed {seed}: one before the no, three after it"


async def test_a_push_on_somebody_unknown_changes_nothing(letters: None) -> None:
    push_id = await pushed("subscribe_msg_popup_event", "k", SubscriptionNews(T, True))
    await note_subscriptions(WeChatSubscriptionsChanged(push_id=push_id))  # type: ignore[arg-type]
    assert await SubscriptionBalance.all().count() == 0


async def sent(control: Helper) -> tuple[object, str]:
    await control.post("subscriptions", persona="tenant", templates=[T])
    news = await told(await somebody(accepts=1, phone=True))
    await dispatched(news)
    return news, (await control.get("sent"))[0]["msgid"]


async def test_a_message_that_arrived_is_noted_as_such(control: Helper, letters: None) -> None:
    news, number = await sent(control)
    at = now()
    for _ in range(2):
        await note_fate(1, await _fate(number, 0, at))
    row = await delivery(news)  # type: ignore[arg-type]
    assert (row.state, row.arrived_at) == ("SENT", at)


async def test_one_that_did_not_arrive_goes_the_next_way_once(
    control: Helper, letters: None, short_messages: KeptMessages
) -> None:
    news, number = await sent(control)
    push_id = await _fate(number, 1, now())
    for _ in range(3):
        await note_fate(1, push_id)
    assert (await states(news))["WECHAT"] == ("FAILED", "NOT_ARRIVED")  # type: ignore[arg-type]
    row = (await states(news))["SMS"]  # type: ignore[arg-type]
    assert row == ("PLANNED", "")
    await dispatched(news)  # type: ignore[arg-type]
    assert len(short_messages.sent) == 1


async def test_news_quicker_than_the_answer_is_looked_at_again(
    control: Helper, letters: None
) -> None:
    push_id = await _fate("77", 0, now())
    await note_fate(1, push_id)
    assert await _waiting() == 1
    old = await _fate("78", 0, now() - timedelta(minutes=5))
    await note_fate(1, old)
    assert await _waiting() == 1, "of a message that is not ours nothing more is expected"


async def _fate(number: str, errcode: int, at: datetime) -> str:
    known = await WeChatPush.filter(key=f"f{number}").first()
    if known is not None:
        return str(known.id)
    news = SubscriptionNews(T, None, number, errcode)
    return await pushed("subscribe_msg_sent_event", f"f{number}", news, at)


async def _waiting() -> int:
    rows = await fetch(
        "SELECT count(*) AS number FROM procrastinate_jobs"
        " WHERE task_name = 'notifications.note_fate'"
    )
    return int(rows[0]["number"])
