"""``leye staff add``, ``leye app add``, ``leye audit``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from api.cli.terminal import say, show
from api.runtime import at_work, ground
from core.audit_check import anchors as read_heads
from core.audit_check import verify as verify_trail
from core.clock import now
from core.database import connection
from core.settings import settings
from identity.actor import SYSTEM, Role
from identity.apps import add_app
from identity.departments import ensure_departments
from identity.models import DutyGroup
from identity.staff import add_staff
from management.posts import post_to_grid
from management.territory import bring_in_grids, grid_by_code, town_data

T = TypeVar("T")

staff = typer.Typer(help="People who work for the town.", no_args_is_help=True)
app = typer.Typer(help="Programs of third parties.", no_args_is_help=True)
audit = typer.Typer(help="The audit trail.", no_args_is_help=True)
grids = typer.Typer(help="The territory.", no_args_is_help=True)


def _run(job: Callable[[], Awaitable[T]]) -> T:
    async def run() -> T:
        async with at_work(here):
            return await job()

    with ground(settings(), quiet=True) as here:
        return asyncio.run(run())


@staff.command("add")
def staff_add(
    user_name: Annotated[str, typer.Argument(help="Name to sign in with, lower case.")],
    name: Annotated[str, typer.Option(help="Name as colleagues know it.")],
    role: Annotated[Role, typer.Option(help="As what they are posted.")],
    grid: Annotated[str, typer.Option(help="Code of the grid of their post.")],
    department: Annotated[str | None, typer.Option(help="Code of their department.")] = None,
    duty: Annotated[DutyGroup | None, typer.Option(help="Duty of the post.")] = None,
    lead: Annotated[bool, typer.Option(help="Leads the grid.")] = False,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ] = "",
) -> None:
    """Take a member of staff on and post them to a grid."""

    async def job() -> None:
        await ensure_departments()
        member = await add_staff(SYSTEM, user_name=user_name, name=name, password=password)
        await post_to_grid(
            SYSTEM,
            staff_id=member.id,
            grid_code=grid,
            role=role,
            duty_group=duty,
            department_code=department,
            lead=lead,
        )

    _run(job)
    say.print(f"{user_name} may sign in; the first sign-in sets up the second factor.")


@app.command("add")
def app_add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    scope: Annotated[list[str], typer.Option(help="A scope, such as places:read; may repeat.")],
    grid: Annotated[str, typer.Option(help="Code of the grid in which the scopes hold.")],
    contact: Annotated[str, typer.Option(help="Whom to reach about it.")],
    days: Annotated[int, typer.Option(help="Days until it expires.", min=1, max=366)] = 365,
    rate: Annotated[int, typer.Option(help="Requests a minute.", min=1, max=6000)] = 60,
) -> None:
    """Let an app in. Its secret is shown once."""

    async def job() -> tuple[str, str]:
        found = await grid_by_code(grid)
        made = await add_app(
            SYSTEM,
            name=name,
            scopes=scope,
            grid_path=found["path"],
            contact=contact,
            expires_at=now() + timedelta(days=days),
            rate_per_minute=rate,
        )
        return made.app.client_id, made.secret

    client_id, secret = _run(job)
    show.print(f"client_id={client_id}\nclient_secret={secret}", highlight=False)


@audit.command("verify")
def audit_verify(
    anchored: Annotated[
        Path | None, typer.Option("--anchors", help="A file that `leye audit anchors` wrote.")
    ] = None,
) -> None:
    """Recompute the chain of the audit trail and name whatever does not fit."""
    kept = anchored.read_text(encoding="utf-8") if anchored else ""
    report = _run(lambda: verify_trail(connection(), anchored=kept))
    for fault in report.faults:
        show.print(str(fault), highlight=False)
    say.print(f"{report.entries} entries, {report.fault_count} faults")
    if not report.sound:
        raise typer.Exit(1)


@audit.command("anchors")
def audit_anchors() -> None:
    """Print the ends of the chains: keep them where nobody of this machine can write."""
    typer.echo(_run(lambda: read_heads(connection())))


@grids.command("load")
def grids_load() -> None:
    """Bring in (or refresh) the grids that come with the project."""
    new = _run(lambda: bring_in_grids(town_data()))
    say.print(f"{new} new grids")


def register(cli: typer.Typer) -> None:
    """Add the groups of commands."""
    cli.add_typer(staff, name="staff")
    cli.add_typer(app, name="app")
    cli.add_typer(audit, name="audit")
    cli.add_typer(grids, name="grids")
