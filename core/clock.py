"""The one source of time. Times are UTC inside; Asia/Shanghai only where people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today's date where the town is (Asia/Shanghai): what "today" means in every rule."""
    return now().astimezone(SHANGHAI).date()
