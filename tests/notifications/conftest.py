"""An emulator of WeChat behind the client of the process, and short messages that are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from core import redis
from integrations import sms, wechat
from integrations.wechat.client import Client
from integrations.wechat.emulator import Running, running
from tests.integrations.wechat.support import Helper, config_for
from tests.management.support import some_grids
from tests.notifications.support import KeptMessages, wechat_templates


@pytest.fixture
async def emulator() -> AsyncIterator[Running]:
    """WeChat, with a Redis of its own for the token; calls are given up after a second."""
    async with redis.connected(None), running() as found:
        client = Client(config_for(found, read=1.0, total=1.0))
        before = wechat.use(client)
        yield found
        wechat.use(before)
        await client.close()


@pytest.fixture
async def control(emulator: Running) -> AsyncIterator[Helper]:
    """The emulator's control routes."""
    async with Helper.at(emulator.url) as found:
        yield found


@pytest.fixture
def short_messages() -> Iterator[KeptMessages]:
    """A provider of short messages that keeps them."""
    kept = KeptMessages()
    before = sms.use(kept)
    yield kept
    sms.use(before)


@pytest.fixture
async def letters(committed_db: None) -> None:
    """WeChat's templates for the forms of the topics that the tests use."""
    await wechat_templates()


@pytest.fixture
async def town(db: None) -> None:
    """Some grids of the town, in a transaction that is rolled back."""
    await some_grids()


@pytest.fixture
async def limits() -> AsyncIterator[None]:
    """Limits of their own for a test."""
    async with redis.connected(None):
        yield
