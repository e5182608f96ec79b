"""Write the migrations that the models need: ``python tools/make_migration.py NAME``.

Constraints of a new table produce no SQL in the migration that creates it (a defect of Tortoise
1.1): so new tables are written without them, and the constraints follow in a migration of their
own.
"""
# ruff: noqa: E402 - the path comes first

import asyncio
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # of several checkouts the one that this file lies in

from tortoise import Tortoise
from tortoise.apps import Apps
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.writer import MigrationWriter, format_migration_name

from api.assembly import APPS, database_config
from core.settings import Settings

CONFIG = database_config("postgresql://nobody@127.0.0.1/none", Settings())


async def write(name: str, *, tables: bool, written: str) -> None:
    """Write what has changed; with ``tables`` leave the constraints of new tables out."""
    await Tortoise.init(config=CONFIG, init_connections=False, _enable_global_fallback=True)
    apps: Apps = Tortoise.apps
    if tables:
        for app in APPS:
            for model in apps[app].values():
                if not re.search(rf"""(["'])table\1: (["']){model._meta.db_table}\2""", written):  # noqa: SLF001
                    model._meta.constraints = ()  # noqa: SLF001
    writers: list[MigrationWriter] = await MigrationAutodetector(apps, CONFIG["apps"]).changes()
    latest = {app: _latest(app) for app in APPS}
    for writer in writers:
        number = int(writer.name.split("_", 1)[0])
        writer.name = format_migration_name(number, name if tables else f"{name}_constraints")
        if below := list(APPS)[: list(APPS).index(writer.app_label)][-1:]:
            # Tortoise writes no dependency on the app that a foreign key points to.
            dependency = (below[0], latest[below[0]])
            if dependency not in writer.dependencies:
                writer.dependencies.append(dependency)
        latest[writer.app_label] = writer.name
        print(writer.write())


def _latest(app: str) -> str:
    return max((file.stem for file in Path("migrations", app).glob("0*.py")), default="")


if __name__ == "__main__":
    if sys.argv[1] in {"--tables", "--constraints"}:
        text = "".join(file.read_text() for file in Path("migrations").glob("*/0*.py"))
        asyncio.run(write(sys.argv[2], tables=sys.argv[1] == "--tables", written=text))
    else:
        for app in APPS:
            package = Path("migrations") / app
            package.mkdir(exist_ok=True)
            (package / "__init__.py").touch()
        for step in ("--tables", "--constraints"):
            subprocess.run([sys.executable, __file__, step, sys.argv[1]], check=True)
