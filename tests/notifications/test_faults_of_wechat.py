"""What each failure of WeChat does to a message: notifications/sending.py, channels/wechat.py."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from integrations import wechat
from integrations.wechat.emulator import Running
from integrations.wechat.errors import AtReset
from notifications.metrics import ATTEMPTS
from notifications.models import (
    Channel,
    ChannelPause,
    Delivery,
    SubscriptionBalance,
    SubscriptionEntry,
)
from notifications.pauses import paused
from notifications.sweeping import sweep
from tests.integrations.wechat.support import SEND, Helper, config_for
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
    """WeChat knows of accepts enough."""
    both = [TEMPLATE_ID, PLAIN_TEMPLATE_ID]
    await control.post("subscriptions", persona="tenant", templates=both, count=50)


async def left(template: str = TEMPLATE_ID) -> int:
    return (await SubscriptionBalance.get(template_id=template)).remaining


async def carried_out(control: Helper, calls: int) -> bool:
    """Whether so many calls are carried out in the end: delayed ones are after their delay."""
    async with asyncio.timeout(10):
        while await control.calls(SEND) < calls:  # noqa: ASYNC110 - another server's counter
            await asyncio.sleep(0.05)
    return await control.calls(SEND) == calls


PASSING: list[tuple[dict[str, Any], str]] = [
    ({"kind": "errcode", "errcode": -1}, "-1"),
    ({"kind": "errcode", "errcode": 45011}, "45011"),
    ({"kind": "http", "status": 502}, "BAD_ANSWER"),
]


@pytest.mark.parametrize(("fault", "code"), PASSING, ids=[code for _, code in PASSING])
async def test_what_may_pass_is_tried_again_and_the_accept_is_kept(
    control: Helper, fault: dict[str, Any], code: str
) -> None:
    await control.post("faults", path=SEND, **fault)
    news = await told(await somebody(accepts=1))
    await dispatched(news)
    row = await delivery(news)
    assert (row.state, row.attempts) == ("PLANNED", 1)
    assert now() + timedelta(seconds=10) < row.due_at < now() + timedelta(minutes=2)
    assert await left() == 1
    await sweep()
    assert await control.calls(SEND) == 1, "not before it is due"
    await make_due(news)
    await sweep()
    assert await outcomes(news) == [("RETRY", code), ("SENT", "")]
    assert await left() == 0
    assert len(await control.get("sent")) == 1


async def test_what_does_not_pass_is_given_up_after_some_attempts(
    control: Helper, short_messages: KeptMessages
) -> None:
    await control.post("faults", path=SEND, kind="http", status=503, times=0)
    news = await told(await somebody(accepts=1, phone=True))
    await dispatched(news)
    for _ in range(5):
        await make_due(news)
        await sweep()
    assert await outcomes(news) == [("RETRY", "BAD_ANSWER")] * 6 + [("SENT", "")]
    assert await states(news) == {"WECHAT": ("FAILED", "GAVE_UP"), "SMS": ("SENT", "")}
    assert await left() == 1


async def test_a_lasting_refusal_of_the_token_is_bounded(control: Helper) -> None:
    await control.post("faults", path=SEND, kind="errcode", errcode=40001, times=0)
    news = await told(await somebody(accepts=1))
    await dispatched(news)
    assert await control.calls(SEND) <= 2
    assert [outcome for outcome, _ in await outcomes(news)] == ["RETRY"]
    assert (await delivery(news)).state == "PLANNED"
    assert await left() == 1


@pytest.mark.parametrize("kind", ["drop", "malformed", "delay", "lost"])
async def test_a_lost_answer_is_repeated_once_and_the_record_says_so(
    control: Helper, short_messages: KeptMessages, kind: str
) -> None:
    await control.post("faults", path=SEND, kind=kind, seconds=1.5, times=0)
    news = await told(await somebody(accepts=2, phone=True))
    await dispatched(news)
    row = await delivery(news)
    assert (row.state, row.attempts) == ("PLANNED", 1)
    assert await left() == 1, "it may have been taken"
    await make_due(news)
    await sweep()
    assert [outcome for outcome, _ in await outcomes(news)] == ["UNKNOWN", "UNKNOWN", "SENT"]
    assert await states(news) == {"WECHAT": ("FAILED", "NO_ANSWER"), "SMS": ("SENT", "")}
    assert await left() == 1, "the repeat is for the same accept"
    await sweep()
    assert await carried_out(control, 2)


async def test_no_connection_is_no_lost_answer(emulator: Running) -> None:
    nobody = wechat.Client(config_for("http://127.0.0.1:9", read=1.0, total=1.0))
    before = wechat.use(nobody)
    try:
        news = await told(await somebody(accepts=1), PLAIN)
        await dispatched(news)
        assert await outcomes(news) == [("RETRY", "UNREACHABLE")]
        assert await left(PLAIN_TEMPLATE_ID) == 1
    finally:
        wechat.use(before)
        await nobody.close()


async def test_who_refused_gets_the_next_channel_and_the_ledger_knows(
    control: Helper, short_messages: KeptMessages
) -> None:
    await control.post("subscriptions", persona="tenant", templates=[TEMPLATE_ID], answer="reject")
    news = await told(await somebody(accepts=3, phone=True))
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("FAILED", "NO_SUBSCRIPTION"), "SMS": ("SENT", "")}
    assert (await outcomes(news))[0] == ("REFUSED", "43101")
    assert await left() == 0
    assert await SubscriptionEntry.filter(change="USED_UP").count() == 1
    await sweep()
    assert await control.calls(SEND) == 1, "never again"


@pytest.mark.parametrize(
    ("errcode", "reason"),
    [
        (47003, "TEMPLATE_BROKEN"),
        (40037, "TEMPLATE_BROKEN"),
        (41030, "TEMPLATE_BROKEN"),
        (40003, "USER_UNKNOWN"),
        (43107, "REFUSED"),
        (99999, "REFUSED"),
    ],
)
async def test_what_is_refused_for_good_goes_the_next_way_and_is_counted(
    control: Helper, errcode: int, reason: str
) -> None:
    counter = ATTEMPTS.labels("WECHAT", "REFUSED", reason)
    before = counter._value.get()
    await control.post("faults", path=SEND, kind="errcode", errcode=errcode)
    news = await told(await somebody(accepts=1, phone=True))
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("FAILED", reason), "SMS": ("SENT", "")}
    assert await left() == 1, "WeChat took nothing"
    assert counter._value.get() == before + 1


async def test_a_used_up_quota_pauses_the_channel_and_loses_nothing(
    control: Helper, short_messages: KeptMessages
) -> None:
    await control.post("faults", path=SEND, kind="errcode", errcode=45009)
    who = await somebody(accepts=3, phone=True)
    first = await told(who)
    await dispatched(first)
    reset = AtReset.moment(now())
    assert await paused() == {Channel.WECHAT: reset}
    pause = await ChannelPause.get(ended_at=None)
    assert (pause.reason, pause.paused_by) == ("QUOTA_USED_UP", None)
    second = await told(who)
    await dispatched(second)
    assert await control.calls(SEND) == 1, "nothing is sent during a pause"
    assert {row.due_at for row in await Delivery.all()} == {reset}
    assert short_messages.sent == [], "it waits"
    # The day ends.
    await ChannelPause.all().update(paused_at=now() - timedelta(days=1), until=now())
    await make_due(first, second)
    await sweep()
    assert {row.state for row in await Delivery.all()} == {"SENT"}
    assert await ChannelPause.filter(ended_at=None).count() == 0
    assert await left() == 1


async def test_an_emergency_does_not_wait_for_a_pause_to_end(
    control: Helper, short_messages: KeptMessages
) -> None:
    await control.post("faults", path=SEND, kind="errcode", errcode=45009)
    who = await somebody(accepts=3, phone=True)
    news = [await told(who, emergency=True), await told(who, emergency=True)]
    for each in news:
        await dispatched(each)
        assert await states(each) == {"WECHAT": ("SKIPPED", "PAUSED"), "SMS": ("SENT", "")}
    assert await control.calls(SEND) == 1
    assert await left() == 3


async def test_an_emergency_without_another_way_waits_after_all(control: Helper) -> None:
    await control.post("faults", path=SEND, kind="errcode", errcode=45009)
    news = await told(await somebody(accepts=1), emergency=True)
    await dispatched(news)
    assert await states(news) == {"WECHAT": ("PLANNED", ""), "SMS": ("SKIPPED", "NO_PHONE")}
    assert (await delivery(news)).due_at == AtReset.moment(now())


async def test_one_message_that_fails_does_not_hold_up_the_others(control: Helper) -> None:
    await control.post("faults", path=SEND, kind="errcode", errcode=40003)
    who = await somebody(accepts=30)
    news = [await told(who, PLAIN) for _ in range(30)]
    await dispatched(*news)
    found = sorted(row.state for row in await Delivery.all())
    assert found == ["FAILED"] + ["SENT"] * 29
