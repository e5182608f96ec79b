"""A process that the tests of events and jobs kill.

``python -m tests.core.toy_process DATABASE_URL ROLE ID`` says on standard output how far it is.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from uuid import UUID

from api.assembly import database_config
from core import jobs
from core.database import connected
from core.settings import settings
from core.work import work
from tests.core.toy_events import Play, Somebody, order, say


async def _killed_before_commit(order_id: UUID) -> None:
    async with work(Somebody()):
        await order(order_id)
        say("written")
        await asyncio.Event().wait()


async def _killed_after_commit(order_id: UUID) -> None:
    await order(order_id)
    say("committed")
    await asyncio.Event().wait()


async def _works(url: str) -> None:
    """A worker that holds its job until a line comes, and stops when asked, as the service does."""
    Play.hold = asyncio.Event()
    loop = asyncio.get_running_loop()
    app = jobs.worker_app(url)
    async with app.open_async():
        worker = asyncio.create_task(jobs.run_worker(app))

        def stop() -> None:
            worker.cancel()
            say("stopping")

        def line() -> None:
            if sys.stdin.readline() and Play.hold is not None:
                Play.hold.set()

        loop.add_signal_handler(signal.SIGTERM, stop)
        loop.add_reader(sys.stdin, line)
        await asyncio.gather(worker, return_exceptions=True)
    say("stopped")


async def main(url: str, role: str, order_id: UUID) -> None:
    async with connected(database_config(url, settings())):
        match role:
            case "before commit":
                await _killed_before_commit(order_id)
            case "after commit":
                await _killed_after_commit(order_id)
            case "worker":
                await _works(url)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], UUID(sys.argv[3])))
