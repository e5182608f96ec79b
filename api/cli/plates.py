"""``leye plates print`` and ``leye plates log``."""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress

from api.cli.terminal import say
from api.runtime import at_work, ground
from core.clock import now
from core.keyset import LARGEST_PAGE, Page
from core.settings import settings
from identity.actor import SYSTEM
from integrations import wechat
from management.access import access_place
from management.models import PlateDoors, PlateSheet, PlateSheetState
from management.plate_log import ReplacementFilter, list_replacements, names_of_staff
from management.plate_printing import PrintOrder, order_now
from management.plate_sheet_jobs import draw, finish
from management.plate_sheets.sizes import PlateSize

commands = typer.Typer(help="QR plates: print them, and see which were replaced.")

_LOG = (
    "ended_at", "place_code", "place_name", "room", "state", "reason", "ended_by", "old_token",
    "new_token",
)  # fmt: skip


@commands.command("print")
def print_sheet(
    out: Annotated[Path, typer.Option(help="The PDF to write.")],
    grid: Annotated[str | None, typer.Option(help="Code of a grid of any level.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="Code of a place; repeatable.")] = None,
    batch: Annotated[UUID | None, typer.Option(help="Plates that were issued together.")] = None,
    size: Annotated[PlateSize, typer.Option(help="Size of the labels.")] = PlateSize.SMALL,
    doors: Annotated[PlateDoors, typer.Option(help="Of houses, of rooms.")] = PlateDoors.BOTH,
    only_unprinted: Annotated[bool, typer.Option(help="Leave out what was printed.")] = False,
    issue_missing: Annotated[bool, typer.Option(help="Issue plates where none hang.")] = False,
    force: Annotated[bool, typer.Option(help="Overwrite the file if it exists.")] = False,
) -> None:
    """Print plates into a PDF; the record of it is kept as for those that staff print."""
    if out.exists() and not force:
        say.print(f"[red]{out} exists; --force overwrites it.[/red]")
        raise typer.Exit(1)

    async def run() -> None:
        async with at_work(here), wechat.connected(here.settings):
            ids = [(await access_place(SYSTEM, code=code)).id for code in place or ()]
            order = PrintOrder(
                grid_code=grid,
                place_ids=tuple(ids) if place else None,
                batch=batch,
                size=size,
                doors=doors,
                only_unprinted=only_unprinted,
                issue_missing=issue_missing,
            )
            _tell(await _print(order, out), out)

    with ground(settings(), quiet=True) as here:
        asyncio.run(run())


async def _print(order: PrintOrder, out: Path) -> dict[str, Any]:
    sheet = await order_now(SYSTEM, order)
    draft = out.with_name(f".draft-{sheet.id}.pdf")
    try:
        with Progress(console=say) as bars:
            bar = bars.add_task("plates", total=sheet.total)
            report = await draw(
                sheet, draft, lambda done, total: bars.update(bar, completed=done, total=total)
            )
        size = draft.stat().st_size
        draft.replace(out)
    except BaseException:
        draft.unlink(missing_ok=True)
        await PlateSheet.filter(id=sheet.id).update(
            state=PlateSheetState.FAILED, failure="DRAWING", finished_at=now()
        )
        raise
    # The file is with who asked for it; nothing of it is kept here.
    await finish(sheet, report, state=PlateSheetState.EXPIRED, size=size, expires_at=now())
    return report


def _tell(report: dict[str, Any], out: Path) -> None:
    say.print(f"{report['labels']} plates on {report['pages']} pages")
    for character, codes in report["missing"].items():
        say.print(f"[yellow]The font lacks {character}: {', '.join(codes)}[/yellow]")
    for code in report["cut"]:
        say.print(f"[yellow]The name did not fit: {code}[/yellow]")
    typer.echo(out)


@commands.command("log")
def replacement_log(
    grid: Annotated[str | None, typer.Option(help="Code of a grid of any level.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets.")] = False,
) -> None:
    """Plates that were replaced or taken out of use, the newest first."""

    async def run() -> None:
        async with at_work(here):
            writer = csv.writer(sys.stdout, delimiter="," if as_csv else "\t")
            writer.writerow(_LOG)
            cursor = None
            while True:
                page = await list_replacements(
                    SYSTEM,
                    filter_by=ReplacementFilter(grid_code=grid),
                    page=Page(LARGEST_PAGE, cursor),
                )
                names = await names_of_staff({row["ended_by"] for row in page.rows} - {None})
                writer.writerows(_line(row, names) for row in page.rows)
                if not page.has_next:
                    return
                cursor = page.cursor(-1)

    with ground(settings(), quiet=True) as here:
        asyncio.run(run())


def _line(row: dict[str, Any], names: dict[UUID, str]) -> list[str]:
    fields = (
        row["ended_at"].isoformat(), row["place__code"], row["place__name"], row["room__number"],
        row["state"], row["end_reason"], names.get(row["ended_by"]), row["token"],
        row["replaced_by__token"],
    )  # fmt: skip
    # Spreadsheets take a leading sign for a formula.
    texts = ["" if field is None else str(field) for field in fields]
    return [f"'{text}" if text[:1] in "=+-@\t\r" and text else text for text in texts]


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(commands, name="plates")
