"""Planning a notice to a hundred thousand people, while others write and something is urgent.

The worker is this process. Nobody of the people has WeChat, so all of it is what the database and
the jobs cost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from core import jobs, redis
from core.clock import now
from core.database import connected, execute, fetch
from core.ids import uuid7
from core.work import work
from identity.actor import SYSTEM
from identity.models import StaffMember
from notifications.models import Audience, Notice, NoticeKind, NoticeState
from notifications.notices.sending import begin
from notifications.telling import Recipient, tell
from notifications.topics import Topic

PEOPLE: Final = 100_000
PART: Final = 20_000
CONCURRENCY: Final = 10
"""Jobs at a time, as ``leye worker`` has them."""
NAME: Final = "量度用的关注者"
PATIENCE: Final = 600

MOST_SECONDS: Final = 10.0
LONGEST_WAIT: Final = 0.1
LONGEST_URGENT: Final = 2.0


@dataclass(frozen=True)
class Figures:
    """In seconds: until everybody is planned; the longest that a writer waited for a lock on a
    recipient's row; the longest from telling something urgent to its being dealt with.
    """

    planned: float
    waited: float
    urgent: float


async def measure(url: str, config: Mapping[str, Any]) -> Figures:
    """Plan a notice to people made for it, who are removed again."""
    async with redis.connected(None), connected(config):
        await execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
        author = await StaffMember.create(
            user_name=f"measured.{uuid7().hex[:20]}", name=NAME, password_hash="none"
        )
        try:
            people = await _people()
            return await _plan(url, author, people)
        finally:
            await _forget(author)


async def _people() -> list[UUID]:
    """Accounts that follow places of the town, each one."""
    ids = [uuid7() for _ in range(PEOPLE)]
    for start in range(0, PEOPLE, PART):
        some = ids[start : start + PART]
        await execute(_ACCOUNTS, some, NAME, now())
        await execute(_FOLLOWED, [uuid7() for _ in some], some, now())
    await execute("ANALYZE account, followed_place")
    return ids


async def _plan(url: str, author: StaffMember, people: list[UUID]) -> Figures:
    notice = await _notice(author)
    app = jobs.worker_app(url)
    async with app.open_async():
        worker = asyncio.create_task(jobs.run_worker(app, concurrency=CONCURRENCY))
        over = asyncio.Event()
        others = [
            asyncio.create_task(_writer(url, notice.id, over)),
            asyncio.create_task(_urgent(people, over)),
        ]
        try:
            began = time.perf_counter()
            async with work(SYSTEM):
                await begin(notice)
            async with asyncio.timeout(PATIENCE):
                while not await Notice.exists(id=notice.id, state=NoticeState.SENT):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            planned = time.perf_counter() - began
            # The jobs of all these people still run: something urgent must pass them too.
            await asyncio.sleep(3)
            over.set()
            waited, urgent = await asyncio.gather(*others)
            return Figures(planned, waited, urgent)
        finally:
            over.set()
            worker.cancel()
            await asyncio.wait([worker])


async def _notice(author: StaffMember) -> Notice:
    (town,) = await fetch("SELECT code, path FROM grid WHERE level = 'TOWN'")
    return await Notice.create(
        author_id=author.id,
        sender_id=author.id,
        kind=NoticeKind.NOTICE,
        title_zh="量度",
        body_zh="一条给十万人的通知。",
        grid_code=town["code"],
        grid_path=town["path"],
        audience=[Audience.RESIDENTS.value],
        send_at=now(),
        state=NoticeState.SCHEDULED,
    )


async def _writer(url: str, notice_id: UUID, over: asyncio.Event) -> float:
    """Lock who is being planned now, as changes to an account do; the longest wait.

    The server's clock tells: this process is busy with planning.
    """
    longest = 0.0
    connection = await asyncpg.connect(url)
    try:
        while not over.is_set():
            longest = max(longest, await connection.fetchval(_CHANGE, notice_id) or 0.0)
            await asyncio.sleep(0.002)
    finally:
        await connection.close()
    return longest


async def _urgent(people: list[UUID], over: asyncio.Event) -> float:
    """Tell one person something urgent after the other; the longest until it is dealt with."""
    longest, number = 0.0, 0
    while not over.is_set():
        number += 1
        began = time.perf_counter()
        async with work(SYSTEM):
            await tell(
                Topic.LETTING_SUSPENDED,
                [Recipient(account_id=people[number])],
                key=f"measured {number}",
                params={},
                emergency=True,
            )
        while not await _dealt_with(people[number]):  # noqa: ASYNC110 - the rows are the truth
            await asyncio.sleep(0.02)
        longest = max(longest, time.perf_counter() - began)
    return longest


async def _dealt_with(account_id: UUID) -> bool:
    """Whether its way was looked for: a row says that there was none."""
    rows = await fetch(
        "SELECT FROM delivery d JOIN notification n ON n.id = d.notification_id"
        " WHERE n.account_id = $1 AND n.emergency",
        account_id,
    )
    return bool(rows)


async def _forget(author: StaffMember) -> None:
    await execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
    await execute("DELETE FROM notice WHERE author_id = $1", author.id)
    for table in ("followed_place", "notification"):
        while await execute(_DELETE.format(table=table), NAME, PART):
            pass
    # Few at a time: every table that refers to an account is looked through for each.
    while await execute(_DELETE_ACCOUNTS, NAME, PART // 20):
        pass
    await execute("DELETE FROM staff_member WHERE id = $1", author.id)


_ACCOUNTS: Final = """
INSERT INTO account (id, display_name, created_at) SELECT unnest($1::uuid[]), $2, $3
"""

_FOLLOWED: Final = """
WITH p AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS m FROM place)
INSERT INTO followed_place (id, account_id, place_id, radius, created_at)
SELECT r.id, r.account_id, p.id, 300, $3
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS r (id, account_id, n)
JOIN p ON p.n = r.n % p.m
"""

_CHANGE: Final = """
WITH l AS (
    SELECT id FROM account WHERE id > coalesce(
        (SELECT planned_up_to FROM notice WHERE id = $1), '00000000-0000-0000-0000-000000000000')
    ORDER BY id LIMIT 1 FOR UPDATE)
SELECT extract(epoch FROM clock_timestamp() - statement_timestamp())::float8 FROM l
"""

_DELETE: Final = """
DELETE FROM {table} t WHERE t.id IN (
    SELECT o.id FROM {table} o JOIN account a ON a.id = o.account_id
    WHERE a.display_name = $1 LIMIT $2)
"""

_DELETE_ACCOUNTS: Final = """
DELETE FROM account WHERE id IN (SELECT id FROM account WHERE display_name = $1 LIMIT $2)
"""
