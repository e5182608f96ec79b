"""Plans a notice, ten people at a time, and says so: the tests of notices kill it.

``python -m tests.notifications.notice_planner DATABASE_URL NOTICE_ID``
"""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from api.assembly import assemble, database_config
from core.database import connected
from core.settings import settings
from notifications.models import Notice
from notifications.notices import planning


async def main(url: str, notice_id: str) -> None:
    """Plan three groups and the half of a fourth; then wait to be killed."""
    assemble(settings())
    inner, tell = planning.plan_group, planning.dispatch
    groups = 0

    async def counted(notice: Notice, group: list[UUID]) -> bool:
        nonlocal groups
        groups += 1
        return await inner(notice, group)

    async def halting(ids: list[UUID], *, priority: int) -> None:
        await tell(ids, priority=priority)
        if groups == 4:
            print("in the middle", flush=True)
            await asyncio.Event().wait()

    planning.GROUP = 10  # type: ignore[misc]  # small, so that there are many
    planning.plan_group, planning.dispatch = counted, halting  # type: ignore[assignment]
    async with connected(database_config(url, settings())):
        await planning.plan_notice(1, notice_id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
