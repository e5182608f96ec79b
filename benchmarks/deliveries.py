"""Messages a second that one worker brings to WeChat, which takes 50 ms to answer.

The worker is this process; WeChat is the emulator in a process of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from benchmarks import recipients
from benchmarks.recipients import Emulator
from core import jobs, redis
from core.database import connected, execute, fetch
from integrations import wechat
from integrations.wechat.client import Client, Config
from integrations.wechat.emulator import APP_ID, APP_SECRET
from notifications.telling import AT_A_TIME

TOGETHER: Final = 2000
SINGLY: Final = 500
CONCURRENCY: Final = 10
"""Jobs at a time, as ``leye worker`` has them."""
ANSWER_SECONDS: Final = 0.05
GOAL: Final = 200
PATIENCE: Final = 120


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
