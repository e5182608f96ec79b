"""Fixtures for tests of the schema."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core import redis
from identity import authentication, pace
from management.territory import forget_territory
from tests.schema.support import World, make_world


@pytest.fixture(autouse=True)
async def limits(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Limits of their own for every test, nothing remembered, no time lost on refusals."""
    authentication.forget()
    forget_territory()
    monkeypatch.setattr(pace, "REFUSAL_SECONDS", 0.0)
    async with redis.connected(None):
        yield
    authentication.forget()
    forget_territory()


@pytest.fixture
async def world(db: None) -> World:
    """Two tenants and everybody who may ask; rolled back."""
    return await make_world()
