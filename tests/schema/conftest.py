"""Fixtures for tests of the schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core import redis
from core import settings as settings_module
from identity import authentication, pace
from integrations import wechat
from integrations.wechat.client import Client
from integrations.wechat.emulator import Running, running
from management.territory import forget_territory
from media import storage, worker
from media.formats import WIDTHS
from tests.integrations.wechat.support import config_for
from tests.media import samples
from tests.schema.keeping import world_anew
from tests.schema.support import EMULATOR, World
from tests.schema.worlds.hazards import HAZARD_PICTURES

PICTURE = samples.plain(720, 540, "WEBP")


@pytest.fixture(scope="package", autouse=True)
def worker_ends() -> Iterator[None]:
    """The process for pictures does not outlive the tests."""
    yield
    worker.close()


@pytest.fixture(scope="session")
async def wechat_client() -> AsyncIterator[tuple[Running, Client]]:
    """An emulator and a client of it, once for all of these tests."""
    async with running() as found:
        client = Client(config_for(found))
        EMULATOR.append(found)
        yield found, client
        EMULATOR.clear()
        await client.close()


@pytest.fixture(autouse=True)
def emulator(wechat_client: tuple[Running, Client]) -> Iterator[Running]:
    """WeChat, as far as these tests speak to it; other tests have none."""
    found, client = wechat_client
    before = wechat.use(client)
    yield found
    wechat.use(before)


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
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pictures lie in a folder of the test's own."""
    monkeypatch.setenv("LEYE_MEDIA_DIR", str(tmp_path / "media"))
    settings_module.settings.cache_clear()
    yield
    monkeypatch.undo()
    settings_module.settings.cache_clear()


@pytest.fixture
async def world(db: None, folder: None) -> World:
    """Two tenants and everybody who may ask; rolled back. Of the pictures shown there are files."""
    made = await world_anew()
    for tenant in made.tenants:
        storage.store(tenant.shown.key, WIDTHS[-1], "webp", PICTURE)
    for key in HAZARD_PICTURES:
        storage.store(key, WIDTHS[-1], "webp", PICTURE, private=True)
    return made
