"""Endpoints and messages as they are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.keyset import Order, Page, Slice, take
from identity.actor import Actor
from notifications.models import WebhookAttempt, WebhookState
from notifications.webhooks.access import (
    access_app_of,
    access_webhook,
    visible_messages,
    visible_webhooks,
)

LAST_ATTEMPTS: Final = 20
"""Of a message; sent anew again and again it has more."""

_NEWEST: Final = Order("newest webhook message", "created_at", descending=True)
_ATTEMPT: Final = ("message_id", "number", "at", "milliseconds", "status", "error")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; what is left out does not narrow."""

    state: WebhookState | None = None
    kind: str | None = None


async def webhooks_of(actor: Actor, *, app_id: UUID | None, columns: Sequence[str]) -> list[Row]:
    """The endpoints of an app, oldest first; an app reads its own.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: an app that is absent or not the actor's.
    """
    app = await access_app_of(actor, app_id=app_id)
    query = visible_webhooks(actor).filter(app_id=app.id).order_by("created_at", "id")
    return list(await query.values(*columns))


async def webhooks_of_apps(actor: Actor, app_ids: Sequence[UUID]) -> Mapping[UUID, list[Row]]:
    """The endpoints of several apps, oldest first, in one query."""
    found: dict[UUID, list[Row]] = defaultdict(list)
    query = visible_webhooks(actor).filter(app_id__in=list(app_ids)).order_by("created_at", "id")
    for row in await query.values():
        found[row["app_id"]].append(row)
    return found


async def webhook_row(actor: Actor, *, webhook_id: UUID, columns: Sequence[str]) -> Row | None:
    """One endpoint that the actor may see."""
    rows: list[Row] = list(await visible_webhooks(actor).filter(id=webhook_id).values(*columns))
    return rows[0] if rows else None


async def list_messages(
    actor: Actor,
    *,
    webhook_id: UUID,
    chosen: MessageFilter,
    page: Page,
    columns: Sequence[str],
) -> Slice:
    """What was sent to an endpoint, the newest first.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
    """
    endpoint = await access_webhook(actor, webhook_id=webhook_id)
    query = visible_messages(actor).filter(endpoint_id=endpoint.id)
    if chosen.state is not None:
        query = query.filter(state=chosen.state)
    if chosen.kind is not None:
        query = query.filter(kind=chosen.kind)
    return await take(query, _NEWEST, page, columns)


async def message_row(actor: Actor, *, message_id: UUID, columns: Sequence[str]) -> Row | None:
    """One message that the actor may see."""
    rows: list[Row] = list(await visible_messages(actor).filter(id=message_id).values(*columns))
    return rows[0] if rows else None


async def attempts_of(message_ids: Sequence[UUID]) -> Mapping[UUID, list[Row]]:
    """The last attempts of messages that were read for the actor, oldest first, in one query."""
    found: dict[UUID, list[Row]] = defaultdict(list)
    query = WebhookAttempt.filter(message_id__in=list(message_ids)).order_by("number")
    for row in await query.values(*_ATTEMPT):
        found[row["message_id"]].append(row)
    return {key: rows[-LAST_ATTEMPTS:] for key, rows in found.items()}
