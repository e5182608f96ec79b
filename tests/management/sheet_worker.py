"""A worker that the tests of plate sheets kill: ``python -m tests.management.sheet_worker URL``."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from uuid import UUID

from api.assembly import assemble, database_config
from core import jobs
from core.database import connected
from core.settings import settings
from management import plate_sheet_jobs


async def main(url: str) -> None:
    """Work until killed; after the first portion, say so and wait."""
    assemble(settings())
    inner = plate_sheet_jobs.plates_to_print

    async def halting(sheet_id: UUID, *, after: int, count: int) -> list[dict[str, Any]]:
        if after:
            print("drawing", flush=True)
            await asyncio.Event().wait()
        return await inner(sheet_id, after=after, count=count)

    plate_sheet_jobs.plates_to_print = halting  # type: ignore[assignment]
    async with connected(database_config(url, settings())):
        app = jobs.worker_app(url)
        async with app.open_async():
            await jobs.run_worker(app)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
