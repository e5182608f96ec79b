"""What staff see and do about deliveries: notifications/log.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from core.database import fetch
from core.errors import Conflict, InvalidInput, NotFound, Unauthenticated, WrongState
from core.keyset import Page
from identity.actor import Actor, Permission, anonymous
from notifications import log
from notifications.log import DeliveryFilter
from notifications.models import Channel, ChannelPause, Delivery
from notifications.sweeping import sweep
from tests.integrations.wechat.support import SEND, Helper
from tests.management.support import holding
from tests.notifications.support import (
    PLAIN,
    PLAIN_TEMPLATE_ID,
    TEMPLATE_ID,
    KeptMessages,
    delivery,
    dispatched,
    outcomes,
    somebody,
    states,
    told,
)

pytestmark = pytest.mark.usefixtures("letters", "short_messages")

READER = holding(Permission.DELIVERIES_READ)
MANAGER = holding(Permission.DELIVERIES_READ, Permission.DELIVERIES_MANAGE)
COLUMNS = ["id", "notification__topic", "channel", "state", "reason"]


async def found(**where: Any) -> list[tuple[str, str, str]]:
    page = await log.list_deliveries(
        READER, where=DeliveryFilter(**where), page=Page(50), columns=COLUMNS
    )
    assert await log.count_deliveries(READER, where=DeliveryFilter(**where)) == len(page.rows)
    return [(row["channel"], row["state"], row["reason"]) for row in page.rows]


async def test_the_log_explains_everything_and_can_be_narrowed(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(phone=True))
    other = await told(await somebody(persona=None), PLAIN)
    await dispatched(news, other)
    skipped, sent = ("WECHAT", "SKIPPED", "NO_SUBSCRIPTION"), ("SMS", "SENT", "")
    nobody = ("WECHAT", "SKIPPED", "NO_WECHAT")
    assert sorted(await found()) == sorted([skipped, sent, nobody])
    assert sorted(await found(notification_id=news.id)) == sorted([skipped, sent])
    assert await found(channel=Channel.SMS) == [sent]
    assert sorted(await found(state="SKIPPED")) == sorted([skipped, nobody])
    assert await found(reason="NO_WECHAT") == [nobody]
    assert await found(topic=PLAIN) == [nobody]
    assert await found(since=now()) == []
    assert len(await found(until=now())) == 3
    (row,) = await Delivery.filter(channel="SMS")
    attempts = await log.attempts_of([row.id])
    assert [(one["number"], one["outcome"]) for one in attempts[row.id]] == [(1, "SENT")]


@pytest.mark.parametrize(
    ("actor", "error"),
    [(anonymous(), Unauthenticated), (holding(Permission.PLACES_READ), NotFound)],
)
async def test_nobody_else_reads_the_log(actor: Actor, error: type[Exception]) -> None:
    page: dict[str, Any] = {"page": Page(), "columns": ["id"]}
    with pytest.raises(error):
        await log.list_deliveries(actor, where=DeliveryFilter(), **page)
    with pytest.raises(error):
        await log.count_deliveries(actor, where=DeliveryFilter())
    with pytest.raises(error):
        await log.list_pauses(actor, **page)


async def test_who_only_reads_changes_nothing(control: Helper) -> None:
    news = await told(await somebody(persona=None), PLAIN)
    await dispatched(news)
    with pytest.raises(NotFound):
        await log.resend_delivery(READER, delivery_id=(await delivery(news)).id)
    with pytest.raises(NotFound):
        await log.pause_channel(READER, channel=Channel.SMS, reason="测试")
    with pytest.raises(NotFound):
        await log.resume_channel(READER, channel=Channel.SMS)
    assert await ChannelPause.all().count() == 0
    assert await states(news) == {"WECHAT": ("SKIPPED", "NO_WECHAT")}


async def test_what_failed_can_be_sent_again(control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[PLAIN_TEMPLATE_ID])
    await control.post("faults", path=SEND, kind="errcode", errcode=47003)
    news = await told(await somebody(accepts=1), PLAIN)
    await dispatched(news)
    row = await delivery(news)
    assert (row.state, row.reason) == ("FAILED", "TEMPLATE_BROKEN")
    await log.resend_delivery(MANAGER, delivery_id=row.id)
    assert await _jobs() == 1
    await dispatched(news)
    assert await outcomes(news) == [("REFUSED", "47003"), ("SENT", "")]
    with pytest.raises(WrongState):
        await log.resend_delivery(MANAGER, delivery_id=row.id)


async def test_what_another_channel_brought_is_not_sent_again(
    control: Helper, short_messages: KeptMessages
) -> None:
    news = await told(await somebody(phone=True))
    await dispatched(news)
    with pytest.raises(Conflict):
        await log.resend_delivery(MANAGER, delivery_id=(await delivery(news)).id)
    assert await states(news) == {"WECHAT": ("SKIPPED", "NO_SUBSCRIPTION"), "SMS": ("SENT", "")}
    assert await _jobs() == 0


async def test_sent_again_it_meets_what_still_stands_in_its_way(control: Helper) -> None:
    news = await told(await somebody(persona=None), PLAIN)
    await dispatched(news)
    await log.resend_delivery(MANAGER, delivery_id=(await delivery(news)).id)
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("SKIPPED", "NO_WECHAT")}


async def test_a_channel_rests_until_somebody_lets_it_go_on(control: Helper) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE_ID])
    until = now() + timedelta(hours=5)
    await log.pause_channel(MANAGER, channel=Channel.WECHAT, reason="模板在改", until=until)
    with pytest.raises(Conflict):
        await log.pause_channel(MANAGER, channel=Channel.WECHAT, reason="再停一次")
    news = await told(await somebody(accepts=1))
    await dispatched(news)
    assert (await delivery(news)).due_at == until
    pause = await log.resume_channel(MANAGER, channel=Channel.WECHAT)
    assert pause.ended_at is not None
    await sweep()
    assert await states(news) == {"WECHAT": ("SENT", "")}
    with pytest.raises(WrongState):
        await log.resume_channel(MANAGER, channel=Channel.WECHAT)
    rows = (await log.list_pauses(READER, page=Page(), columns=["channel", "reason"])).rows
    assert [(row["channel"], row["reason"]) for row in rows] == [("WECHAT", "模板在改")]


@pytest.mark.parametrize(("reason", "hours"), [("", 1), ("x", 1), ("长" * 201, 1), ("测试", -1)])
async def test_a_pause_needs_a_reason_and_an_end_to_come(reason: str, hours: int) -> None:
    until = now() + timedelta(hours=hours)
    with pytest.raises(InvalidInput):
        await log.pause_channel(MANAGER, channel=Channel.SMS, reason=reason, until=until)
    assert await ChannelPause.all().count() == 0


async def _jobs() -> int:
    rows = await fetch(
        "SELECT count(*) AS number FROM procrastinate_jobs"
        " WHERE task_name = 'notifications.dispatch'"
    )
    return int(rows[0]["number"])
