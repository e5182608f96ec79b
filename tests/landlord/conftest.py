"""Territory for the tests of landlord."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core import redis
from tests.management.support import some_grids


@pytest.fixture
async def town(db: None) -> None:
    """Some grids of the town, in a transaction that is rolled back."""
    await some_grids()


@pytest.fixture
async def committed_town(committed_db: None) -> None:
    """Some grids of the town, committed."""
    await some_grids()


@pytest.fixture
async def limits() -> AsyncIterator[None]:
    """Limits of their own for a test."""
    async with redis.connected(None):
        yield
