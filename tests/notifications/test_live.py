"""Live: news reaches open inboxes, each their own; nothing is lost while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast
from uuid import UUID

import pytest
import structlog

from core.errors import NotFound, Unauthenticated
from core.redis import client, connected
from identity.actor import Actor, ActorKind, anonymous
from identity.models import Account
from notifications.live import channel, show, watch
from notifications.models import Notification
from notifications.telling import Recipient
from tests import factories
from tests.redis_wire import wire


@pytest.fixture(autouse=True)
async def in_process() -> AsyncIterator[None]:
    async with connected(None):
        yield


def actor_of(account: Account) -> Actor:
    return Actor(kind=ActorKind.ACCOUNT, id=account.id)


@asynccontextmanager
async def watching(actor: Actor) -> AsyncIterator[asyncio.Queue[UUID]]:
    """What somebody's open inbox shows."""
    shown: asyncio.Queue[UUID] = asyncio.Queue()

    async def follow() -> None:
        async with aclosing(cast("Any", watch(actor))) as news:
            async for notification_id in news:
                shown.put_nowait(notification_id)

    task = asyncio.create_task(follow())
    try:
        yield shown
    finally:
        task.cancel()
        await asyncio.wait([task])


async def listened_for(to: Recipient) -> None:
    async with asyncio.timeout(10):
        while not (await client().pubsub_numsub(channel(to)))[0][1]:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


async def next_of(shown: asyncio.Queue[UUID]) -> UUID:
    async with asyncio.timeout(10):
        return await shown.get()


async def test_each_open_inbox_shows_its_own_news_once(committed_db: None) -> None:
    one, two = await factories.account(), await factories.account()
    async with watching(actor_of(one)) as of_one, watching(actor_of(two)) as of_two:
        await listened_for(Recipient(account_id=one.id))
        await listened_for(Recipient(account_id=two.id))
        first = await factories.notification(one)
        second = await factories.notification(two)
        await show([first.id, second.id])
        await show([first.id, second.id])  # the job was repeated
        last = await factories.notification(one)
        await show([last.id])
        assert [await next_of(of_one), await next_of(of_one)] == [first.id, last.id]
        assert await next_of(of_two) == second.id
        assert of_two.empty()


async def test_what_is_sent_through_redis_is_an_id_and_nothing_else(committed_db: None) -> None:
    who = await factories.account()
    async with client().pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(channel(Recipient(account_id=who.id)))
        told = await factories.notification(who)
        await show([told.id])
        async with asyncio.timeout(10):
            while (message := await pubsub.get_message(timeout=0.1)) is None:
                pass
        assert message["data"] == str(told.id).encode()
        await pubsub.unsubscribe()


async def test_without_redis_showing_stops_nobody_and_says_so(committed_db: None) -> None:
    told = await factories.notification(await factories.account())
    with structlog.testing.capture_logs() as lines:
        async with connected("redis://127.0.0.1:1"):
            await show([told.id])
    assert [line["event"] for line in lines] == ["inbox.not_shown"]
    assert await Notification.filter(id=told.id).exists()


async def test_what_was_told_while_redis_was_away_is_shown_when_it_is_back(
    committed_db: None, redis_url: str | None
) -> None:
    """The rows are the truth: a message that went past is made up for."""
    if redis_url is None:
        pytest.skip("REDIS_URL is not set")
    who = await factories.account()
    async with wire(redis_url) as line, connected(line.url):
        line.open = False
        async with watching(actor_of(who)) as shown:
            with structlog.testing.capture_logs() as lines:
                async with asyncio.timeout(10):
                    # The log has no event to wait for.
                    while "listening.lost" not in [told["event"] for told in lines]:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                told = [await factories.notification(who) for _ in range(3)]
                await show([one.id for one in told])
            assert "inbox.not_shown" in [one["event"] for one in lines]
            line.open = True
            assert [await next_of(shown) for _ in told] == [one.id for one in told]
            assert shown.empty()


async def test_who_has_no_inbox_can_watch_none(db: None) -> None:
    for actor, refusal in (
        (anonymous(), Unauthenticated),
        (Actor(kind=ActorKind.APP, id=(await factories.account()).id), NotFound),
        (Actor(kind=ActorKind.STAFF, id=(await factories.account()).id, enrolling=True), NotFound),
    ):
        with pytest.raises(refusal):
            await anext(watch(actor))
