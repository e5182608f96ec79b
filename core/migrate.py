"""Bring a database to the schema of this code: Tortoise's migrations, then the job queue's own.

Everything happens in one transaction under one advisory lock, so that two starts at once, or a
kill half-way, leave either the old schema or the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

from core.database import connection, execute, fetch

_LOCK = 0x4C657965  # any number that is ours: "Leye"
_JOB_SQL = resources.files("procrastinate.sql")
# What databases ran whose first migrations were made anew before a release held them.
_NEVER_RELEASED = {("core", "0003_audit_trail"), ("notifications", "0001_letters")}


class DatabaseFromBeforeTheRelease(Exception):
    """The database has a history that was never released; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "This database was made by a development version from before the first release. It "
            "can't be brought up to date; make it anew. With DATABASE_URL: drop the database, "
            "create it, run `leye migrate`. Without: remove the folder postgres in LEYE_HOME "
            "(var/ in the checkout)."
        )


async def migrate(config: Mapping[str, Any]) -> list[str]:
    """Apply what is missing and answer the names of the migrations that ran.

    Needs Tortoise initialised with :func:`core.database.patient` and the same ``config``: another
    start may be migrating, and a table may be large.

    Raises:
        DatabaseFromBeforeTheRelease: nothing leads from what the database has to this schema.
    """
    done: list[str] = []

    def note(event: str, app: str, name: str) -> None:
        if event == "apply_done":
            done.append(f"{app}.{name}")

    apps = dict(config["apps"])
    async with in_transaction():
        await execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        await execute("SET LOCAL client_min_messages = warning")
        executor = MigrationExecutor(connection(), apps)
        # Without its table the recorder's first question would abort the transaction.
        editor = executor._schema_editor(atomic=False)  # noqa: SLF001 - Tortoise offers no other
        await executor.recorder.ensure_schema(editor)
        await _refuse_never_released()
        latest = [MigrationTarget(app_label=app, name="__latest__") for app in apps]
        await executor.migrate(latest, direction="forward", progress=note)
        done += await _migrate_jobs()
    return done


async def pending(config: Mapping[str, Any]) -> list[str]:
    """Names of migrations that have not run on this database.

    Raises:
        DatabaseFromBeforeTheRelease: as :func:`migrate`.
    """
    (found,) = await fetch("SELECT to_regclass('tortoise_migrations') IS NOT NULL AS history")
    if found["history"]:
        await _refuse_never_released()
    # Outside of a transaction: the recorder's question fails where its table is not there yet.
    apps = dict(config["apps"])
    executor = MigrationExecutor(connection(), apps)
    await executor.loader.build_graph()
    plan = await executor.plan([MigrationTarget(app_label=app, name="__latest__") for app in apps])
    waiting = [f"{step.migration.app_label}.{step.migration.name}" for step in plan]
    (table,) = await fetch("SELECT to_regclass('job_schema') IS NOT NULL AS there")
    return waiting + _job_names(await _known_job_steps() if table["there"] else set())


async def _refuse_never_released() -> None:
    ran = await fetch("SELECT app, name FROM tortoise_migrations")
    if _NEVER_RELEASED & {(row["app"], row["name"]) for row in ran}:
        raise DatabaseFromBeforeTheRelease


async def _migrate_jobs() -> list[str]:
    """Procrastinate's schema: whole on an empty database, its own steps afterwards.

    Its files say no version to the database, so the names of those that ran are kept here.
    """
    await connection().execute_script(
        "CREATE TABLE IF NOT EXISTS job_schema (name text PRIMARY KEY)"
    )
    known = await _known_job_steps()
    fresh = [step for step in _job_steps() if step.name not in known]
    sources = fresh if known else [_JOB_SQL / "schema.sql"]
    for source in sources:
        await connection().execute_script(source.read_text("utf-8"))
    for step in fresh:
        await execute("INSERT INTO job_schema (name) VALUES ($1)", step.name)
    return _job_names(known)


def _job_steps() -> list[Traversable]:
    files = (_JOB_SQL / "migrations").iterdir()
    return sorted((f for f in files if f.name.endswith(".sql")), key=lambda file: file.name)


async def _known_job_steps() -> set[str]:
    return {row["name"] for row in await fetch("SELECT name FROM job_schema")}


def _job_names(known: set[str]) -> list[str]:
    """What is to do, or was done, where these steps are known."""
    fresh = [f"jobs.{step.name}" for step in _job_steps() if step.name not in known]
    return fresh if known else ["jobs"]
