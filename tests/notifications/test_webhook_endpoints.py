"""Endpoints of apps: who keeps them, within which bounds, and that their secrets stay secret."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.clock import now
from core.crypto import reveal
from core.database import fetch
from core.errors import Conflict, DomainError, InvalidInput, NotFound, Unauthenticated, WrongState
from core.ids import uuid7
from identity.actor import SYSTEM, Actor, ActorKind, Permission, anonymous, rights_from
from identity.models import App
from notifications.models import WebhookEndpoint, WebhookMessage
from notifications.webhooks.endpoints import (
    BOTH_SIGN_FOR,
    MOST,
    add_webhook,
    change_webhook,
    disable_webhook,
    enable_webhook,
    remove_webhook,
    resend,
    rotate_secret,
    send_test,
)
from notifications.webhooks.kinds import KINDS
from tests.notifications.webhook_support import (
    GRID,
    OTHER,
    as_app,
    endpoint_at,
    make_app,
    try_now,
)

URL = "https://hooks.example.test/in"
DOCS = Path(__file__).parents[2] / "docs/webhooks.md"


def manager(path: str) -> Actor:
    """Somebody who manages apps in a grid."""
    return Actor(
        kind=ActorKind.STAFF, id=uuid7(), rights=rights_from([(Permission.APPS_MANAGE, path)])
    )


async def refused(doing: Awaitable[Any]) -> tuple[type[DomainError], str | None]:
    """What somebody is told, and that nothing changed."""
    before = await _all()
    with pytest.raises(DomainError) as refusal:
        await doing
    assert await _all() == before
    return type(refusal.value), refusal.value.reason


async def _all() -> list[Any]:
    tables = ("webhook_endpoint", "webhook_message", "audit_entry", "procrastinate_jobs")
    return [await fetch(f"SELECT * FROM {table} ORDER BY id") for table in tables]


# Who


async def test_an_app_keeps_its_own_and_who_manages_it_does_too(db: None) -> None:
    app = await make_app()
    own = await add_webhook(as_app(app), app_id=None, url=URL, kinds=["place.filed"])
    theirs = await add_webhook(
        manager(GRID), app_id=app.id, url=f"{URL}/2", kinds=["place.closed", "place.filed"]
    )
    assert theirs.endpoint.kinds == ["place.filed", "place.closed"], "in the order of the table"
    for actor in (as_app(app), manager(GRID)):
        await change_webhook(actor, webhook_id=own.endpoint.id, kinds=["place.updated"])
    assert (await WebhookEndpoint.get(id=own.endpoint.id)).kinds == ["place.updated"]


USES: list[Callable[[Actor, WebhookEndpoint, WebhookMessage], Awaitable[Any]]] = [
    lambda actor, at, _: add_webhook(
        actor, app_id=at.app_id, url=f"{URL}/2", kinds=["place.filed"]
    ),
    lambda actor, at, _: change_webhook(actor, webhook_id=at.id, url=f"{URL}/3"),
    lambda actor, at, _: rotate_secret(actor, webhook_id=at.id),
    lambda actor, at, _: disable_webhook(actor, webhook_id=at.id),
    lambda actor, at, _: enable_webhook(actor, webhook_id=at.id),
    lambda actor, at, _: remove_webhook(actor, webhook_id=at.id),
    lambda actor, at, _: send_test(actor, webhook_id=at.id),
    lambda actor, _, message: resend(actor, message_id=message.id),
]


@pytest.mark.parametrize("use", USES)
async def test_others_are_told_that_there_is_nothing(db: None, use: Any) -> None:
    made = await endpoint_at(URL)
    message = await send_test(SYSTEM, webhook_id=made.endpoint.id)
    stranger = as_app(await make_app())
    for actor in (stranger, manager(OTHER), Actor(kind=ActorKind.ACCOUNT, id=uuid7())):
        assert await refused(use(actor, made.endpoint, message)) == (NotFound, None)
    nobody = await refused(use(anonymous(), made.endpoint, message))
    assert nobody == (Unauthenticated, None)


# Within which bounds


async def test_an_app_has_ten_endpoints_and_each_address_once(db: None) -> None:
    app = await make_app()
    first = await endpoint_at(URL, app=app)
    assert await refused(endpoint_at(URL, app=app)) == (Conflict, "SAME_URL")
    for number in range(MOST - 1):
        last = await endpoint_at(f"{URL}/{number}", app=app)
    assert await refused(endpoint_at(f"{URL}/more", app=app)) == (Conflict, "TOO_MANY")
    same = change_webhook(SYSTEM, webhook_id=first.endpoint.id, url=last.endpoint.url)
    assert await refused(same) == (Conflict, "SAME_URL")
    await remove_webhook(SYSTEM, webhook_id=first.endpoint.id)
    await endpoint_at(f"{URL}/more", app=app)


@pytest.mark.parametrize(
    "kinds", [[], ["place.gone"], ["webhook.test"], ["listing.published"], ["place.filed", ""]]
)
async def test_only_kinds_within_the_scopes_of_the_app(db: None, kinds: list[str]) -> None:
    app = await make_app(scopes=[Permission.PLACES_READ.value])
    adding = add_webhook(SYSTEM, app_id=app.id, url=URL, kinds=kinds)
    assert await refused(adding) == (InvalidInput, "KINDS")
    made = await endpoint_at(URL, app=app)
    changing = change_webhook(SYSTEM, webhook_id=made.endpoint.id, kinds=kinds)
    assert await refused(changing) == (InvalidInput, "KINDS")


@pytest.mark.parametrize("over", [{"revoked_at": 0}, {"expires_at": -1}])
async def test_an_app_that_is_no_longer_let_in_gets_no_endpoint(
    db: None, over: dict[str, int]
) -> None:
    app = await make_app()
    await App.filter(id=app.id).update(
        **{name: now() + timedelta(seconds=seconds) for name, seconds in over.items()}
    )
    assert await refused(endpoint_at(URL, app=app)) == (WrongState, "APP_OVER")


async def test_an_address_inside_is_refused_when_it_is_given(db: None) -> None:
    assert await refused(endpoint_at("https://10.0.0.1/")) == (InvalidInput, "ADDRESS")


async def test_steps_that_its_state_does_not_allow(db: None) -> None:
    made = await endpoint_at(URL)
    webhook_id = made.endpoint.id
    message = await send_test(SYSTEM, webhook_id=webhook_id)
    assert await refused(resend(SYSTEM, message_id=message.id)) == (WrongState, "STILL_TRIED")
    assert await refused(enable_webhook(SYSTEM, webhook_id=webhook_id)) == (
        WrongState,
        "NOT_DISABLED",
    )
    await disable_webhook(SYSTEM, webhook_id=webhook_id)
    for doing in (
        disable_webhook(SYSTEM, webhook_id=webhook_id),
        send_test(SYSTEM, webhook_id=webhook_id),
        resend(SYSTEM, message_id=message.id),
    ):
        assert await refused(doing) == (WrongState, "DISABLED")


# Secrets


async def test_a_third_secret_ends_the_first_at_once(db: None) -> None:
    made = await endpoint_at(URL)
    second = await rotate_secret(SYSTEM, webhook_id=made.endpoint.id)
    third = await rotate_secret(SYSTEM, webhook_id=made.endpoint.id)
    found = await WebhookEndpoint.get(id=made.endpoint.id)
    assert reveal(found, "secret") == third.secret
    assert reveal(found, "earlier_secret") == second.secret
    assert found.earlier_until is not None
    assert timedelta(0) < found.earlier_until - now() <= BOTH_SIGN_FOR


async def test_a_secret_and_an_address_are_in_no_log_no_job_and_no_audit_entry(db: None) -> None:
    canary = "c4n4ry"
    with capture_logs() as lines:
        made = await endpoint_at(f"http://127.0.0.1:9/{canary}?key={canary}")
        message = await send_test(SYSTEM, webhook_id=made.endpoint.id)
        await try_now(message.id)
        new = await rotate_secret(SYSTEM, webhook_id=made.endpoint.id)
        await disable_webhook(SYSTEM, webhook_id=made.endpoint.id)
    assert lines
    secrets = [made.secret, new.secret]
    for table in ("audit_entry", "procrastinate_jobs", "webhook_message", "webhook_attempt"):
        lines += await fetch(f"SELECT * FROM {table}")
    for line in lines:
        assert not any(word in str(line) for word in (canary, *secrets)), line
    (row,) = await fetch("SELECT * FROM webhook_endpoint")
    assert not any(secret.removeprefix("whsec_") in str(row) for secret in secrets), "sealed"
    for holder in (made, new):
        assert holder.secret not in repr(holder)


# What is written of it


def test_the_table_of_kinds_in_the_papers_is_that_of_the_code() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| (.+) \| `(.+)` \| (.+) \|$", DOCS.read_text("utf-8"), re.MULTILINE
    )
    assert rows == [
        (
            kind.name,
            f"{kind.zh}: {kind.en}",
            kind.scope.value,
            ", ".join(f"`{key}`" for key in kind.keys),
        )
        for kind in KINDS.values()
    ]
