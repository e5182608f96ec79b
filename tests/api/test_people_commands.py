"""What the terminal does to staff and apps: it holds as soon as the command is over."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from core import redis
from core.clock import now
from core.errors import Unauthenticated
from identity import pace
from identity.actor import SYSTEM, Role, anonymous
from identity.apps import add_app, app_token
from identity.authentication import actor_from_token, forget
from identity.models import GridPost, StaffMember
from identity.sessions import OpenSession
from identity.staff import add_staff
from identity.staff_sign_in import sign_in_staff
from management.posts import post_to_grid
from management.territory import bring_in_grids, forget_territory, town_data
from tests.commands import leye as run_leye

VISITOR = anonymous("a-test-address")
PASSWORD, OTHER_PASSWORD = "correct horse battery", "staple correct horse"
TOWN = "441900122"

Done = subprocess.CompletedProcess[str]
Leye = Callable[..., Awaitable[Done]]


@pytest.fixture
def leye(committed_db: None, database_url: str, tmp_path: Path) -> Leye:
    """Run a command against the database of the test."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "LEYE_HOME": str(tmp_path),
    }

    def run(*arguments: str) -> Done:
        return run_leye(*arguments, environment=environment)

    async def later(*arguments: str) -> Done:
        done = await asyncio.to_thread(run, *arguments)
        assert "Traceback" not in done.stderr, done.stderr
        forget()  # another process changed it: a second later this one would know by itself
        return done

    return later


@pytest.fixture
async def warden(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StaffMember]:
    """A warden of the town."""
    monkeypatch.setattr(pace, "REFUSAL_SECONDS", 0.0)
    async with redis.connected(None):
        await bring_in_grids([grid for grid in town_data() if grid["code"] == TOWN])
        staff = await add_staff(SYSTEM, user_name="warden.one", name="测试员", password=PASSWORD)
        await post_to_grid(SYSTEM, staff_id=staff.id, grid_code=TOWN, role=Role.WARDEN)
        yield staff
    forget()
    forget_territory()


async def enter(password: str = PASSWORD) -> OpenSession:
    return await sign_in_staff(VISITOR, user_name="warden.one", password=password)


async def test_somebody_is_seen_off(leye: Leye, warden: StaffMember) -> None:
    token = (await enter()).access.text
    listed = await leye("staff", "list")
    assert listed.stdout == f"warden.one\t测试员\tWARDEN {TOWN}\tno second factor\there\n"

    assert (await leye("staff", "leave", "warden.one", "--reason", "调离")).returncode == 0
    with pytest.raises(Unauthenticated):
        await actor_from_token(token)
    with pytest.raises(Unauthenticated):
        await enter()
    assert (await GridPost.get()).ends_on is not None
    listed = await leye("staff", "list")
    assert listed.stdout.startswith("warden.one\t测试员\t-\tno second factor\tleft 20")

    again = await leye("staff", "leave", "warden.one")
    assert (again.returncode, again.stderr.strip()) == (1, "They have left")


async def test_a_password_and_a_second_factor_are_given_anew(
    leye: Leye, warden: StaffMember
) -> None:
    token = (await enter()).access.text
    done = await leye("staff", "reset-password", "warden.one", "--password", OTHER_PASSWORD)
    assert done.returncode == 0, done.stderr
    with pytest.raises(Unauthenticated):
        await actor_from_token(token)
    token = (await enter(OTHER_PASSWORD)).access.text
    assert (await leye("staff", "reset-second-factor", "warden.one")).returncode == 0
    with pytest.raises(Unauthenticated):
        await actor_from_token(token)

    unknown = await leye("staff", "reset-second-factor", "nobody.here")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "Nobody signs in by this name")


async def test_an_app_is_kept_out(leye: Leye, warden: StaffMember) -> None:
    until = now() + timedelta(days=30)
    new = await add_app(
        SYSTEM,
        name="测试地图",
        scopes=["places:read", "grids:read"],
        grid_path=f"{TOWN}/",
        contact="nobody@example.test",
        expires_at=until,
    )
    client_id = new.app.client_id
    row = f"{client_id}\t测试地图\tgrids:read places:read\t{TOWN}"
    assert (await leye("app", "list")).stdout == f"{row}\tuntil {until:%Y-%m-%d}\n"
    assert await app_token(VISITOR, client_id=client_id, secret=new.secret)

    assert (await leye("app", "revoke", "--", client_id)).returncode == 0
    with pytest.raises(Unauthenticated):
        await app_token(VISITOR, client_id=client_id, secret=new.secret)
    assert (await leye("app", "list")).stdout.startswith(f"{row}\trevoked 20")

    for wrong, words in (
        (client_id, "It is revoked already"),
        ("-x-", "No app has this client id"),
    ):
        refused = await leye("app", "revoke", "--", wrong)
        assert (refused.returncode, refused.stderr.strip()) == (1, words)
