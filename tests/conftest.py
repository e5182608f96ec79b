"""Fixtures of the whole suite: a migrated database per worker, rolled back or truncated.

``db`` is one transaction that is rolled back: for nearly every test. ``committed_db`` really
commits and is emptied afterwards: for races, jobs and kills.

The server is the one of ``DATABASE_URL``, else an embedded one for tests. The first worker makes
a template database, every worker a copy of it.

With ``--servers`` only the tests run that use PostgreSQL or a Redis that is named: for a second
run, which asks whether other servers do as well. A test uses one by a fixture made from
``server_url`` or ``redis_url``; nothing else in the tests asks where they are.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from api.assembly import assemble, database_config
from core.audit import CHAINS_SQL
from core.database import connected, connection, patient
from core.embedded_postgres import running
from core.migrate import migrate
from core.settings import settings
from notifications.templates import keep_shipped

ROOT = Path(__file__).parent.parent
_TEMPLATE_LOCK = 0x7E57
SERVERS = {"server_url", "redis_url"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--servers``."""
    parser.addoption(
        "--servers", action="store_true", help="only tests that use PostgreSQL or Redis"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would find the same with any servers, when told."""
    if not config.getoption("servers"):
        return
    using, others = [], []
    for item in items:
        (using if SERVERS & set(getattr(item, "fixturenames", ())) else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = using


def with_name(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _digest() -> str:
    """What the template depends on: migrations, the code whose SQL they run, shipped words."""
    digest = hashlib.sha256()
    sources = [
        *ROOT.glob("migrations/*/*.py"),
        ROOT / "core/audit.py",
        ROOT / "landlord/snapshots.py",
        *ROOT.glob("notifications/shipped/*.toml"),
        ROOT / "notifications/templates.py",
        ROOT / "requirements/dev.txt",
    ]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


async def _template(url: str, name: str) -> None:
    """Make the template once; other workers wait for it on an advisory lock."""
    admin = await asyncpg.connect(with_name(url, "postgres"))
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _TEMPLATE_LOCK)
        if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        draft = f"{name}_draft"
        await admin.execute(f'DROP DATABASE IF EXISTS "{draft}"')
        await admin.execute(f'CREATE DATABASE "{draft}" TEMPLATE template0')
        config = database_config(with_name(url, draft), settings())
        async with connected(patient(config)):
            await migrate(config)
            await keep_shipped()
        await admin.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    finally:
        await admin.close()


async def _copy(url: str, template: str, name: str) -> None:
    admin = await asyncpg.connect(with_name(url, "postgres"))
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _TEMPLATE_LOCK)
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        # What tests commit need not outlive a power cut.
        await admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    finally:
        await admin.close()


async def _drop(url: str, name: str) -> None:
    admin = await asyncpg.connect(with_name(url, "postgres"))
    try:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest.fixture(scope="session", autouse=True)
def hasty() -> Iterator[None]:
    """No test cuts the power, and to wait for a disk takes most of the time of small files."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server on which databases may be made."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with running("test") as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def redis_url() -> str | None:
    """A Redis server; None for the one inside the process."""
    return os.environ.get("REDIS_URL")


@pytest.fixture(scope="session")
def database_url(server_url: str, worker_id: str) -> Iterator[str]:
    """This worker's own migrated, empty database."""
    assemble(settings())
    template = f"leye_template_{_digest()}"
    name = f"leye_test_{worker_id}_{os.getpid()}"
    asyncio.run(_template(server_url, template))
    asyncio.run(_copy(server_url, template, name))
    yield with_name(server_url, name)
    asyncio.run(_drop(server_url, name))


@pytest.fixture(scope="session")
async def tortoise(database_url: str) -> AsyncIterator[None]:
    """Tortoise on this worker's database."""
    async with connected(database_config(database_url, settings())):
        yield


@pytest.fixture
async def db(tortoise: None) -> AsyncIterator[None]:
    """Everything the test does happens in one transaction, rolled back at its end."""
    async with in_transaction() as transaction:
        yield
        await transaction.rollback()


@pytest.fixture
async def committed_db(tortoise: None) -> AsyncIterator[None]:
    """What the test does is committed; every table is emptied afterwards.

    But for the words that come with the program: nothing can be told without them.
    """
    yield
    await _empty()
    await keep_shipped()


_EMPTY = """
SET session_replication_role = replica; -- the audit trail keeps its rows otherwise
DO $$
DECLARE one regclass; filled boolean;
BEGIN
    FOR one IN SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname NOT IN ('tortoise_migrations', 'job_schema')
    LOOP -- to empty all of them takes ten times as long
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %s', one); END IF;
    END LOOP;
END $$;
"""


async def _empty() -> None:
    await connection().execute_script(
        f"{_EMPTY} {CHAINS_SQL}; SET session_replication_role = origin"
    )
