"""How statements are counted."""

from __future__ import annotations

from typing import Any

import pytest

from core.database import connection, execute, fetch
from tests.schema.counting import statements

pytestmark = pytest.mark.usefixtures("db")


async def test_what_the_driver_asks_about_types_is_not_counted() -> None:
    """A pool opens a new connection when it likes; servers differ in whether they compile."""
    driver: Any = connection()._connection  # type: ignore[attr-defined]  # that of the transaction
    await execute("SET LOCAL jit = on")
    await driver.reload_schema_state()

    async with statements() as seen:
        await fetch("SELECT $1::int4range[] AS found", [])

    assert seen == ["SELECT $1::int4range[] AS found"]
