"""Apps: let in by an administrator, cut by grid, kept out within a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import redis
from core.clock import now
from core.crypto import reveal
from core.database import execute, fetch
from core.errors import (
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from core.ids import uuid7
from core.redis import connected
from identity.access import visible_apps
from identity.actor import SYSTEM, Actor, ActorKind, Permission, Role, anonymous
from identity.apps import NewApp, add_app, app_token, revoke_app
from identity.authentication import actor_from_token, count_request, forget, still_good
from identity.models import App, StaffMember
from identity.tokens import APP_LIFETIME, Claims, issue

VISITOR = anonymous("a-test-address")
TOWN = "441900122/"
COMMUNITY = "441900122/441900122002/"
GRID = "441900122/441900122002/441900122002-01/"
OTHER = "441900122/441900122003/"
READ = (Permission.PLACES_READ, Permission.GRIDS_READ)
MakeStaff = Callable[..., Awaitable[StaffMember]]
SignIn = Callable[[StaffMember], Awaitable[Actor]]


def in_days(days: float) -> datetime:
    return now() + timedelta(days=days)


async def add(actor: Actor = SYSTEM, **changes: Any) -> NewApp:
    given = {
        "name": "测试地图",
        "scopes": [scope.value for scope in READ],
        "grid_path": COMMUNITY,
        "contact": "nobody@example.invalid",
        "expires_at": in_days(30),
        **changes,
    }
    return await add_app(actor, **given)


async def token_of(new: NewApp, secret: str | None = None, scopes: Any = None) -> str:
    given = await app_token(
        VISITOR, client_id=new.app.client_id, secret=secret or new.secret, scopes=scopes
    )
    return given.access.text


async def test_an_app_comes_in_with_its_scopes_in_its_grid(
    db: None, noted: Callable[[], Awaitable[list[str]]]
) -> None:
    new = await add()
    given = await app_token(VISITOR, client_id=new.app.client_id, secret=new.secret)
    assert given.scopes == set(READ)
    assert APP_LIFETIME - (given.access.expires_at - now()) < timedelta(minutes=1)
    actor = await actor_from_token(given.access.text)
    assert (actor.kind, actor.id, actor.session_id) == (ActorKind.APP, new.app.id, None)
    assert actor.may(Permission.PLACES_READ, GRID)
    assert not actor.may(Permission.PLACES_READ, OTHER)
    assert not actor.may(Permission.PLACES_WRITE, GRID)
    assert await still_good(actor)
    assert await noted() == ["addApp"]


async def test_secret_and_contact_are_not_in_the_database(db: None) -> None:
    new = await add()
    (row,) = await fetch("SELECT app::text AS text FROM app")
    assert new.secret not in row["text"]
    assert "example.invalid" not in row["text"]
    assert new.secret not in repr(new)
    assert reveal(await App.get(), "contact") == "nobody@example.invalid"


async def test_a_token_may_have_fewer_scopes(db: None) -> None:
    new = await add()
    actor = await actor_from_token(await token_of(new, scopes=["grids:read"]))
    assert actor.permissions == {Permission.GRIDS_READ}
    assert await still_good(actor)
    for scopes in (["places:write"], ["grids:read", "places:write"], [], ["nothing"]):
        with pytest.raises(InvalidInput) as refusal:
            await token_of(new, scopes=scopes)
        assert refusal.value.reason == "SCOPES"


async def test_every_wrong_credential_gets_one_answer(db: None) -> None:
    new = await add()
    revoked = await add(name="停用")
    await revoke_app(SYSTEM, app_id=revoked.app.id)
    expired = await add(name="到期")
    await App.filter(id=expired.app.id).update(expires_at=now())
    answers = set()
    for client_id, secret in (
        (new.app.client_id, "wrong"),
        (new.app.client_id, ""),
        (new.app.client_id, "\ud800"),
        ("unknown", new.secret),
        ("x" * 22, new.secret),
        ("\0", new.secret),
        ("x" * 9999, new.secret),
        (revoked.app.client_id, revoked.secret),
        (expired.app.client_id, expired.secret),
        (revoked.app.client_id, new.secret),
    ):
        with pytest.raises(Unauthenticated) as refusal:
            await app_token(VISITOR, client_id=client_id, secret=secret)
        answers.add((refusal.value.message(), str(refusal.value.extensions())))
    assert len(answers) == 1


async def test_a_revoked_app_is_out_at_once(db: None) -> None:
    new = await add()
    text = await token_of(new)
    actor = await actor_from_token(text)
    await revoke_app(SYSTEM, app_id=new.app.id, reason="滥用")
    assert not await still_good(actor)
    with pytest.raises(Unauthenticated):
        await actor_from_token(text)
    with pytest.raises(WrongState) as refusal:
        await revoke_app(SYSTEM, app_id=new.app.id)
    assert refusal.value.reason == "REVOKED_ALREADY"


async def test_what_another_process_changed_is_felt_too(db: None) -> None:
    new = await add()
    text = await token_of(new)
    actor = await actor_from_token(text)
    await execute("UPDATE app SET scopes = '[\"grids:read\"]'")
    forget()
    assert (await actor_from_token(text)).permissions == {Permission.GRIDS_READ}
    assert not await still_good(actor)
    await execute("UPDATE app SET expires_at = now()")
    forget()
    with pytest.raises(Unauthenticated):
        await actor_from_token(text)


async def test_a_token_gives_no_scope_that_the_app_has_not(db: None) -> None:
    new = await add()
    everything = Claims(ActorKind.APP, new.app.id, scopes=frozenset(Permission))
    actor = await actor_from_token(issue(everything).text)
    assert actor.permissions == set(READ)


async def test_an_app_asks_no_more_often_than_it_may(db: None) -> None:
    new = await add(rate_per_minute=3)
    text = await token_of(new)
    for _ in range(3):
        await actor_from_token(text)
    with pytest.raises(RateLimited):
        await actor_from_token(text)
    other = await token_of(await add(name="另一个", rate_per_minute=1))
    assert await actor_from_token(other)
    # Reads go on when the limits can't be checked, coming in does not.
    async with connected("redis://127.0.0.1:1"):
        assert await actor_from_token(text)
        with pytest.raises(Unavailable):
            await token_of(new)


async def test_operations_on_an_open_socket_count_like_requests(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    new = await add(rate_per_minute=3)
    actor = await actor_from_token(await token_of(new))
    for _ in range(2):
        await count_request(actor)
    with pytest.raises(RateLimited):
        await count_request(actor)
    await revoke_app(SYSTEM, app_id=new.app.id)
    with pytest.raises(Unauthenticated):
        await count_request(actor)
    for unlimited in (await sign_in(await make_staff()), VISITOR):
        for _ in range(5):
            await count_request(unlimited)


async def test_secrets_are_not_guessed_by_the_thousand(db: None) -> None:
    new = await add()
    for _ in range(30):
        with pytest.raises(Unauthenticated):
            await token_of(new, "wrong")
    with pytest.raises(RateLimited):
        await token_of(new)
    await redis.client().flushall()
    assert await token_of(new)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": ["places:contact"]}, "input.scopes"),
        ({"scopes": ["staff:manage"]}, "input.scopes"),
        ({"scopes": []}, "input.scopes"),
        ({"grid_path": "441900122"}, "input.gridCode"),
        ({"grid_path": ""}, "input.gridCode"),
        ({"name": " "}, "input.name"),
        ({"name": "x" * 81}, "input.name"),
        ({"contact": "a\0b c"}, "input.contact"),
        ({"expires_at": in_days(-1)}, "input.expiresAt"),
        ({"expires_at": in_days(400)}, "input.expiresAt"),
        ({"rate_per_minute": 0}, "input.ratePerMinute"),
        ({"rate_per_minute": 6001}, "input.ratePerMinute"),
    ],
    ids=lambda given: given if isinstance(given, str) else " ".join(given),
)
async def test_what_breaks_a_rule_of_form_is_refused(
    db: None, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await add(**changes)
    assert refusal.value.field == field
    assert not await App.exists()


async def test_apps_are_managed_where_an_administrator_is_posted(
    db: None, make_staff: MakeStaff, sign_in: SignIn
) -> None:
    admin = await sign_in(await make_staff("admin.one", role=Role.ADMIN, path=COMMUNITY))
    mine, other = await add(admin, grid_path=GRID), await add(grid_path=OTHER)
    assert [app.id for app in await visible_apps(admin)] == [mine.app.id]
    assert len(await visible_apps(SYSTEM)) == 2
    assert await visible_apps(VISITOR) == []
    for path in (TOWN, OTHER):
        with pytest.raises(NotFound):
            await add(admin, grid_path=path)
    for app_id in (other.app.id, uuid7()):
        with pytest.raises(NotFound):
            await revoke_app(admin, app_id=app_id)
    await revoke_app(admin, app_id=mine.app.id)
    assert (await App.get(id=other.app.id)).revoked_at is None


async def test_nobody_else_manages_apps(db: None, make_staff: MakeStaff, sign_in: SignIn) -> None:
    new = await add()
    supervisor = await sign_in(await make_staff(role=Role.SUPERVISOR, path=TOWN))
    app = await actor_from_token(await token_of(new))
    for actor, refusal in ((supervisor, NotFound), (app, NotFound), (VISITOR, Unauthenticated)):
        with pytest.raises(refusal):
            await add(actor)
        with pytest.raises(refusal):
            await revoke_app(actor, app_id=new.app.id)
    assert await App.all().count() == 1
