"""What a process stands on: logs, keys, PostgreSQL (its own when none is named), migrations."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from logging import INFO, WARNING, getLogger
from pathlib import Path
from typing import Any

import structlog

from api.assembly import assemble, database_config
from core import logging, redis
from core.database import connected, patient
from core.embedded_postgres import Cluster, running, state_folder
from core.migrate import migrate
from core.settings import Settings
from integrations.sms import development
from notifications.templates import keep_shipped

log = structlog.get_logger("api.runtime")


@dataclass(frozen=True)
class Ground:
    """A prepared process: settings, database, configuration of Tortoise."""

    settings: Settings
    url: str
    config: Mapping[str, Any]
    cluster: Cluster | None


@contextmanager
def ground(settings: Settings, *, quiet: bool = False) -> Iterator[Ground]:
    """Set up logs, handlers and keys; start the embedded PostgreSQL when no server is named."""
    trusted = () if settings.production else (development.LOGGER,)
    level = WARNING if quiet else INFO
    logging.configure(production=settings.production, level=level, trusted=trusted)
    for name in trusted:  # one-time codes are shown however quiet it is
        getLogger(name).setLevel(INFO)
    logging.catch_uncaught()
    assemble(settings)
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        yield Ground(settings, url, database_config(url, settings), None)
        return
    with running() as cluster:
        yield Ground(settings, cluster.url, database_config(cluster.url, settings), cluster)


@asynccontextmanager
async def at_work(ground: Ground) -> AsyncIterator[None]:
    """PostgreSQL and Redis at hand, for commands that are not servers."""
    url = ground.settings.redis_url
    where = url.get_secret_value() if url else None
    async with redis.connected(where), connected(ground.config):
        yield


async def migrate_now(ground: Ground) -> list[str]:
    """Bring the database up to date, the words of notifications too; answers what ran."""
    async with connected(patient(ground.config)):
        done = await migrate(ground.config)
        await keep_shipped()
    if done:
        log.info("database.migrated", count=len(done))
    return done


def note_address(url: str) -> None:
    """Leave the address of the running service for ``leye demo``, which runs beside it."""
    with suppress(OSError):  # a state folder that can't be written only loses a convenience
        file = _address_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(url, encoding="utf-8")


def forget_address() -> None:
    """The service has stopped."""
    with suppress(OSError):
        _address_file().unlink(missing_ok=True)


def noted_address() -> None:
    """Speak of the running service's address, unless the environment names one."""
    with suppress(OSError):
        os.environ.setdefault("LEYE_PUBLIC_URL", _address_file().read_text(encoding="utf-8"))


def _address_file() -> Path:
    return state_folder() / "address"
