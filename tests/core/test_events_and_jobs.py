"""Events in the transaction, jobs of the transaction, and what a kill leaves: core/events, jobs."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from procrastinate import App
from structlog.testing import capture_logs

from core import jobs
from core.clock import now
from core.database import connection, execute, fetch
from core.errors import Conflict
from core.events import Event, emit, later
from core.work import work
from tests.conftest import with_name
from tests.core import toy_events
from tests.core.toy_events import Ordered, Play, Returned, Somebody, order

ROOT = Path(__file__).parents[2]
PATIENCE = 45  # seconds


@pytest.fixture(autouse=True)
async def _toys(committed_db: None) -> AsyncIterator[None]:
    await connection().execute_script(toy_events.TABLE)
    yield
    Play.refuse = Play.fail = False
    Play.hold = None
    Play.gathered.clear()
    await connection().execute_script("DROP TABLE toy_order, toy_seen, toy_delivery")


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = jobs.worker_app(database_url)
    async with app.open_async():
        yield app


@asynccontextmanager
async def another_process(url: str, role: str, order_id: UUID) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.core.toy_process", url, role, str(order_id)),
        stdin=PIPE,
        stdout=PIPE,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: Process, word: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while line := await process.stdout.readline():
            if line.decode().strip() == word:
                return
    pytest.fail(f"the process ended before it said {word}")


async def killed(process: Process) -> None:
    process.kill()
    await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.02)


async def toy_jobs() -> list[dict[str, Any]]:
    return await fetch("SELECT * FROM procrastinate_jobs WHERE task_name = 'toy.deliver'")


async def orders() -> int:
    (row,) = await fetch("SELECT count(*) AS n FROM toy_order")
    return int(row["n"])


async def deliveries() -> dict[UUID, int]:
    return {row["order_id"]: row["runs"] for row in await fetch("SELECT * FROM toy_delivery")}


# In the transaction


async def test_a_handler_at_once_runs_inside_the_transaction() -> None:
    order_id = uuid4()
    async with work(Somebody()):
        await order(order_id)
        (seen,) = await fetch("SELECT order_id FROM toy_seen")
    assert seen["order_id"] == order_id


async def test_a_handler_that_refuses_takes_everything_back() -> None:
    Play.refuse = True
    with pytest.raises(Conflict):
        await order(uuid4())
    assert await orders() == 0
    assert await fetch("SELECT 1 FROM toy_seen") == []
    assert await toy_jobs() == []


async def test_what_is_told_together_is_told_once_at_the_end_in_the_order_it_happened() -> None:
    first, second = uuid4(), uuid4()
    async with work(Somebody()):
        await order(first)
        await emit(Returned(order_id=first))
        async with work(Somebody()):  # joins
            await order(second)
        assert Play.gathered == []
    assert Play.gathered == [
        [Ordered(order_id=first), Returned(order_id=first), Ordered(order_id=second)]
    ]


async def test_each_transaction_is_told_of_its_own_and_a_failed_one_of_nothing() -> None:
    first, second = uuid4(), uuid4()
    await order(first)
    Play.refuse = True
    with pytest.raises(Conflict):
        await order(uuid4())
    Play.refuse = False
    await order(second)
    assert Play.gathered == [[Ordered(order_id=first)], [Ordered(order_id=second)]]


async def test_an_event_needs_a_unit_of_work() -> None:
    with pytest.raises(RuntimeError, match="unit of work"):
        await emit(Ordered(order_id=uuid4()))


async def test_a_job_appears_with_the_commit_and_not_before(database_url: str) -> None:
    async with work(Somebody()):
        await order(uuid4())
        assert len(await toy_jobs()) == 1
        # Another connection sees nothing yet.
        outside = await asyncio.create_task(_seen_from_outside(database_url))
        assert outside == 0
    assert await _seen_from_outside(database_url) == 1


async def _seen_from_outside(url: str) -> int:
    app = jobs.worker_app(url)
    async with app.open_async():
        return len(list(await app.job_manager.list_jobs_async(task="toy.deliver")))


async def test_a_job_goes_with_the_transaction_that_is_rolled_back() -> None:
    async def order_and_fail() -> None:
        async with work(Somebody()):
            await order(uuid4())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await order_and_fail()
    assert await orders() == 0
    assert await toy_jobs() == []


async def test_a_job_row_holds_the_version_and_ids_only() -> None:
    order_id = uuid4()
    await order(order_id)
    (row,) = await toy_jobs()
    assert json.loads(row["args"]) == {
        "version": 2,
        "data": {"order_id": str(order_id), "copies": 1},
    }
    assert row["queue_name"] == "toys"


# Afterwards


async def test_a_worker_runs_the_job_once(app: App) -> None:
    order_id = uuid4()
    await order(order_id, copies=3)
    await jobs.run_worker(app, wait=False)
    (row,) = await fetch("SELECT * FROM toy_delivery")
    assert (row["order_id"], row["copies"], row["runs"]) == (order_id, 3, 1)
    assert [row["status"] for row in await toy_jobs()] == ["succeeded"]


async def test_a_payload_of_an_older_version_is_upgraded(app: App) -> None:
    order_id = uuid4()
    await jobs.defer("toy.deliver", {"version": 1, "data": {"order_id": order_id}}, queue="toys")
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {order_id: 1}


@pytest.mark.parametrize("version", [0, 3])
async def test_a_payload_of_an_unknown_version_is_refused_and_kept(app: App, version: int) -> None:
    data = {"version": version, "data": {"order_id": uuid4(), "copies": 1}}
    await jobs.defer("toy.deliver", data, queue="toys")
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {}
    (row,) = await toy_jobs()
    assert (row["status"], row["attempts"]) == ("todo", 1)


async def test_an_event_without_an_upgrade_refuses_older_payloads() -> None:
    with pytest.raises(ValueError, match="can't read version 0"):
        Event.upgrade(0, {})


async def test_two_jobs_may_not_share_a_name() -> None:
    with pytest.raises(Exception, match="already"):
        later(Ordered, name="toy.deliver")(toy_events.deliver)


async def test_a_failed_job_waits_longer_each_time_and_then_stays_to_be_looked_at(app: App) -> None:
    Play.fail = True
    await order(uuid4())
    for attempt in range(7):
        begun = now()
        await jobs.run_worker(app, wait=False)
        (row,) = await toy_jobs()
        if attempt == 6:
            break
        assert (row["status"], row["attempts"]) == ("todo", attempt + 1)
        wait = timedelta(seconds=4 ** (attempt + 1))
        assert wait <= row["scheduled_at"] - begun < wait + timedelta(seconds=PATIENCE)
        await execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    assert row["status"] == "failed"


async def test_a_job_that_failed_once_succeeds_later(app: App) -> None:
    order_id = uuid4()
    Play.fail = True
    await order(order_id)
    await jobs.run_worker(app, wait=False)
    Play.fail = False
    await execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {order_id: 1}


async def test_a_hundred_events_of_ten_transactions_run_exactly_once_each(
    app: App, database_url: str
) -> None:
    ids = [uuid4() for _ in range(100)]

    async def ten(mine: list[UUID]) -> None:
        async with work(Somebody()):
            for order_id in mine:
                await order(order_id)

    await asyncio.gather(*(ten(ids[start::10]) for start in range(10)))
    other = jobs.worker_app(database_url)
    async with other.open_async():
        await asyncio.gather(jobs.run_worker(app, wait=False), jobs.run_worker(other, wait=False))
    assert await deliveries() == dict.fromkeys(ids, 1)


async def test_a_worker_that_does_not_wait_runs_what_its_jobs_leave_too(app: App) -> None:
    order_id = uuid4()
    for _ in range(10):
        await jobs.defer("toy.order_slowly", {"order_id": order_id, "steps": 3})
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {order_id: 10}


async def at_strangers(app: App) -> int:
    return len(list(await app.job_manager.list_jobs_async(queue=jobs.APART, status="doing")))


async def test_servers_of_strangers_that_hang_hold_nobody_else_up(app: App) -> None:
    Play.stranger, order_id = asyncio.Event(), uuid4()
    for number in range(20):
        await jobs.defer("toy.ask_a_stranger", {"number": number}, queue=jobs.APART)
    working = asyncio.create_task(jobs.run_worker(app, concurrency=4))
    async with asyncio.timeout(PATIENCE):
        while not await at_strangers(app):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await order(order_id)
        while await deliveries() != {order_id: 1}:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await at_strangers(app) == 2  # half of the places
    Play.stranger.set()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


# What a kill leaves


async def test_killed_before_the_commit_nothing_happened(database_url: str, app: App) -> None:
    async with another_process(database_url, "before commit", uuid4()) as process:
        await said(process, "written")
        await killed(process)
    await jobs.run_worker(app, wait=False)
    assert await orders() == 0
    assert await deliveries() == {}


async def test_killed_between_commit_and_run_another_worker_runs_it(
    database_url: str, app: App
) -> None:
    order_id = uuid4()
    async with another_process(database_url, "after commit", order_id) as process:
        await said(process, "committed")
        await killed(process)
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {order_id: 1}


async def test_killed_during_the_run_the_job_is_rescued_and_run_again(
    database_url: str, app: App
) -> None:
    order_id = uuid4()
    await order(order_id)
    async with another_process(database_url, "worker", order_id) as process:
        await said(process, "delivered")
        assert await jobs.rescue(app) == 0, "a worker whose heart beats keeps its job"
        await killed(process)
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {order_id: 1}, "not rescued before the time is over"

    async def rescued() -> bool:
        await jobs.rescue(app, seconds=0.1)
        return [row["status"] for row in await toy_jobs()] == ["todo"]

    await until(rescued)
    await jobs.run_worker(app, wait=False)
    # The work was done twice, and its effect is the same: one delivery.
    assert await deliveries() == {order_id: 2}
    (row,) = await toy_jobs()
    assert (row["status"], row["attempts"]) == ("succeeded", 2)


async def test_a_worker_that_is_asked_to_stop_finishes_its_job(database_url: str) -> None:
    order_id = uuid4()
    await order(order_id)
    async with another_process(database_url, "worker", order_id) as process:
        await said(process, "delivered")
        process.send_signal(signal.SIGTERM)
        await said(process, "stopping")
        assert [row["status"] for row in await toy_jobs()] == ["doing"]
        assert process.stdin is not None
        process.stdin.write(b"go on\n")
        await said(process, "stopped")
        assert await process.wait() == 0
    assert [row["status"] for row in await toy_jobs()] == ["succeeded"]


async def test_a_worker_outlasts_a_database_that_is_away(
    server_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(jobs, "RESTART_SECONDS", 0.05)
    first, second = uuid4(), uuid4()
    app = jobs.worker_app(database_url)
    async with app.open_async():
        worker = asyncio.create_task(jobs.run_worker(app))
        try:
            await order(first)
            await until(lambda: delivered(first))
            with capture_logs() as logs:
                async with away(server_url, database_url):
                    await order(second)
                    await until(lambda: begun_again(logs))
            await until(lambda: delivered(second))
            assert not worker.done()
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


@asynccontextmanager
async def away(server_url: str, database_url: str) -> AsyncIterator[None]:
    """Let nobody new in, and put the workers out."""
    name = urlsplit(database_url).path[1:]
    admin = await asyncpg.connect(with_name(server_url, "postgres"))
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = $1 AND application_name = 'jobs'",
            name,
        )
        yield
    finally:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await admin.close()


async def begun_again(logs: list[Any]) -> bool:
    return any(entry["event"] == "jobs.worker_begins_again" for entry in logs)


async def delivered(order_id: UUID) -> bool:
    return order_id in await deliveries()


async def stalled(count: int, *, attempts: int = 0) -> None:
    for _ in range(count):
        await order(uuid4())
    await execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = $1", attempts)


async def test_two_rescuers_at_once_rescue_each_job_once(app: App, database_url: str) -> None:
    await stalled(30)
    other = jobs.worker_app(database_url)
    async with other.open_async():
        rescued = await asyncio.gather(jobs.rescue(app), jobs.rescue(other))
    assert sum(rescued) == 30
    assert {(row["status"], row["attempts"]) for row in await toy_jobs()} == {("todo", 1)}


async def test_a_job_that_keeps_killing_its_workers_is_given_up(app: App) -> None:
    await stalled(1, attempts=jobs.MOST_RESCUES)
    assert await jobs.rescue(app) == 0
    assert [row["status"] for row in await toy_jobs()] == ["failed"]
    await jobs.run_worker(app, wait=False)
    assert await deliveries() == {}


async def test_finished_jobs_are_forgotten_and_failed_ones_stay(app: App) -> None:
    for status in ("succeeded", "failed"):
        await order(uuid4())
        await execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")
        await execute(
            "UPDATE procrastinate_jobs SET status = $1::text::procrastinate_job_status"
            " WHERE status = 'doing'",
            status,
        )
    await execute("UPDATE procrastinate_events SET at = at - interval '8 days'")
    await jobs.defer("core.forget_done", {"timestamp": 0}, queue="clock")
    await jobs.run_worker(app, wait=False)
    assert [row["status"] for row in await toy_jobs()] == ["failed"]
