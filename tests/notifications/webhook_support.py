"""What the tests of webhooks share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from core.clock import now
from core.crypto import seal
from core.events import Event, emit
from core.ids import token
from core.work import work
from identity.actor import SYSTEM, Actor, ActorKind, Permission
from identity.models import App
from notifications.models import WebhookAttempt, WebhookMessage
from notifications.webhooks.delivery import deliver
from notifications.webhooks.endpoints import WithSecret, add_webhook

GRID = "441900122/441900122002/441900122002-01/"
OTHER = "441900122/441900122003/"
SCOPES = (Permission.PLACES_READ, Permission.ACTIVITY_READ)


async def make_app(**changes: Any) -> App:
    """An app that may read places and activity in a grid."""
    given = {
        "client_id": token(),
        "name": "测试应用",
        "secret_hash": "0" * 64,
        "scopes": [scope.value for scope in SCOPES],
        "grid_path": GRID,
        "rate_per_minute": 60,
        "expires_at": now() + timedelta(days=30),
        **changes,
    }
    app = App(**given)
    seal(app, "contact", "nobody@example.invalid")
    await app.save(force_create=True)
    return app


def as_app(app: App) -> Actor:
    """The app itself."""
    return Actor(kind=ActorKind.APP, id=app.id)


async def endpoint_at(url: str, *kinds: str, app: App | None = None) -> WithSecret:
    """An endpoint that hears of kinds, of a new app if none is given."""
    owner = app or await make_app()
    return await add_webhook(SYSTEM, app_id=owner.id, url=url, kinds=kinds or ("place.updated",))


async def happens(event: Event) -> None:
    """Tell whoever hears of an event."""
    async with work(SYSTEM):
        await emit(event)


async def the_message() -> WebhookMessage:
    """The only message there is."""
    return await WebhookMessage.all().get()


async def try_now(message_id: UUID) -> WebhookMessage:
    """Run the job of a message as if its time had come."""
    await WebhookMessage.filter(id=message_id).update(due_at=now())
    await deliver(1, str(message_id))
    return await WebhookMessage.get(id=message_id)


async def log_of(message_id: UUID) -> list[tuple[int, int | None, str]]:
    """Number, status and fault of each attempt."""
    rows = await WebhookAttempt.filter(message_id=message_id).order_by("number")
    return [(row.number, row.status, row.error) for row in rows]
