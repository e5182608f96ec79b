"""Messages a second that one worker brings to WeChat, which takes 50 ms to answer.

The worker is this process; WeChat is the emulator in a process of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final
from uuid import UUID

from benchmarks import recipients
from benchmarks.recipients import Emulator
from core import jobs, redis
from core.database import connected, execute, fetch
from identity.actor import Actor, ActorKind
from integrations import wechat
from integrations.wechat.client import Client, Config
from integrations.wechat.emulator import APP_ID, APP_SECRET
from notifications.live import watch
from notifications.telling import AT_A_TIME

TOGETHER: Final = 2000
SINGLY: Final = 500
CONCURRENCY: Final = 10
"""Jobs at a time, as ``leye worker`` has them."""
ANSWER_SECONDS: Final = 0.05
GOAL: Final = 200
PATIENCE: Final = 120
WATCHED: Final = 50
SHOWN_GOAL: Final = 0.2
"""Seconds from what happened to an inbox that is open."""


@dataclass(frozen=True)
class Figures:
    """Messages a second: told to many at once, and each by a job of its own."""

    together: float
    singly: float


async def measure(url: str, config: Mapping[str, Any], emulator_url: str) -> Figures:
    """Send to people made for it, who are removed again."""
    emulator = Emulator(emulator_url)
    emulator.accept(TOGETHER + SINGLY)
    emulator.fault(kind="delay", seconds=ANSWER_SECONDS, times=0)
    client = Client(Config(APP_ID, APP_SECRET, emulator_url))
    async with redis.connected(None), connected(config):
        before = wechat.use(client)
        await execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
        try:
            await recipients.template()
            ids = await recipients.news(await recipients.people(TOGETHER + SINGLY))
            return Figures(
                await _rate(url, ids[:TOGETHER], AT_A_TIME), await _rate(url, ids[TOGETHER:], 1)
            )
        finally:
            await recipients.forget()
            wechat.use(before)
            await client.close()


async def _rate(url: str, ids: Sequence[UUID], at_a_time: int) -> float:
    await recipients.tell(ids, at_a_time=at_a_time)
    app = jobs.worker_app(url)
    async with app.open_async():
        began = time.perf_counter()
        worker = asyncio.create_task(jobs.run_worker(app, concurrency=CONCURRENCY))
        try:
            async with asyncio.timeout(PATIENCE):
                while await _open(ids):  # noqa: ASYNC110 - the rows are the truth
                    await asyncio.sleep(0.25)
            return len(ids) / (time.perf_counter() - began)
        finally:
            worker.cancel()
            await asyncio.wait([worker])


async def _open(ids: Sequence[UUID]) -> bool:
    rows = await fetch(
        "SELECT count(*) AS sent FROM delivery WHERE state = 'SENT'"
        " AND notification_id = ANY($1::uuid[])",
        list(ids),
    )
    return int(rows[0]["sent"]) < len(ids)


async def latency(url: str, config: Mapping[str, Any]) -> float:
    """Median seconds from the end of a transaction that tells somebody to their open inbox.

    The job, its worker and Redis are between the two.
    """
    async with redis.connected(None), connected(config):
        await execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
        try:
            (account_id,) = await recipients.people(1)
            app = jobs.worker_app(url)
            async with app.open_async():
                worker = asyncio.create_task(jobs.run_worker(app, concurrency=CONCURRENCY))
                try:
                    return await _watched(account_id)
                finally:
                    worker.cancel()
                    await asyncio.wait([worker])
        finally:
            await recipients.forget()


async def _watched(account_id: UUID) -> float:
    found = []
    watching = watch(Actor(kind=ActorKind.ACCOUNT, id=account_id))
    for number in range(WATCHED + 1):
        heard = asyncio.ensure_future(anext(watching))
        if number == 0:
            await asyncio.sleep(1)  # until it listens, and the worker works
        (told,) = await recipients.news([account_id])
        await recipients.tell([told])
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            if await heard != told:
                raise RuntimeError("another notification was shown")
        found.append(time.perf_counter() - began)
    return median(found[1:])
