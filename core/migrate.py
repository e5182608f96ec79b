"""Bring a database to the schema of this code: Tortoise's migrations, then the job queue's own.

Everything happens in one transaction under one advisory lock, so that two starts at once, or a
kill half-way, leave either the old schema or the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

from core.database import connection, execute, fetch

_LOCK = 0x4C657965  # any number that is ours: "Leye"


async def migrate(config: Mapping[str, Any]) -> list[str]:
    """Apply what is missing and answer the names of the migrations that ran.

    Needs Tortoise initialised with :func:`core.database.patient` and the same ``config``: another
    start may be migrating, and a table may be large.
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
        latest = [MigrationTarget(app_label=app, name="__latest__") for app in apps]
        await executor.migrate(latest, direction="forward", progress=note)
        done += await _migrate_jobs()
    return done


async def pending(config: Mapping[str, Any]) -> list[str]:
    """Names of migrations that have not run on this database."""
    apps = dict(config["apps"])
    async with in_transaction():
        executor = MigrationExecutor(connection(), apps)
        await executor.loader.build_graph()
        plan = await executor.plan(
            [MigrationTarget(app_label=app, name="__latest__") for app in apps]
        )
    return [f"{step.migration.app_label}.{step.migration.name}" for step in plan]


async def _migrate_jobs() -> list[str]:
    """Procrastinate's schema: whole on an empty database, its own steps afterwards.

    Its files say no version to the database, so the names of those that ran are kept here.
    """
    await connection().execute_script(
        "CREATE TABLE IF NOT EXISTS job_schema (name text PRIMARY KEY)"
    )
    known = {row["name"] for row in await fetch("SELECT name FROM job_schema")}
    folder = resources.files("procrastinate.sql")
    steps = sorted(
        file.name for file in (folder / "migrations").iterdir() if file.name.endswith(".sql")
    )
    fresh = [name for name in steps if name not in known]
    if not known:
        await connection().execute_script((folder / "schema.sql").read_text("utf-8"))
    else:
        for name in fresh:
            await connection().execute_script((folder / "migrations" / name).read_text("utf-8"))
    for name in fresh:
        await execute("INSERT INTO job_schema (name) VALUES ($1)", name)
    return [f"jobs.{name}" for name in fresh] if known else ["jobs"] if fresh else []
