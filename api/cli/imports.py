"""``leye import``: lists that other systems keep."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.cli.terminal import say, show
from api.runtime import at_work, ground
from citizen.importing import Report, import_tenants
from core.settings import settings

commands = typer.Typer(help="Take in lists that others keep.", no_args_is_help=True)

_SHOWN = 50


@commands.callback()
def _group() -> None:
    """A group, also while it has one command."""


@commands.command()
def tenants(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8 or GB 18030.", exists=True)],
    given_by: Annotated[str, typer.Option("--from", help="Whose list it is, in words.")],
    dry_run: Annotated[bool, typer.Option(help="Try everything, keep nothing.")] = False,
) -> None:
    """Register the tenants of a list; one fault anywhere, and nothing is written."""

    async def run() -> Report:
        async with at_work(here):
            return await import_tenants(file.read_bytes(), given_by=given_by, dry_run=dry_run)

    with ground(settings(), quiet=True) as here:
        report = asyncio.run(run())
    if report.faults:
        _show_faults(report)
        raise typer.Exit(1)
    show.print(
        f"{report.rows} rows: {report.registered} registered, {report.held} to be looked at,"
        f" {report.unchanged} known already, {report.later_known} older than what is known"
        + (" (dry run: nothing was kept)" if dry_run else "")
    )


def _show_faults(report: Report) -> None:
    table = Table("line 行", "column 列", "reason", "words")
    for fault in report.faults[:_SHOWN]:
        table.add_row(str(fault.line), fault.column, fault.reason, fault.words)
    show.print(table)
    say.print(f"[red]{len(report.faults)} faults in {report.rows} rows; nothing was written.[/red]")


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(commands, name="import")
