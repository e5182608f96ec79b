"""What backups and restoring ask of a database."""

from __future__ import annotations

from importlib import import_module, resources
from pkgutil import iter_modules
from typing import Final

from api.assembly import APPS
from core.database import fetch
from core.settings import Settings

BOOKKEEPING: Final = frozenset(
    {"tortoise_migrations", "job_schema", "audit_chain", "message_template"}
)
"""Tables that hold rows in a database nobody has used yet."""

TABLES_SQL: Final = (
    "SELECT relname::text AS name FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname"
)
_FINGERPRINT: Final = "fingerprint of the secret"


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def count_sql(table: str) -> str:
    """Counts the rows of a table."""
    return f"SELECT count(*) AS rows FROM public.{identifier(table)}"  # noqa: S608 - quoted


async def row_counts() -> dict[str, int]:
    """Rows of every table of the running connection's database."""
    tables = [row["name"] for row in await fetch(TABLES_SQL)]
    return {table: (await fetch(count_sql(table)))[0]["rows"] for table in tables}


async def applied() -> list[str]:
    """Names of the migrations that ran on this database, those of the job queue included."""
    models = await fetch("SELECT app || '.' || name AS name FROM tortoise_migrations ORDER BY id")
    queue = await fetch("SELECT 'jobs.' || name AS name FROM job_schema ORDER BY name")
    return [row["name"] for row in (*models, *queue)]


def known() -> set[str]:
    """Names of the migrations that this version has."""
    queue = resources.files("procrastinate.sql") / "migrations"
    names = {f"jobs.{file.name}" for file in queue.iterdir() if file.name.endswith(".sql")}
    for app in APPS:
        package = import_module(f"migrations.{app}")
        names |= {f"{app}.{module.name}" for module in iter_modules(package.__path__)}
    return names


def fingerprints(settings: Settings) -> list[str]:
    """Names for every key that stored data depends on, from which none can be found out.

    ``secret:MARK`` is a master secret, the active one first; ``field:ID:MARK`` and
    ``index:ID:MARK`` are keys given one by one.
    """

    def mark(secret: str) -> str:
        return settings.derived_key(_FINGERPRINT, secret=secret).hex()[:16]

    found = [settings.secret.get_secret_value(), *settings.previous_secrets]
    marks = [f"secret:{mark(secret)}" for secret in found]
    for kind, keys in (("field", settings.field_keys), ("index", settings.index_keys)):
        for key in keys.get_secret_value().split(",") if keys is not None else ():
            name, _, secret = key.strip().rpartition(":")
            marks += [f"{kind}:{name}:{mark(secret)}"] if secret else []
    return marks
