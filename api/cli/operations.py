"""``leye backup``, ``leye restore``, ``leye doctor``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from asyncpg.exceptions import PostgresError
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from tortoise.exceptions import BaseORMException

from api.cli.terminal import say, show
from api.ops import archive
from api.ops.backup import back_up
from api.ops.doctor import examine, examine_wechat
from api.ops.errors import OperationRefused
from api.ops.findings import Finding, State
from api.ops.restore import restore as restore_backup
from api.runtime import Ground, ground
from core.settings import settings

T = TypeVar("T")

_SIGNS: Final = {
    State.GOOD: "[green]✓[/green]",
    State.WARNING: "[yellow]![/yellow]",
    State.FAILURE: "[red]✗[/red]",
    State.SKIPPED: "[dim]·[/dim]",
}


def backup(
    file: Annotated[Path, typer.Argument(help="File to write, or a folder to name one in.")],
    force: Annotated[bool, typer.Option(help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write database and pictures into one file. The service may go on working."""
    made = _run(lambda here, hear: back_up(here, file, force=force, progress=hear))
    rows = sum(made.manifest.tables.values())
    say.print(f"{rows} rows, {made.manifest.pictures} pictures, {made.size} bytes")
    say.print(
        "No secret is in it. To read its encrypted fields the service needs those with fingerprint "
        f"{', '.join(made.manifest.secrets)} (LEYE_SECRET): keep them apart from the backup.",
        highlight=False,
        soft_wrap=True,
    )
    typer.echo(made.path)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `leye backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the database holds rows, which are lost.")
    ] = False,
    without_secret: Annotated[
        bool,
        typer.Option("--without-secret", help="Even if encrypted fields then can't be read."),
    ] = False,
) -> None:
    """Put a backup in the place of the database and the pictures, all of it or nothing."""
    done = _run(
        lambda here, hear: restore_backup(
            here, file, replace=replace, without_secret=without_secret, progress=hear
        )
    )
    manifest = done.manifest
    rows = sum(manifest.tables.values())
    say.print(
        f"Restored what version {manifest.version} held at {manifest.made_at}:\n"
        f"  {rows} rows in {len(manifest.tables)} tables, as counted then\n"
        f"  {len(done.migrations)} migrations run since\n"
        f"  {done.audit_entries} audit entries, every chain whole and as anchored\n"
        f"  {manifest.pictures} pictures: {done.pictures_written} written, "
        f"{done.pictures_removed} others removed",
        highlight=False,
        soft_wrap=True,
    )
    if done.unfinished:
        say.print(
            f"[yellow]Left to tidy up ({escape(done.unfinished)}).[/yellow] The same command with "
            "--replace does it.",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(1)


class Examined(StrEnum):
    """What ``leye doctor`` can look at besides what the service stands on."""

    WECHAT = "wechat"


def doctor(
    what: Annotated[
        Examined | None, typer.Argument(help="`wechat`: each step of its set-up instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Examine everything the service stands on, and say what to do about what is wrong."""
    findings: list[Finding] = []
    examined = examine if what is None else examine_wechat

    def hear(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            _show(finding)

    sound = examined(hear)
    if as_json:
        told = {"ok": sound, "checks": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    if not sound:
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    says = escape(finding.says)
    show.print(
        f"{_SIGNS[finding.state]} {finding.name:<16} {says}", highlight=False, soft_wrap=True
    )
    if finding.remedy:
        show.print(f"  {'':<16} → {escape(finding.remedy)}", highlight=False, soft_wrap=True)


def _run(job: Callable[[Ground, archive.Progress], Coroutine[Any, Any, T]]) -> T:
    """Do an operation; what keeps it from being done is said in a sentence."""
    try:
        with ground(settings(), quiet=True) as here, _bars() as hear:
            return asyncio.run(job(here, hear))
    except OperationRefused as refusal:
        text = str(refusal)
    except (OSError, PostgresError, BaseORMException) as error:
        text = f"Not done ({type(error).__name__}): {error}"
    say.print(f"[red]{escape(text)}[/red]", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


@contextmanager
def _bars() -> Iterator[archive.Progress]:
    """A bar for each part, on standard error."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(*columns, TimeElapsedColumn(), console=say) as bars:
        known: dict[str, TaskID] = {}

        def hear(part: str, done: int, total: int | None) -> None:
            if part not in known:
                known[part] = bars.add_task(part, total=total)
            bars.update(known[part], completed=done, total=total)

        yield hear


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, restore, doctor):
        cli.command()(command)
