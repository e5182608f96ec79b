"""``leye keys``: the keys under which fields are sealed and indexed."""

from __future__ import annotations

import asyncio
import sys

import typer

from api.cli.terminal import say
from api.runtime import at_work, ground
from core.crypto import UnknownKey
from core.key_rotation import Rotated, rotate
from core.settings import settings
from core.work import work
from identity.actor import SYSTEM

keys = typer.Typer(help="The keys under which fields are sealed.", no_args_is_help=True)


@keys.command("rotate")
def keys_rotate() -> None:
    """Write everything again that is sealed or indexed under an earlier key.

    Put the new key first, restart every process, then run this while people work. Stopped, it
    goes on when it is run again. When nothing is left, the earlier key may go from the list.
    """

    async def run() -> list[Rotated]:
        async with at_work(here):
            found = await rotate()
            done = sum(column.done for column in found)
            async with work(SYSTEM) as unit:
                unit.note("rotateKeys", "KEYS", None, done=done)
            return found

    with ground(settings(), quiet=True) as here:
        try:
            found = asyncio.run(run())
        except UnknownKey as error:
            say.print(
                f"[red]Something is sealed under key {error.key_id}, which is not on the list: put"
                " it back at the end of the list, then go on.[/red]",
                highlight=False,
            )
            sys.exit(1)
    for column in found:
        if column.done or column.left:
            typer.echo(f"{column.table}.{column.column}\t{column.done} again\t{column.left} left")
    left = sum(column.left for column in found)
    say.print(
        f"{sum(column.done for column in found)} values are under the active keys now."
        + (f" {left} go by themselves within a day." if left else " None is left."),
        highlight=False,
    )


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    cli.add_typer(keys, name="keys")
