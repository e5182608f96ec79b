"""The tool that writes migrations: constraints of a new table come, and come second."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from api.assembly import APPS
from tests.conftest import with_name

ROOT = Path(__file__).parents[2]

ALBUM = '''

class Album(Model):
    """A table that the test adds."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    owner: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", on_delete=fields.RESTRICT, related_name="albums"
    )
    title = fields.CharField(40)
    pages = fields.SmallIntField()

    class Meta:
        table = "album"
        indexes = (Index(fields=("title", "id"), name="album_title"),)
        constraints = (
            UniqueConstraint(("owner_id", "title"), "album_once", "pages > 0"),
            CheckConstraint("pages >= 0", "album_pages"),
        )
'''

IMPORTS = (
    "from tortoise.indexes import Index\n"
    "from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint\n"
)

MIGRATE = """
import asyncio, sys
from api.assembly import database_config
from core.database import connected, patient
from core.migrate import migrate
from core.settings import settings

async def main():
    config = database_config(sys.argv[1], settings())
    async with connected(patient(config)):
        print("\\n".join(await migrate(config)))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The packages that models and migrations need, elsewhere, with a new model."""
    folder = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "console", "assets", "seed", "*.woff2")
    for name in (*APPS, "api", "integrations", "migrations", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    models = folder / "media/models.py"
    text = models.read_text("utf-8")
    models.write_text(text.replace("from tortoise", f"{IMPORTS}from tortoise", 1) + ALBUM, "utf-8")
    yield folder
    shutil.rmtree(folder)


def run(copy: Path, *command: str) -> str:
    answer = subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def migrations(copy: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in copy.glob("migrations/*/0*.py")}


async def test_a_new_table_gets_its_constraints_in_a_migration_of_their_own(
    copy: Path, server_url: str, worker_id: str
) -> None:
    before = migrations(copy)
    run(copy, "tools/make_migration.py", "albums")
    table, constraints = (
        text for name, text in sorted(migrations(copy).items()) if name not in before
    )
    assert "CreateModel" in table
    assert "album_title" in table
    assert "Constraint" not in table
    assert "'identity'" in table, "it waits for the table that it refers to"
    assert constraints.count("AddConstraint") == 2
    assert "CreateModel" not in constraints

    written = migrations(copy)
    assert run(copy, "tools/make_migration.py", "nothing") == ""
    assert migrations(copy) == written, "a second run has nothing to add"

    assert await _built(copy, server_url, f"leye_album_{worker_id}") == {
        "album_title",
        "album_once",
        "album_pages",
        "album_pkey",
        "album_owner_id_fkey",
    }


async def _built(copy: Path, server_url: str, name: str) -> set[str]:
    """The indexes and constraints of the new table in a database made from the copy."""
    admin = await asyncpg.connect(with_name(server_url, "postgres"))
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        run(copy, "-c", MIGRATE, with_name(server_url, name))
        inside = await asyncpg.connect(with_name(server_url, name))
        rows = await inside.fetch(
            "SELECT indexname AS name FROM pg_indexes WHERE tablename = 'album' UNION"
            " SELECT conname FROM pg_constraint"
            " WHERE conrelid = 'album'::regclass AND contype <> 'n'"
        )
        await inside.close()
        return {row["name"] for row in rows}
    finally:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.close()
