"""Who may see notifications: those whom they tell, and nobody else."""

from __future__ import annotations

from tortoise.queryset import QuerySet

from core.errors import NotFound, Unauthenticated
from identity.actor import Actor, ActorKind
from notifications.models import Notification
from notifications.telling import Recipient


def recipient(actor: Actor) -> Recipient | None:
    """As whom the actor has an inbox; nobody without a session of their own that may be used."""
    if actor.kind is ActorKind.ACCOUNT:
        return Recipient(account_id=actor.id)
    if actor.kind is ActorKind.STAFF and not actor.enrolling:
        return Recipient(staff_id=actor.id)
    return None


def require_recipient(actor: Actor) -> Recipient:
    """As :func:`recipient`.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: somebody without an inbox: an app, or staff before their second factor.
    """
    found = recipient(actor)
    if found is None:
        raise Unauthenticated if actor.kind is ActorKind.ANONYMOUS else NotFound
    return found


def own_notifications(to: Recipient) -> QuerySet[Notification]:
    """What somebody was told."""
    if to.account_id is not None:
        return Notification.filter(account_id=to.account_id)
    return Notification.filter(staff_id=to.staff_id)
