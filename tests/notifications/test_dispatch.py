"""From a notification to somebody's telephone: notifications/dispatch, routing, sending."""

from __future__ import annotations

import asyncio

import pytest

from core.clock import now
from core.hearing import Missed, listening
from integrations.wechat.emulator import PERSONAS
from notifications.live import channel
from notifications.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    Preference,
    SubscriptionBalance,
    WeChatTemplate,
)
from notifications.telling import Recipient
from tests.integrations.wechat.support import SEND, Helper
from tests.notifications.support import (
    PLAIN,
    TEMPLATE_ID,
    KeptMessages,
    delivery,
    dispatched,
    outcomes,
    somebody,
    states,
    told,
)

pytestmark = pytest.mark.usefixtures("letters")


async def test_a_message_goes_out_by_wechat_and_says_where_it_leads(control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE_ID])
    news = await told(await somebody(accepts=1))
    await dispatched(news)
    (sent,) = await control.get("sent")
    assert sent["touser"] == PERSONAS["tenant"].openid
    assert sent["template_id"] == TEMPLATE_ID
    assert sent["data"] == {"thing1": "采光好的单间", "thing2": "测试公寓"}
    assert sent["page"] == f"pages/message/index?id={news.id}"
    row = await delivery(news)
    assert (row.state, row.provider_ref, row.attempts) == ("SENT", sent["msgid"], 1)
    assert row.sent_at is not None
    assert await outcomes(news) == [("SENT", "")]
    assert await states(news) == {"WECHAT": ("SENT", "")}
    assert (await SubscriptionBalance.get(template_id=TEMPLATE_ID)).remaining == 0


async def test_open_inboxes_hear_of_it(control: Helper) -> None:
    who = await somebody()
    news = await told(who)
    async with listening(channel(Recipient(account_id=who.id))) as heard:
        assert isinstance(await heard.get(), Missed)  # listening has begun
        await dispatched(news)
        assert await heard.get() == str(news.id).encode()


async def test_run_again_and_by_many_at_once_it_sends_once(control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE_ID], count=9)
    who = await somebody(accepts=9)
    news = [await told(who) for _ in range(9)]
    await asyncio.gather(*(dispatched(*news) for _ in range(5)))
    await dispatched(*news)
    assert len(await control.get("sent")) == 9
    assert await Delivery.filter(state="SENT").count() == 9
    assert await DeliveryAttempt.all().count() == 9


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ({"persona": None}, "NO_WECHAT"),
        ({"accepts": 0}, "NO_SUBSCRIPTION"),
    ],
)
async def test_who_is_not_reached_by_wechat_gets_a_short_message(
    control: Helper, short_messages: KeptMessages, who: dict[str, object], reason: str
) -> None:
    news = await told(await somebody(phone=True, **who))  # type: ignore[arg-type]
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SKIPPED", reason), "SMS": ("SENT", "")}
    ((phone, template, values),) = short_messages.sent
    assert (len(phone), template) == (11, "notice")
    assert "看房" in values["subject"]
    (link,) = await control.get("links")
    assert values["link"] in link
    assert (await delivery(news, Channel.SMS)).provider_ref == "serial-1"


async def test_without_a_template_of_wechat_the_next_channel_is_taken(
    control: Helper, short_messages: KeptMessages
) -> None:
    await WeChatTemplate.all().update(replaced_at=now())
    news = await told(await somebody(accepts=1, phone=True))
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SKIPPED", "NO_TEMPLATE"), "SMS": ("SENT", "")}


async def test_who_can_be_reached_no_way_has_it_in_the_inbox_alone(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody())
    await dispatched(news)
    assert await states(news) == {
        "WECHAT": ("SKIPPED", "NO_SUBSCRIPTION"),
        "SMS": ("SKIPPED", "NO_PHONE"),
    }
    assert short_messages.sent == []


async def test_a_channel_that_somebody_switched_off_is_not_used(
    control: Helper, short_messages: KeptMessages
) -> None:
    who = await somebody(accepts=1, phone=True)
    await Preference.create(account_id=who.id, group="SEEKING", channel="WECHAT", wanted=False)
    news = await told(who)
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SKIPPED", "NOT_WANTED"), "SMS": ("SENT", "")}


async def test_an_emergency_is_told_whatever_is_switched_off(control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE_ID])
    who = await somebody(accepts=1)
    await Preference.create(account_id=who.id, group="SEEKING", channel="WECHAT", wanted=False)
    news = await told(who, emergency=True)
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SENT", "")}


async def test_what_was_read_already_is_not_sent(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(accepts=1, phone=True), read_at=now())
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SKIPPED", "READ")}
    assert await control.calls(SEND) == 0
    assert short_messages.sent == []


async def test_a_locked_account_is_sent_nothing(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(accepts=1, phone=True, locked_at=now()), PLAIN)
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SKIPPED", "GONE")}
    assert await control.calls(SEND) == 0
