"""Limits: exact in a sliding window, and what they do when Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import structlog

from core import redis
from core.errors import RateLimited, Unavailable
from core.rates import allow
from core.redis import client, connected, ping

HOUR = timedelta(hours=1)
CLOSED_PORT = "redis://127.0.0.1:1"


@pytest.fixture(params=["in process", "server"])
async def server(
    request: pytest.FixtureRequest, redis_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    url = redis_url if request.param == "server" else None
    if request.param == "server" and url is None:
        pytest.skip("REDIS_URL is not set")
    # A hundred at once on a busy machine are no Redis that hangs.
    monkeypatch.setattr(redis, "ANSWER_SECONDS", 5.0)
    async with connected(url):
        yield
        for key in await client().keys("rate:test *"):
            await client().delete(key)


async def rewind(seconds: float) -> None:
    """As if every attempt lay further in the past."""
    for key in await client().keys("rate:test *"):
        for member, _ in await client().zrange(key, 0, -1, withscores=True):
            await client().zincrby(key, -seconds * 1_000_000, member)


async def attempts(count: int, *, limit: int, key: str = "someone") -> list[bool]:
    async def one() -> bool:
        try:
            await allow("test attempts", key, limit=limit, window=HOUR)
        except RateLimited:
            return False
        return True

    return [await one() for _ in range(count)]


async def test_attempts_pass_up_to_the_limit(server: None) -> None:
    assert await attempts(5, limit=3) == [True, True, True, False, False]


async def test_the_refusal_says_when_there_is_room_again(server: None) -> None:
    await attempts(1, limit=2)
    await rewind(3000)
    await attempts(1, limit=2)
    with pytest.raises(RateLimited) as refusal:
        await allow("test attempts", "someone", limit=2, window=HOUR)
    assert 590 <= refusal.value.params["retryAfter"] <= 600


async def test_there_is_room_when_the_first_attempt_is_a_window_ago(server: None) -> None:
    assert await attempts(3, limit=2) == [True, True, False]
    await rewind(3599)
    assert await attempts(1, limit=2) == [False]
    await rewind(1.1)
    assert await attempts(3, limit=2) == [True, True, False]


async def test_no_window_of_that_length_ever_holds_more(server: None) -> None:
    assert await attempts(1, limit=2) == [True]
    await rewind(3000)
    assert await attempts(1, limit=2) == [True]
    await rewind(700)  # the first has left the window, the second has not
    assert await attempts(2, limit=2) == [True, False]


async def test_refused_attempts_do_not_count(server: None) -> None:
    await attempts(20, limit=1)
    await rewind(3601)
    assert await attempts(1, limit=1) == [True]


async def test_a_lower_limit_counts_what_was_let_through_before(server: None) -> None:
    await attempts(4, limit=4)
    await rewind(1000)
    with pytest.raises(RateLimited) as refusal:
        await allow("test attempts", "someone", limit=2, window=HOUR)
    assert 2590 <= refusal.value.params["retryAfter"] <= 2600


async def test_keys_and_names_are_counted_apart(server: None) -> None:
    assert await attempts(2, limit=1) == [True, False]
    assert await attempts(1, limit=1, key="another") == [True]
    await allow("test others", "someone", limit=1, window=HOUR)


async def test_a_hundred_at_once_get_no_more_than_the_limit(server: None) -> None:
    results = await asyncio.gather(*(attempts(1, limit=7) for _ in range(100)))
    assert sum(map(sum, results)) == 7


async def test_redis_never_sees_whom_a_limit_is_for(server: None) -> None:
    await allow("test numbers", "13800138000", limit=1, window=HOUR)
    (key,) = await client().keys("rate:test numbers:*")
    stored = key + b"".join(await client().zrange(key, 0, -1))
    assert b"13800138000" not in stored
    assert len(key.removeprefix(b"rate:test numbers:")) == 32


async def test_a_window_is_forgotten_when_it_is_over(server: None) -> None:
    await allow("test attempts", "someone", limit=1, window=HOUR)
    (key,) = await client().keys("rate:test attempts:*")
    assert 3_590_000 < await client().pttl(key) <= 3_600_000


async def test_with_redis_down_sign_in_is_refused() -> None:
    async with connected(CLOSED_PORT):
        with pytest.raises(Unavailable) as refusal:
            await allow("test attempts", "someone", limit=1, window=HOUR)
    assert refusal.value.reason == "LIMITS_UNAVAILABLE"


async def test_with_redis_down_reads_go_on() -> None:
    async with connected(CLOSED_PORT):
        for _ in range(3):
            await allow("test attempts", "someone", limit=1, window=HOUR, fail_open=True)


async def test_an_outage_is_logged_once() -> None:
    async with connected(None):
        await allow("test attempts", "x", limit=1, window=HOUR)  # whatever was before is over
    with structlog.testing.capture_logs() as lines:
        async with connected(CLOSED_PORT):
            for _ in range(3):
                await allow("test attempts", "x", limit=1, window=HOUR, fail_open=True)
        async with connected(None):
            await allow("test attempts", "x", limit=1, window=HOUR)
    assert [line["event"] for line in lines if line["event"].startswith("rates.")] == [
        "rates.unavailable",
        "rates.available_again",
    ]


async def test_a_hung_redis_is_given_up_on() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, connected(f"redis://127.0.0.1:{port}"):
        async with asyncio.timeout(30):  # without a limit of its own it would wait for ever
            with pytest.raises(Unavailable):
                await allow("test attempts", "someone", limit=1, window=HOUR)


async def test_ping_raises_when_redis_is_down() -> None:
    async with connected(None):
        await ping()
    async with connected(CLOSED_PORT):
        with pytest.raises(redis.DOWN):
            await ping()


async def test_the_redis_inside_the_process_is_announced() -> None:
    with structlog.testing.capture_logs() as lines:
        async with connected(None):
            await ping()
    assert [line["event"] for line in lines] == ["redis.in_process"]


async def test_without_a_connection_the_mistake_is_the_program_s() -> None:
    with pytest.raises(RuntimeError):
        client()
