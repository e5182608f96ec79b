"""Who may see endpoints and what was sent to them: the app itself, and who manages it.

What is absent and what is not for the actor answer alike.
"""

from __future__ import annotations

from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.errors import NotFound, Unauthenticated
from identity.access import access_app, visible_apps
from identity.actor import Actor, ActorKind, Permission
from identity.models import App
from notifications.models import WebhookEndpoint, WebhookMessage


def may_have_webhooks(actor: Actor) -> bool:
    """Whether there is anything here for the actor at all."""
    return actor.kind is ActorKind.APP or bool(actor.paths(Permission.APPS_MANAGE))


def _require(actor: Actor) -> None:
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated
    if not may_have_webhooks(actor):
        raise NotFound


def _of(actor: Actor) -> Q:
    if actor.kind is ActorKind.APP:
        return Q(app_id=actor.id)
    return Q(app_id__in=Subquery(visible_apps(actor).values("id")))


async def access_app_of(actor: Actor, *, app_id: UUID | None) -> App:
    """The app whose endpoints are meant: an app means itself.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, not the actor's to manage, or not named by somebody who is no app.
    """
    _require(actor)
    if actor.kind is not ActorKind.APP:
        if app_id is None:
            raise NotFound(field="input.appId")
        return await access_app(actor, app_id=app_id)
    if app_id is not None and app_id != actor.id:
        raise NotFound
    return await App.get(id=actor.id)


def visible_webhooks(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """Endpoints of the app itself, or of apps that the actor manages.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor is no app and manages none.
    """
    _require(actor)
    return WebhookEndpoint.filter(_of(actor))


def visible_messages(actor: Actor) -> QuerySet[WebhookMessage]:
    """What was sent to these endpoints.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the actor is no app and manages none.
    """
    return WebhookMessage.filter(endpoint_id__in=Subquery(visible_webhooks(actor).values("id")))


async def access_webhook(actor: Actor, *, webhook_id: UUID, lock: bool = False) -> WebhookEndpoint:
    """One endpoint; locked so that messages can still be written for it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
    """
    query = visible_webhooks(actor).filter(id=webhook_id)
    found = await (query.select_for_update(no_key=True) if lock else query).first()
    if found is None:
        raise NotFound
    return found


async def access_message(actor: Actor, *, message_id: UUID) -> WebhookMessage:
    """One message.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
    """
    found = await visible_messages(actor).filter(id=message_id).first()
    if found is None:
        raise NotFound
    return found
