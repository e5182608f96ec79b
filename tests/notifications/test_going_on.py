"""What each minute goes on with: notifications/sweeping.py."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, timedelta
from uuid import UUID

import pytest
from tortoise.transactions import in_transaction

from core.clock import SHANGHAI, now
from core.ids import uuid7_floor
from notifications import deliveries
from notifications.metrics import OLDEST, WAITING
from notifications.models import (
    Channel,
    ChannelPause,
    Delivery,
    DeliveryAttempt,
    Notification,
    RecipientSettings,
)
from notifications.routing import route
from notifications.sweeping import FORGOTTEN_AFTER, FORGOTTEN_UNTIL, sweep
from tests.integrations.wechat.support import SEND, Helper
from tests.notifications.support import (
    PLAIN,
    PLAIN_TEMPLATE_ID,
    TEMPLATE_ID,
    KeptMessages,
    delivery,
    dispatched,
    make_due,
    outcomes,
    somebody,
    states,
    told,
)

pytestmark = pytest.mark.usefixtures("letters", "short_messages")


@pytest.fixture(autouse=True)
async def accepted(control: Helper) -> None:
    both = [TEMPLATE_ID, PLAIN_TEMPLATE_ID]
    await control.post("subscriptions", persona="tenant", templates=both, count=50)


async def died(*, ago: timedelta = timedelta(seconds=1)) -> None:
    """A worker claims what is due, puts it on record, and is never heard of again."""
    async with in_transaction():
        claims = await deliveries.claim(20)
        await deliveries.record_attempts(claims)
    ids = [one.id for one in claims]
    await Delivery.filter(id__in=ids).update(claimed_until=now() - ago)


async def test_what_a_dead_worker_held_is_sent_once_more_and_the_record_says_so(
    control: Helper,
) -> None:
    news = await told(await somebody(accepts=1), PLAIN)
    await route([news.id])
    await died()
    await sweep()
    assert await states(news) == {"WECHAT": ("PLANNED", "")}
    await make_due(news)
    await sweep()
    assert await outcomes(news) == [("UNKNOWN", "WORKER_LOST"), ("SENT", "")]
    assert await control.calls(SEND) == 1


async def test_a_message_that_kills_workers_is_given_up(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(accepts=1, phone=True))
    await route([news.id])
    for _ in range(2):
        await died()
        await sweep()
        await make_due(news)
    await sweep()
    assert await states(news) == {"WECHAT": ("FAILED", "NO_ANSWER"), "SMS": ("SENT", "")}
    assert await control.calls(SEND) == 0


async def test_a_claim_that_still_holds_is_left_alone(control: Helper) -> None:
    news = await told(await somebody(accepts=1), PLAIN)
    await route([news.id])
    await died(ago=-timedelta(seconds=30))
    await sweep()
    assert await states(news) == {"WECHAT": ("SENDING", "")}
    assert await outcomes(news) == [("STARTED", "")]


async def test_a_worker_thought_dead_changes_nothing_when_it_comes_back(control: Helper) -> None:
    """Its late answer finds the attempt given up: only one of the two settles it."""
    from notifications.attempts import Verdict
    from notifications.deliveries import Settled
    from notifications.models import AttemptOutcome

    news = await told(await somebody(accepts=1), PLAIN)
    await route([news.id])
    async with in_transaction():
        (claim,) = await deliveries.claim(1)
        ids = await deliveries.record_attempts([claim])
    await Delivery.all().update(claimed_until=now())
    await sweep()
    late = Settled(claim, ids[claim.id], Verdict(outcome=AttemptOutcome.SENT))
    async with in_transaction():
        assert await deliveries.end_attempts([late]) == []
    assert await outcomes(news) == [("UNKNOWN", "WORKER_LOST")]


async def test_in_quiet_hours_nothing_is_sent_but_an_emergency(control: Helper) -> None:
    local = now().astimezone(SHANGHAI)
    # The column wants a zone, which means nothing.
    begin = (local - timedelta(hours=1)).time().replace(tzinfo=UTC)
    end = (local + timedelta(hours=1)).time().replace(tzinfo=UTC)
    who = await somebody(accepts=2)
    await RecipientSettings.filter(account_id=who.id).update(quiet_from=begin, quiet_until=end)
    news, emergency = await told(who, PLAIN), await told(who, PLAIN, emergency=True)
    await dispatched(news, emergency)
    assert await states(emergency) == {"WECHAT": ("SENT", "")}
    row = await delivery(news)
    assert row.state == "PLANNED"
    assert row.due_at.astimezone(SHANGHAI).timetz() == end.replace(tzinfo=SHANGHAI)
    # Due too early, as after a pause of the channel that ends at midnight: it is looked at again.
    await make_due(news)
    await sweep()
    assert (await delivery(news)).due_at.astimezone(SHANGHAI).timetz() == end.replace(
        tzinfo=SHANGHAI
    )
    assert await control.calls(SEND) == 1
    await RecipientSettings.filter(account_id=who.id).update(quiet_from=end, quiet_until=end)
    await make_due(news)
    await sweep()
    assert await states(news) == {"WECHAT": ("SENT", "")}


async def test_what_is_read_while_it_waits_is_not_sent(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(accepts=1, phone=True))
    await route([news.id])
    news.read_at = now()
    await news.save()
    await sweep()
    assert await states(news) == {"WECHAT": ("SKIPPED", "READ")}
    assert (await control.calls(SEND), short_messages.sent) == (0, [])


async def test_an_accept_that_is_gone_meanwhile_leads_to_the_next_channel(
    control: Helper, short_messages: KeptMessages
) -> None:
    who = await somebody(accepts=1, phone=True)
    first, second = await told(who), await told(who)
    await route([first.id, second.id])
    await sweep()
    found = [await states(first), await states(second)]
    assert {"WECHAT": ("SENT", "")} in found
    assert {"WECHAT": ("SKIPPED", "NO_SUBSCRIPTION"), "SMS": ("SENT", "")} in found


async def test_a_pause_by_staff_holds_everything_until_it_ends(control: Helper) -> None:
    pause = await ChannelPause.create(
        channel=Channel.WECHAT, reason="测试", paused_by=None, paused_at=now()
    )
    news = await told(await somebody(accepts=1), PLAIN)
    await dispatched(news)
    await sweep()
    assert await states(news) == {"WECHAT": ("PLANNED", "")}
    assert WAITING._value.get() == 1
    assert OLDEST._value.get() == 0, "it waits by intent"
    pause.ended_at = now()
    await pause.save()
    await sweep()
    assert await states(news) == {"WECHAT": ("SENT", "")}
    assert WAITING._value.get() == 0


async def test_an_emergency_planned_before_the_pause_takes_another_way(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(accepts=1, phone=True), emergency=True)
    await route([news.id])
    await ChannelPause.create(channel=Channel.WECHAT, reason="测试", paused_at=now())
    await sweep()
    assert await states(news) == {"WECHAT": ("SKIPPED", "PAUSED"), "SMS": ("SENT", "")}
    assert await DeliveryAttempt.all().count() == 1


async def test_a_worker_told_to_stop_settles_what_it_has_begun(control: Helper) -> None:
    await control.post("faults", path=SEND, kind="delay", seconds=0.3)
    news = await told(await somebody(accepts=1), PLAIN)
    working = asyncio.create_task(dispatched(news))
    async with asyncio.timeout(10):
        while not await DeliveryAttempt.exists():  # noqa: ASYNC110 - the row is what tells
            await asyncio.sleep(0.01)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await outcomes(news) == [("SENT", "")]
    assert await states(news) == {"WECHAT": ("SENT", "")}


async def made(ago: timedelta) -> Notification:
    """News that was written so long ago, and whose job failed for good."""
    old = UUID(int=uuid7_floor(now() - ago).int | secrets.randbits(60))
    return await told(await somebody(accepts=1), PLAIN, id=old)


async def test_news_without_a_way_is_not_forgotten(control: Helper) -> None:
    news = await made(FORGOTTEN_AFTER + timedelta(minutes=1))
    await sweep()
    assert await states(news) == {"WECHAT": ("SENT", "")}
    assert await control.calls(SEND) == 1


@pytest.mark.parametrize(
    "ago", [FORGOTTEN_AFTER - timedelta(minutes=1), FORGOTTEN_UNTIL + timedelta(minutes=1)]
)
async def test_news_of_just_now_has_its_job_and_old_news_stays_in_the_inbox(
    control: Helper, ago: timedelta
) -> None:
    news = await made(ago)
    await sweep()
    assert await states(news) == {}
    assert await control.calls(SEND) == 0
