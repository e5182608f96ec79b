"""Models, migrations and the catalogue agree; migrating bears company, repeats and kills."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise import Model, Tortoise
from tortoise.indexes import Index
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from api.assembly import APPS, database_config
from core.audit import CHAINS
from core.database import connection, fetch
from core.migrate import _LOCK, pending
from core.settings import settings
from tests.conftest import with_name

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds

# Paths and codes that are read in order, or by their beginning, compare byte by byte.
BYTEWISE = {
    ("app", "grid_path"),
    ("grid", "path"),
    ("grid_post", "grid_path"),
    ("hazard", "grid_path"),
    ("notice", "grid_path"),
    ("photo_redaction", "grid_path"),
    ("place", "code"),
    ("place", "grid_path"),
    ("task", "grid_path"),
}

# Tortoise can't declare an index on an expression.
ON_EXPRESSIONS = {"listing_search_point"}

NOT_OURS = {"tortoise_migrations", "job_schema"}


def every_model() -> list[type[Model]]:
    return [model for app in APPS for model in Tortoise.apps[app].values()]


# What the models declare, written as SQL a second time, in the plainest way.


def declared_sql(model: type[Model]) -> Iterator[str]:
    meta = model._meta
    table = meta.db_table
    parts = [column_sql(table, name, meta.fields_map[name]) for name in meta.fields_db_projection]
    parts.append(f"PRIMARY KEY ({meta.db_pk_column})")
    for name, column in meta.fields_db_projection.items():
        field = meta.fields_map[name]
        if field.unique and not field.pk:
            parts.append(f'UNIQUE ("{column}")')
    parts += [f"UNIQUE ({columns(model, together)})" for together in meta.unique_together]
    for constraint in meta.constraints:
        if isinstance(constraint, CheckConstraint):
            parts.append(f"CONSTRAINT {constraint.name} CHECK ({constraint.check})")
        elif isinstance(constraint, UniqueConstraint) and constraint.condition is None:
            parts.append(
                f"CONSTRAINT {constraint.name} UNIQUE ({columns(model, constraint.fields)})"
            )
    yield f'CREATE TABLE "{table}" ({", ".join(parts)})'
    yield from index_sql(model)


def column_sql(table: str, name: str, field: Any) -> str:
    column = field.source_field or name
    kind = field.get_for_dialect("postgres", "SQL_TYPE")
    collation = 'COLLATE "C"' if (table, column) in BYTEWISE else ""
    return f'"{column}" {kind} {collation} {"" if field.null else "NOT NULL"}'


def columns(model: type[Model], names: Any) -> str:
    known = model._meta.fields_db_projection
    return ", ".join(f'"{known.get(name) or known[f"{name}_id"]}"' for name in names)


def index_sql(model: type[Model]) -> Iterator[str]:
    meta = model._meta
    for name in meta.fields_db_projection:
        field = meta.fields_map[name]
        if field.index and not field.unique and not field.pk:
            yield f"CREATE INDEX ON {meta.db_table} ({columns(model, [name])})"
    for index in meta.indexes:
        assert isinstance(index, Index)
        assert not index.expressions
        kind = index.INDEX_TYPE or "btree"
        named = index.name or ""
        where = getattr(index, "extra", "")
        yield (
            f"CREATE INDEX {named} ON {meta.db_table}"
            f" USING {kind} ({columns(model, index.field_names)}) {where}"
        )
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.condition is not None:
            yield (
                f"CREATE UNIQUE INDEX {constraint.name} ON {meta.db_table}"
                f" ({columns(model, constraint.fields)}) WHERE {constraint.condition}"
            )


def foreign_key_sql(model: type[Model]) -> Iterator[str]:
    meta = model._meta
    assert not meta.m2m_fields, "write what a many-to-many field makes"
    for name in meta.fk_fields | meta.o2o_fields:
        field: Any = meta.fields_map[name]
        other = field.related_model._meta
        yield (
            f'ALTER TABLE "{meta.db_table}" ADD FOREIGN KEY ("{field.source_field}")'
            f' REFERENCES "{other.db_table}" ("{other.db_pk_column}") ON DELETE {field.on_delete}'
        )


# What the catalogue says of a schema.

COLUMNS = """
SELECT relname AS "table", attname AS "column", format_type(atttypid, atttypmod) AS type,
       attnotnull AS required, coalesce(collname, '') AS collation,
       coalesce(pg_get_expr(adbin, adrelid), '') AS "default"
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
LEFT JOIN pg_collation k ON k.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""
CONSTRAINTS = """
SELECT relname AS "table", contype::text AS kind, pg_get_constraintdef(k.oid) AS definition,
       CASE contype WHEN 'c' THEN conname END AS name, convalidated AS valid
FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
WHERE relnamespace = $1::regnamespace AND contype IN ('p', 'u', 'c', 'f', 'x')
"""
INDEXES = """
SELECT r.relname AS "table", i.relname AS name, pg_get_indexdef(i.oid) AS definition,
       indisvalid AS valid
FROM pg_index x JOIN pg_class i ON i.oid = indexrelid JOIN pg_class r ON r.oid = indrelid
WHERE r.relnamespace = $1::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""


async def said_of(schema: str, question: str) -> set[tuple[Any, ...]]:
    rows = await fetch(question, schema)
    return {
        tuple(_bare(value, schema) for value in row.values())
        for row in rows
        if not row["table"].startswith("procrastinate_") and row["table"] not in NOT_OURS
    }


def _bare(value: Any, schema: str) -> Any:
    return value.replace(f"{schema}.", "") if isinstance(value, str) else value


@pytest.fixture
async def declared(db: None) -> None:
    """The models' own idea of the tables, in a schema beside the migrated one."""
    models = every_model()
    statements = [sql for model in models for sql in declared_sql(model)]
    statements += [sql for model in models for sql in foreign_key_sql(model)]
    await connection().execute_script(
        f"CREATE SCHEMA declared; SET LOCAL search_path = declared; {'; '.join(statements)};"
        "SET LOCAL search_path = pg_catalog"  # so that both schemas are spelled out below
    )


async def test_models_and_migrations_agree(db: None) -> None:
    config = database_config("postgresql://nobody@127.0.0.1/none", settings())
    writers = await MigrationAutodetector(Tortoise.apps, config["apps"]).changes()
    assert [(writer.app_label, writer.operations) for writer in writers] == []


async def test_every_column_is_as_declared(declared: None) -> None:
    assert await said_of("public", COLUMNS) == await said_of("declared", COLUMNS)


async def test_every_constraint_is_as_declared(declared: None) -> None:
    found = await said_of("public", CONSTRAINTS)
    assert found == await said_of("declared", CONSTRAINTS)
    assert {kind for _, kind, *_ in found} == {"p", "u", "c", "f"}


async def test_every_index_is_as_declared(declared: None) -> None:
    def named(rows: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Names that Tortoise or PostgreSQL made up say nothing."""
        given = {index.name for model in every_model() for index in model._meta.indexes}
        given |= {
            constraint.name for model in every_model() for constraint in model._meta.constraints
        }
        return {
            (table, name, definition, valid)
            if name in given
            else (table, "", definition.replace(name, ""), valid)
            for table, name, definition, valid in rows
        }

    found = {
        (table, name, definition.replace(" WITH (fastupdate=off)", ""), valid)
        for table, name, definition, valid in await said_of("public", INDEXES)
        if name not in ON_EXPRESSIONS
    }
    assert named(found) == named(await said_of("declared", INDEXES))


async def test_a_column_that_sorts_or_holds_a_path_compares_byte_by_byte() -> None:
    paths = {
        (model._meta.db_table, column)
        for model in every_model()
        for column in model._meta.fields_db_projection.values()
        if column == "path" or column.endswith("_path")
    }
    assert paths <= BYTEWISE


async def test_nothing_stands_in_the_database_that_nobody_declared(db: None) -> None:
    found = {
        row["relname"]
        for row in await fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v', 'm', 'p', 'f') AND relname NOT LIKE 'procrastinate%'"
        )
    }
    assert found == {model._meta.db_table for model in every_model()} | NOT_OURS
    triggers = {
        row["name"]
        for row in await fetch(
            "SELECT tgname AS name FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            " WHERE NOT tgisinternal AND relname NOT LIKE 'procrastinate%'"
        )
    }
    functions = {
        row["name"]
        for row in await fetch(
            "SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname NOT LIKE 'procrastinate%'"
        )
    }
    of = {tuple(name.split("_")[:2]) for name in triggers | functions}
    assert {pair for pair in of if pair[0] != "audit"} == {
        ("listing", "search"),
        ("listing", "snapshot"),
    }


# Migrating: in processes of their own, on databases of their own.

MIGRATE = """
import asyncio, sys
from api.assembly import database_config
from core.database import connected, patient
from core.migrate import migrate, pending
from core.settings import settings

async def main():
    config = database_config(sys.argv[1], settings())
    config["connections"]["default"]["credentials"]["command_timeout"] = float(sys.argv[2])
    async with connected(patient(config)):
        print(len(await pending(config)))
        print(",".join(await migrate(config)))

asyncio.run(main())
"""

_numbers = count(1)


@pytest.fixture
async def admin(server_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(with_name(server_url, "postgres"))
    yield connection
    await connection.close()


@pytest.fixture
async def empty_url(
    server_url: str, admin: asyncpg.Connection, worker_id: str
) -> AsyncIterator[str]:
    name = f"leye_migrate_{worker_id}_{next(_numbers)}"
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield with_name(server_url, name)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def inside(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_url)
    yield connection
    await connection.close()


async def migrating(url: str, *, command_seconds: float = 5) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MIGRATE, url, str(command_seconds)),
        cwd=ROOT,
        stdout=PIPE,
        stderr=None,
        stdin=DEVNULL,
    )


async def ran(process: Process) -> tuple[int, list[str]]:
    """How many steps were pending before, and those that this process took."""
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    assert process.returncode == 0
    waiting, done = out.decode().split("\n")[:2]
    return int(waiting), done.split(",") if done else []


async def tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row["tablename"] for row in rows}


def steps() -> list[str]:
    return sorted(f"{file.parent.name}.{file.stem}" for file in ROOT.glob("migrations/*/[0-9]*.py"))


async def test_migrating_twice_does_nothing_the_second_time(
    empty_url: str, inside: asyncpg.Connection
) -> None:
    waiting, done = await ran(await migrating(empty_url))
    assert sorted(done) == sorted([*steps(), "jobs"])
    assert waiting == len(done)
    assert await ran(await migrating(empty_url)) == (0, [])
    assert await inside.fetchval("SELECT count(*) FROM audit_chain") == CHAINS


async def test_starts_at_once_migrate_once(empty_url: str) -> None:
    processes = [await migrating(empty_url) for _ in range(3)]
    done = [done for _, done in await asyncio.gather(*map(ran, processes))]
    assert sorted(map(len, done)) == [0, 0, len(steps()) + 1]


async def test_migrating_waits_for_its_turn_longer_than_a_statement_may_take(
    empty_url: str, inside: asyncpg.Connection, admin: asyncpg.Connection
) -> None:
    async with inside.transaction():
        await inside.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        process = await migrating(empty_url, command_seconds=0.1)
        await until(
            admin,
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = $1"
            " AND wait_event = 'advisory' AND clock_timestamp() - query_start > interval '0.5 s')",
            empty_url,
        )
    _, done = await ran(process)
    assert len(done) == len(steps()) + 1


async def test_a_kill_in_the_middle_leaves_nothing_half_done(
    empty_url: str, inside: asyncpg.Connection, admin: asyncpg.Connection
) -> None:
    process = await migrating(empty_url)
    await until(
        admin,
        "SELECT count(*) > 20 FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = $1)",
        empty_url,
    )
    process.kill()
    await process.wait()
    await until(
        admin,
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = $1",  # the test's own
        empty_url,
    )
    assert await tables(inside) == set()
    _, done = await ran(await migrating(empty_url))
    assert len(done) == len(steps()) + 1


async def until(admin: asyncpg.Connection, question: str, url: str) -> None:
    name = url.rsplit("?", 1)[0].rsplit("/", 1)[1]
    async with asyncio.timeout(PATIENCE):
        while not await admin.fetchval(question, name):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.002)


# The job queue's own schema.

JOB_COLUMNS = COLUMNS.replace("$1::regnamespace", "'public'::regnamespace")
JOB_FUNCTIONS = """
SELECT 'procrastinate' AS "table", proname, pg_get_function_arguments(oid),
       regexp_replace(prosrc, '\\s+', ' ', 'g')
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
JOB_TYPES = """
SELECT 'procrastinate' AS "table", typname, enumlabel
FROM pg_enum JOIN pg_type t ON t.oid = enumtypid
"""
JOB_INDEXES = INDEXES.replace("$1::regnamespace", "'public'::regnamespace")
JOB_TRIGGERS = """
SELECT relname AS "table", pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
"""


async def job_schema(connection: asyncpg.Connection) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for question in (JOB_COLUMNS, JOB_FUNCTIONS, JOB_TYPES, JOB_INDEXES, JOB_TRIGGERS):
        rows = await connection.fetch(question)
        found |= {tuple(row) for row in rows if row["table"].startswith("procrastinate")}
    return found


def job_steps() -> list[Any]:
    folder = resources.files("procrastinate.sql") / "migrations"
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda f: f.name
    )


@pytest.mark.parametrize("known", ["02.06.00_01", "03.00.00_50", "03.02.00_50"])
async def test_an_older_job_queue_is_brought_up_to_date(
    empty_url: str, inside: asyncpg.Connection, known: str, database_url: str
) -> None:
    older = [file for file in job_steps() if file.name[:11] <= known]
    for file in older:
        await inside.execute(file.read_text("utf-8"))
    await inside.execute("CREATE TABLE job_schema (name text PRIMARY KEY)")
    await inside.executemany("INSERT INTO job_schema VALUES ($1)", [(f.name,) for f in older])
    _, done = await ran(await migrating(empty_url))
    assert [name for name in done if name.startswith("jobs")] == [
        f"jobs.{file.name}" for file in job_steps() if file not in older
    ]
    fresh = await asyncpg.connect(database_url)
    try:
        assert await job_schema(inside) == await job_schema(fresh)
    finally:
        await fresh.close()


async def test_the_names_of_every_job_step_are_kept(db: None) -> None:
    rows = await fetch("SELECT name FROM job_schema ORDER BY name")
    assert [row["name"] for row in rows] == [file.name for file in job_steps()]


async def test_pending_knows_a_database_that_is_up_to_date(
    tortoise: None, database_url: str
) -> None:
    assert await pending(database_config(database_url, settings())) == []
