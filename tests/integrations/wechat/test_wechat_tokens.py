"""One refresh among tasks and processes; bounded attempts; nobody throws a fresh token away."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core import redis
from integrations.wechat import errors
from integrations.wechat.client import Client
from integrations.wechat.emulator import Running
from integrations.wechat.tokens import Fetched, TokenStore
from tests.integrations.wechat.support import STABLE, Helper, config_for

LINK = "/wxa/generate_urllink"


@pytest.fixture
async def server(tmp_path: Any) -> AsyncIterator[str]:
    """A real Redis server that two processes can reach."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        process = await asyncio.create_subprocess_exec(
            *("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
            *("--dir", str(tmp_path)),
            stdout=asyncio.subprocess.DEVNULL,
        )
    except FileNotFoundError:
        pytest.skip("no redis-server on this machine")
    url = f"redis://127.0.0.1:{port}/0"
    try:
        async with redis.connected(url), asyncio.timeout(20):
            while True:
                try:
                    await redis.ping()
                    break
                except redis.DOWN:
                    await asyncio.sleep(0.02)
        yield url
    finally:
        process.terminate()
        await process.wait()


class Source:
    """A WeChat that gives out t1, t2, … and counts; ``answers`` come first."""

    def __init__(self, *answers: Exception | str) -> None:
        self.asked: list[bool] = []
        self._answers = list(answers)

    async def __call__(self, *, force: bool) -> Fetched:
        self.asked.append(force)
        await asyncio.sleep(0)
        if self._answers:
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return Fetched(answer, 7200)
        return Fetched(f"t{len(self.asked)}", 7200)


async def test_fifty_callers_at_once_cause_one_refresh(client: Client, control: Helper) -> None:
    await asyncio.gather(*(client.wxa.url_link("pages/a") for _ in range(50)))
    assert await control.calls(STABLE) == 1
    assert await control.calls(LINK) == 50


async def test_fifty_callers_with_a_revoked_token_cause_one_refresh(
    client: Client, control: Helper
) -> None:
    await client.wxa.url_link("pages/a")
    await control.post("tokens/revoke")
    await asyncio.gather(*(client.wxa.url_link("pages/a") for _ in range(50)))
    assert await control.calls(STABLE) == 2
    assert await control.calls(LINK) <= 1 + 2 * 50


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_lasting_token_error_is_bounded(client: Client, control: Helper, code: int) -> None:
    await control.post("faults", path=LINK, kind="errcode", errcode=code, times=0)
    for round_ in (1, 2, 3):
        with pytest.raises(errors.TokenRefused) as refusal:
            await client.wxa.url_link("pages/a")
        assert isinstance(refusal.value.retry, errors.Later)
        assert await control.calls(LINK) <= 2 * round_
        assert await control.calls(STABLE) <= 3 * round_


async def test_an_expired_token_is_replaced_unseen(client: Client, control: Helper) -> None:
    await client.wxa.url_link("pages/a")
    await control.post("clock", forward=7201)
    await client.wxa.url_link("pages/a")
    assert await control.calls(STABLE) == 2


async def test_a_busy_wechat_is_asked_again_after_a_while_and_not_for_ever(
    client: Client, control: Helper
) -> None:
    await control.post("faults", path=STABLE, kind="errcode", errcode=-1, times=2)
    await client.wxa.url_link("pages/a")
    assert await control.calls(STABLE) == 3


async def test_everybody_who_waited_shares_a_failure(memory: None) -> None:
    source = Source(*(errors.Busy("stable_token", -1) for _ in range(100)))
    store = TokenStore("wx", source, pauses=(0.0, 0.0))
    outcomes = await asyncio.gather(*(store.get() for _ in range(50)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {errors.Busy}
    assert source.asked == [False, False, False]


async def test_the_refused_token_alone_is_dropped(memory: None) -> None:
    store = TokenStore("wx", Source())
    assert await store.get() == "t1"
    await store.drop("t0")
    assert await store.get() == "t1"
    await store.drop("t1")
    assert await store.get(instead_of="t1") == "t2"
    await store.drop("t1")
    assert await store.get() == "t2"


async def test_when_wechat_gives_the_refused_one_again_another_is_forced(memory: None) -> None:
    source = Source("same", "same", "new")
    store = TokenStore("wx", source)
    await store.get()
    await store.drop("same")
    assert await store.get(instead_of="same") == "new"
    assert source.asked == [False, False, True]


async def test_forcing_is_thirty_seconds_apart_and_twenty_times_a_day(memory: None) -> None:
    clock = [1000.0]
    source = Source(*["same"] * 1000)
    store = TokenStore("wx", source, clock=lambda: clock[0])
    refused = 0
    for _ in range(120):
        await store.drop("same")
        try:
            await store.get(instead_of="same")
        except errors.TokenRefused:
            refused += 1
        clock[0] += 16
        # Redis counts seconds by its own clock: as if they had passed there too.
        await redis.client().delete("wechat:token:wx:forced")
    assert source.asked.count(True) == 20
    assert refused >= 60


async def test_two_stores_share_a_token_and_compare_before_they_drop(memory: None) -> None:
    one, two = Source(), Source()
    first, second = TokenStore("wx", one), TokenStore("wx", two)
    assert await first.get() == await second.get() == "t1"
    assert two.asked == []
    await first.drop("t1")
    fresh = await first.get(instead_of="t1")
    # The second still holds the old one, is refused with it, and finds the fresh one.
    await second.drop("t1")
    assert await second.get(instead_of="t1") == fresh == "t2"
    assert two.asked == []
    assert await TokenStore("wx", two).get() == "t2"


async def test_tokens_of_512_characters_are_kept(client: Client, control: Helper) -> None:
    await control.post("settings", token_length=512)
    await client.wxa.url_link("pages/a")
    await control.post("tokens/revoke")
    await control.post("settings", token_length=513)
    with pytest.raises(errors.BadAnswer):
        await client.wxa.url_link("pages/a")


async def test_without_redis_a_process_keeps_its_own_and_asks_once(emulator: Running) -> None:
    async with redis.connected("redis://127.0.0.1:1"), Helper.at(emulator.url) as control:
        client = Client(config_for(emulator))
        await asyncio.gather(*(client.wxa.url_link("pages/a") for _ in range(50)))
        assert await control.calls(STABLE) == 1
        await control.post("tokens/revoke")
        await client.wxa.url_link("pages/a")
        assert await control.calls(STABLE) == 2
        await client.close()


async def test_a_process_that_died_with_the_turn_holds_the_others_up_for_a_while(
    memory: None,
) -> None:
    await redis.client().set("wechat:token:wx:turn", "somebody", px=150)
    source = Source()
    assert await TokenStore("wx", source).get() == "t1"
    assert source.asked == [False]


async def test_the_turn_of_another_is_not_ended(memory: None) -> None:
    store = TokenStore("wx", Source())
    await redis.client().set("wechat:token:wx:turn", "another")
    await store._end_turn("mine")
    assert await redis.client().get("wechat:token:wx:turn") == b"another"


async def test_two_processes_at_once_ask_once(server: str, emulator: Running) -> None:
    outputs = await processes(server, emulator, "together", "together")
    assert len(set(outputs)) == 1
    assert emulator.world.counts[STABLE] == 1


async def test_a_process_with_an_old_token_does_not_drop_the_fresh_one(
    server: str, emulator: Running
) -> None:
    """Both hold the first token, it is revoked, both are refused with it: one refresh."""
    outputs = await processes(server, emulator, "revoked", "revoked")
    assert len(set(outputs)) == 1
    assert emulator.world.counts[STABLE] == 2


async def processes(server: str, emulator: Running, *roles: str) -> list[str]:
    """Run each as a process; they wait for each other where it matters."""
    started = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.integrations.wechat.token_process"),
            *(server, emulator.url, role),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for role in roles
    ]

    async def heard() -> list[str]:
        lines = []
        for process in started:
            assert process.stdout is not None
            lines.append((await process.stdout.readline()).decode().strip())
        return lines

    def tell() -> None:
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"go\n")

    async with asyncio.timeout(60):
        assert await heard() == ["ready"] * len(roles)
        tell()
        found = await heard()
        if "revoked" in roles:
            emulator.world.revoke()
            tell()
            found = await heard()
        for process in started:
            assert await process.wait() == 0
    return found
