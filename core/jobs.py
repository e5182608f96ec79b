"""Background jobs: rows of the same transaction as what they follow from (procrastinate).

A job is inserted by SQL on the running transaction's connection, so there is no moment in which
a row exists without its job. Jobs must bear being run twice: a worker may die after the work and
before the note of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Final

import orjson
import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.blueprints import Blueprint
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg.errors import RaiseException

from core.database import fetch

HEARTBEAT_SECONDS = 10
STALLED_SECONDS = 30
CONNECT_SECONDS = 5.0
RESTART_SECONDS = 1.0
KEEP_DONE_HOURS = 24 * 7

# Long enough to outlast an outage of an hour: 4, 16, 64, 256, 1024, 4096 seconds.
RETRY = RetryStrategy(max_attempts=6, exponential_wait=4)
MOST_RESCUES = 6

APART: Final = "apart"
"""The queue of jobs that wait for servers of strangers: slow ones hold up each other alone."""

log = structlog.get_logger("core.jobs")

blueprint = Blueprint()

Runner = Callable[..., Awaitable[None]]


def job(
    name: str, *, queue: str = "default", retry: RetryStrategy = RETRY
) -> Callable[[Runner], Runner]:
    """Register a coroutine as the job ``name``; names are kept for ever, payloads are versioned."""

    def register(runner: Runner) -> Runner:
        blueprint.task(name=name, queue=queue, retry=retry)(_watched(name, runner))
        return runner

    return register


def periodic(name: str, cron: str) -> Callable[[Runner], Runner]:
    """Register a coroutine to run by the clock (UTC cron); one run at a time, missed ones merge."""

    def register(runner: Runner) -> Runner:
        async def run(timestamp: int) -> None:
            await runner()

        run.__doc__ = runner.__doc__
        watched = _watched(name, run)
        task = blueprint.task(name=name, queue="clock", queueing_lock=name, lock=name)(watched)
        blueprint.periodic(cron=cron, periodic_id=name)(task)
        return runner

    return register


def _watched(name: str, runner: Runner) -> Runner:
    """The runner, with a line in the log for each attempt that failed."""

    @wraps(runner)
    async def run(**args: Any) -> None:
        try:
            await runner(**args)
        except Exception as error:
            log.warning("jobs.attempt_failed", task=name, exc_info=error)
            raise

    return run


async def defer(
    name: str,
    args: dict[str, Any],
    *,
    queue: str = "default",
    priority: int = 0,
    lock: str | None = None,
    queueing_lock: str | None = None,
    at: datetime | None = None,
) -> None:
    """Insert a job on the running transaction. ``args`` hold ids and plain values, no names."""
    await fetch(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW($1, $2, $3, $4, $5, $6::text::jsonb, $7)"
        "::procrastinate_job_to_defer_v1]) AS ids",
        queue,
        name,
        priority,
        lock,
        queueing_lock,
        orjson.dumps(args, default=str).decode(),  # asyncpg has a UUID type of its own
        at,
    )


async def defer_each(
    name: str, many: Sequence[dict[str, Any]], *, queue: str = "default", at: datetime | None = None
) -> None:
    """Insert one job for each of several ``args``, by one statement; as :func:`defer`."""
    await fetch(
        "SELECT procrastinate_defer_jobs_v1(array_agg(ROW($1, $2, 0, NULL, NULL, args::jsonb, $3)"
        "::procrastinate_job_to_defer_v1)) AS ids FROM unnest($4::text[]) AS args",
        queue,
        name,
        at,
        [orjson.dumps(args, default=str).decode() for args in many],
    )


async def defer_all(
    name: str, args: Sequence[dict[str, Any]], *, queue: str = "default", priority: int = 0
) -> None:
    """As :func:`defer`, for many jobs of one name by one statement."""
    await fetch(
        "SELECT procrastinate_defer_jobs_v1(array_agg(ROW($1, $2, $3, NULL, NULL, a::jsonb, NULL)"
        "::procrastinate_job_to_defer_v1)) AS ids FROM unnest($4::text[]) AS a",
        queue,
        name,
        priority,
        [orjson.dumps(each, default=str).decode() for each in args],
    )


def worker_app(url: str) -> App:
    """The procrastinate application over every registered job."""
    app = App(
        connector=PsycopgConnector(
            conninfo=url,
            kwargs={"application_name": "jobs"},
            min_size=1,
            max_size=8,
            timeout=CONNECT_SECONDS,
        )
    )
    app.add_tasks_from(blueprint, namespace="")
    return app


async def run_worker(app: App, *, concurrency: int = 10, wait: bool = True) -> None:
    """Work until cancelled (``wait=False``: until nothing is left).

    Jobs of the queue :data:`APART` are run beside the others, half as many at a time.
    A database that goes away ends procrastinate's worker; here it begins again when it is back.
    """
    others = {task.queue for task in app.tasks.values()} - {APART}
    while True:
        before = 0 if wait else await _last_event(app)
        async with asyncio.TaskGroup() as both:
            for queues, at_once in ((others, concurrency), ({APART}, max(1, concurrency // 2))):
                both.create_task(_work(app, sorted(queues), at_once, wait=wait))
        # A worker that does not wait ends with its last job, without the jobs that this one left.
        if wait or await _last_event(app) == before:
            return


async def _last_event(app: App) -> int:
    """Of the queue's own log: it grows with everything that happens to a job."""
    row = await app.connector.execute_query_one_async(
        "SELECT coalesce(max(id), 0) AS last FROM procrastinate_events"
    )
    return int(row["last"])


async def _work(app: App, queues: list[str], concurrency: int, *, wait: bool) -> None:
    while True:
        try:
            await rescue(app)
            await app.run_worker_async(
                queues=queues,
                concurrency=concurrency,
                wait=wait,
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=8,
            )
        except ConnectorException:
            if not wait or _asked_to_stop():
                raise
        if not wait or _asked_to_stop():
            return
        log.warning("jobs.worker_begins_again")
        await asyncio.sleep(RESTART_SECONDS)


def _asked_to_stop() -> bool:
    """Whether the task is cancelled: a database that is away can hide that behind its own error."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def rescue(app: App, *, seconds: float = STALLED_SECONDS) -> int:
    """Give the jobs of workers that died back to the queue; answer how many.

    A job that was tried too often by then counts as failed: it may be what kills them.
    """
    rescued = 0
    for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
        try:
            if stalled.attempts >= MOST_RESCUES:
                await app.job_manager.finish_job(stalled, Status.FAILED, delete_job=False)
            else:
                await app.job_manager.retry_job(stalled)
                rescued += 1
        except ConnectorException as refusal:
            # Somebody else rescued it meanwhile.
            if not isinstance(refusal.__cause__, RaiseException):
                raise
    return rescued


@blueprint.periodic(cron="* * * * *", periodic_id="core.rescue_stalled")
@blueprint.task(
    name="core.rescue_stalled",
    queue="clock",
    queueing_lock="core.rescue_stalled",
    pass_context=True,
)
async def rescue_stalled(context: JobContext, timestamp: int) -> None:
    """Each minute: the jobs of dead workers go back to the queue."""
    await rescue(context.app)


@blueprint.periodic(cron="17 20 * * *", periodic_id="core.forget_done")
@blueprint.task(
    name="core.forget_done", queue="clock", queueing_lock="core.forget_done", pass_context=True
)
async def forget_done(context: JobContext, timestamp: int) -> None:
    """Each night: finished jobs older than a week go; failed ones stay to be looked at."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_HOURS)
