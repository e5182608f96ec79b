"""``leye``: everything an operator does from a terminal."""

from __future__ import annotations

import sys

import typer

from api.cli import data as data
from api.cli import imports as imports
from api.cli import keys as keys
from api.cli import operations as operations
from api.cli import people as people
from api.cli import plates as plates
from api.cli import serving as serving
from api.cli.terminal import say
from core.embedded_postgres import EmbeddedPostgresError
from core.errors import DomainError
from core.migrate import DatabaseFromBeforeTheRelease
from core.settings import SettingsError

cli = typer.Typer(
    name="leye",
    help="Houjie: the town's rental housing and safety service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (serving, data, imports, people, keys, plates, operations):
    module.register(cli)


def main() -> None:
    """Run a command; what an operator can mend is said in a sentence, not in a traceback."""
    try:
        cli()
    except SettingsError as error:
        say.print(f"[red]The settings can't be used:[/red]\n{error}", highlight=False)
        sys.exit(2)
    except (EmbeddedPostgresError, DatabaseFromBeforeTheRelease, DomainError) as error:
        say.print(f"[red]{error}[/red]", highlight=False)
        sys.exit(1)
