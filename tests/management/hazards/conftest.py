"""A Redis inside the process: reports are counted there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core import redis


@pytest.fixture(autouse=True)
async def counted() -> AsyncIterator[None]:
    """Each test begins with nothing counted."""
    async with redis.connected(None):
        yield
