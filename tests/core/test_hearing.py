"""Listening on Redis: everybody hears their channel, and learns when they may have missed some."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from core import redis
from core.clock import now
from core.hearing import Ear, Missed, listening
from core.redis import client, connected
from tests.redis_wire import wire

CHANNEL, OTHER = "test-hearing:one", "test-hearing:two"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no Redis that is down."""
    monkeypatch.setattr(redis, "ANSWER_SECONDS", 5.0)


@pytest.fixture(params=["in process", "server"])
async def server(request: pytest.FixtureRequest, redis_url: str | None) -> AsyncIterator[None]:
    url = redis_url if request.param == "server" else None
    if request.param == "server" and url is None:
        pytest.skip("REDIS_URL is not set")
    async with connected(url):
        yield


async def next_of(ear: Ear) -> bytes | Missed:
    async with asyncio.timeout(10):
        return await ear.get()


async def say(words: str, channel: str = CHANNEL) -> int:
    heard: int = await client().publish(channel, words)
    return heard


async def test_who_begins_to_listen_learns_from_when_on_they_hear_everything(server: None) -> None:
    begun = now()
    async with listening(CHANNEL) as ear:
        first = await next_of(ear)
        assert isinstance(first, Missed)
        assert begun <= first.since <= now()
        await say("words")
        assert await next_of(ear) == b"words"


async def test_everybody_hears_their_channel_and_no_other(server: None) -> None:
    async with listening(CHANNEL) as one, listening(CHANNEL) as two, listening(OTHER) as other:
        for ear in (one, two, other):
            assert isinstance(await next_of(ear), Missed)
        await say("to one")
        await say("to other", OTHER)
        assert await next_of(one) == await next_of(two) == b"to one"
        assert await next_of(other) == b"to other"
        assert one.empty()
        assert other.empty()


async def test_however_many_listen_redis_has_one_listener(server: None) -> None:
    async with AsyncExitStack() as stack:
        ears = [await stack.enter_async_context(listening(CHANNEL)) for _ in range(60)]
        for ear in ears:
            assert isinstance(await next_of(ear), Missed)
        assert await say("words") == 1
        assert [await next_of(ear) for ear in ears] == [b"words"] * 60


async def test_who_stopped_is_listened_for_no_more(server: None) -> None:
    async with listening(CHANNEL) as ear, listening(OTHER) as other:
        assert isinstance(await next_of(other), Missed)
        assert isinstance(await next_of(ear), Missed)
    await until_nobody_hears(CHANNEL)
    await until_nobody_hears(OTHER)
    async with listening(CHANNEL) as ear:
        assert isinstance(await next_of(ear), Missed)
        assert await say("again") == 1
        assert await next_of(ear) == b"again"


async def until_nobody_hears(channel: str) -> None:
    async with asyncio.timeout(10):
        while await say("is anybody there", channel):  # noqa: ASYNC110 - Redis has no event
            await asyncio.sleep(0.01)


async def test_after_redis_was_away_everybody_learns_since_when_they_missed_something(
    redis_url: str | None,
) -> None:
    if redis_url is None:
        pytest.skip("REDIS_URL is not set")
    async with wire(redis_url) as line, connected(line.url), listening(CHANNEL) as ear:
        assert isinstance(await next_of(ear), Missed)
        before = now()
        line.cut()
        async with connected(redis_url):
            while await say("into the void"):  # noqa: ASYNC110 - Redis notices in its own time
                await asyncio.sleep(0.01)
        line.open = True
        heard = await next_of(ear)
        while not isinstance(heard, Missed):  # what came before the cut was noticed
            heard = await next_of(ear)
        assert heard.since <= now()
        assert (before - heard.since).total_seconds() < 1
        await say("words")
        assert await next_of(ear) == b"words"
