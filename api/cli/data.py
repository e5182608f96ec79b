"""``leye migrate``, ``seed``, ``demo``, ``schema``."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.app import make_schema
from api.cli.serving import tell_demo
from api.cli.terminal import say, show
from api.demo import demo as demo_people
from api.runtime import at_work, ground, migrate_now, noted_address
from core.settings import settings
from landlord.search.projection import reconcile

SNAPSHOT = Path(__file__).parents[2] / "schema.graphql"


class Size(StrEnum):
    """How large a town to make."""

    SMALL = "small"
    TOWN = "town"


def migrate() -> None:
    """Bring the database to the schema of this version."""
    with ground(settings()) as here:
        done = asyncio.run(migrate_now(here))
    say.print("\n".join(done) if done else "up to date")


def seed(
    size: Annotated[Size, typer.Option(help="small: seconds; town: minutes.")] = Size.SMALL,
    number: Annotated[int, typer.Option(help="The same number makes the same town.")] = 2015,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Its last day; a fresh town: not said."),
    ] = None,
    replace: Annotated[bool, typer.Option(help="Empty the database first.")] = False,
) -> None:
    """Make a synthetic town. Refused in production and, unless told, where places exist."""

    # Drawing and geometry libraries: no other command pays for them.
    from api.seed.filling import seed as seed_town

    async def run() -> None:
        await migrate_now(here)
        async with at_work(here):
            summary = await seed_town(
                size.value,
                url=here.url,
                number=number,
                base=until.date() if until else None,
                replace=replace,
            )
        say.print(str(summary))

    with ground(settings(), quiet=True) as here:
        asyncio.run(run())


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Plates to scan and people to sign in as; development only."""
    noted_address()

    async def run() -> None:
        async with at_work(here):
            found = await demo_people(here.settings)
        if found is None:
            say.print("[red]There is no sample town here; make run or leye seed makes one.[/red]")
            raise typer.Exit(1)
        if as_json:
            show.print_json(json.dumps(found, ensure_ascii=False))
        else:
            tell_demo(found)

    with ground(settings(), quiet=True) as here:
        asyncio.run(run())


def schema(
    write: Annotated[bool, typer.Option("--write", help="Into schema.graphql.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare with schema.graphql.")] = False,
) -> None:
    """Print the GraphQL schema."""
    text = make_schema().as_str() + "\n"
    if write:
        SNAPSHOT.write_text(text, encoding="utf-8")
    elif check:
        if SNAPSHOT.read_text(encoding="utf-8") != text:
            say.print("[red]schema.graphql is not what the code says: make schema[/red]")
            raise typer.Exit(1)
        say.print("schema.graphql is up to date")
    else:
        typer.echo(text, nl=False)


search = typer.Typer(help="What is searched.", no_args_is_help=True)


@search.command()
def rebuild() -> None:
    """Compare what is searched with the listings and write anew what differs."""

    async def run() -> None:
        async with at_work(here):
            say.print(f"{await reconcile()} rows written")

    with ground(settings(), quiet=True) as here:
        asyncio.run(run())


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    for command in (migrate, seed, demo, schema):
        cli.command()(command)
    cli.add_typer(search, name="search")
