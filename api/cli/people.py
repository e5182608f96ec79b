"""``leye staff``, ``leye app``, ``leye audit``, ``leye grids``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from api.cli.terminal import say, show
from api.runtime import at_work, ground
from core.audit_check import anchors as read_heads
from core.audit_check import verify as verify_trail
from core.clock import now
from core.database import connection
from core.errors import NotFound
from core.keyset import LARGEST_PAGE, Page, Slice
from core.settings import settings
from identity.actor import SYSTEM, Role
from identity.apps import add_app, revoke_app
from identity.departments import ensure_departments
from identity.directory import list_apps, list_staff
from identity.models import DutyGroup
from identity.staff import add_staff, leave, reset_password, reset_second_factor
from management.posts import post_to_grid, posts_of_staff_members
from management.territory import bring_in_grids, grid_by_code, town_data

T = TypeVar("T")
Row = dict[str, Any]
UserName = Annotated[str, typer.Argument(help="Name by which they sign in.")]
Reason = Annotated[str | None, typer.Option(help="Why, for the audit trail.")]

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


async def _all(read: Callable[[Page], Awaitable[Slice]]) -> list[Row]:
    """Every row of a list, page after page."""
    rows: list[Row] = []
    cursor = None
    while True:
        page = await read(Page(LARGEST_PAGE, cursor))
        rows += page.rows
        if not page.has_next:
            return rows
        cursor = page.cursor(-1)


async def _staff_named(user_name: str) -> Any:
    """The id of a member of staff.

    Raises:
        NotFound: nobody signs in by this name.
    """
    found = await list_staff(SYSTEM, user_name=user_name, page=Page(1), columns=["id"])
    if not found.rows:
        raise NotFound(en="Nobody signs in by this name")
    return found.rows[0]["id"]


def _table(*lines: Iterable[object]) -> None:
    """Lines of columns apart by tabs, for eyes and for scripts."""
    for line in lines:
        typer.echo("\t".join(str(value) for value in line))


@staff.command("list")
def staff_list() -> None:
    """List the members of staff: user name, name, posts today, second factor, state."""
    columns = ["id", "user_name", "name", "totp_confirmed_at", "locked_until", "left_at"]

    async def job() -> tuple[list[Row], dict[Any, list[Row]]]:
        rows = await _all(lambda page: list_staff(SYSTEM, page=page, columns=columns))
        return rows, await posts_of_staff_members([row["id"] for row in rows])

    rows, posts = _run(job)
    _table(
        *(
            (
                row["user_name"],
                row["name"],
                ", ".join(f"{post['role']} {post['grid_code']}" for post in posts[row["id"]])
                or "-",
                "second factor" if row["totp_confirmed_at"] else "no second factor",
                _state(row),
            )
            for row in rows
        )
    )


def _state(row: Row) -> str:
    if row["left_at"]:
        return f"left {row['left_at']:%Y-%m-%d}"
    until = row["locked_until"]
    return f"locked until {until:%H:%M} UTC" if until and until > now() else "here"


@staff.command("leave")
def staff_leave(user_name: UserName, reason: Reason = None) -> None:
    """See a member of staff off: posts and sessions end at once."""

    async def job() -> None:
        await leave(SYSTEM, staff_id=await _staff_named(user_name), reason=reason)

    _run(job)
    say.print(f"{user_name} has left: no posts, no sessions, no sign-in.")


@staff.command("reset-password")
def staff_reset_password(
    user_name: UserName,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ] = "",
) -> None:
    """Give a new password; sessions end, a lock-out is lifted, the second factor stays."""

    async def job() -> None:
        await reset_password(SYSTEM, staff_id=await _staff_named(user_name), password=password)

    _run(job)
    say.print(f"{user_name} signs in with the new password and the second factor.")


@staff.command("reset-second-factor")
def staff_reset_second_factor(user_name: UserName, reason: Reason = None) -> None:
    """Take a lost second factor away; sessions end, the next sign-in sets up a new one."""

    async def job() -> None:
        await reset_second_factor(SYSTEM, staff_id=await _staff_named(user_name), reason=reason)

    _run(job)
    say.print(f"{user_name} sets up a new second factor at the next sign-in.")


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


_APP_COLUMNS = ("id", "client_id", "name", "scopes", "grid_path", "expires_at", "revoked_at")


@app.command("list")
def app_list() -> None:
    """List the apps: client id, name, scopes, grid, state."""
    rows = _run(lambda: _all(lambda page: list_apps(SYSTEM, page=page, columns=_APP_COLUMNS)))
    _table(
        *(
            (
                row["client_id"],
                row["name"],
                " ".join(row["scopes"]),
                row["grid_path"].split("/")[-2],
                f"revoked {row['revoked_at']:%Y-%m-%d}"
                if row["revoked_at"]
                else f"until {row['expires_at']:%Y-%m-%d}",
            )
            for row in rows
        )
    )


@app.command("revoke")
def app_revoke(
    client_id: Annotated[str, typer.Argument(help="Its client id.")], reason: Reason = None
) -> None:
    """Keep an app out for good; its tokens stop working within a second."""

    async def job() -> None:
        rows = await _all(lambda page: list_apps(SYSTEM, page=page, columns=["id", "client_id"]))
        ids = {row["client_id"]: row["id"] for row in rows}
        if client_id not in ids:
            raise NotFound(en="No app has this client id")
        await revoke_app(SYSTEM, app_id=ids[client_id], reason=reason)

    _run(job)
    say.print(f"{client_id} is kept out.")


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
