"""The clock's work on personal data."""

from __future__ import annotations

import structlog

from core.jobs import periodic
from core.privacy import registry

log = structlog.get_logger("core.privacy")


@periodic("core.enforce_retention", cron="53 19 * * *")
async def enforce_retention() -> None:
    """Each night: what has been kept long enough goes."""
    gone = {name: count for name, count in (await registry.enforce_retention()).items() if count}
    log.info("privacy.retention_enforced", count=sum(gone.values()), holdings=len(gone))
