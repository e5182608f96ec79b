"""An emulator on loopback, a client of it, and a wall between the tests and the real WeChat."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from core import redis
from integrations.wechat.client import Client
from integrations.wechat.emulator import Running, running
from tests.integrations.wechat.support import Helper, config_for


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Looking up any other name fails, and so does the test that does."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def looking_up(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in {None, "127.0.0.1", "localhost", "::1"}:
            asked.append(str(name))
            raise OSError("the tests speak to nobody outside")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    yield asked
    assert asked == []


@pytest.fixture
async def memory() -> AsyncIterator[None]:
    """A Redis of the test's own."""
    async with redis.connected(None):
        yield


@pytest.fixture
async def emulator(memory: None) -> AsyncIterator[Running]:
    async with running() as found:
        yield found


@pytest.fixture
async def client(emulator: Running) -> AsyncIterator[Client]:
    found = Client(config_for(emulator))
    yield found
    await found.close()


@pytest.fixture
async def control(emulator: Running) -> AsyncIterator[Helper]:
    async with Helper.at(emulator.url) as found:
        yield found
