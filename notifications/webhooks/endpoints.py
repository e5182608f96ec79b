"""Endpoints: an app's addresses, what they hear of, and the secrets that sign.

An app keeps its own; so does who manages apps in its grid. Names are not looked up here: what
they lead to is checked at every connection (:mod:`notifications.webhooks.addresses`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.clock import now
from core.crypto import reveal, seal
from core.errors import Conflict, NotFound, WrongState
from core.ids import global_id
from core.work import Work, work
from identity.actor import Actor
from identity.models import App
from notifications.models import WebhookEndpoint, WebhookMessage, WebhookState
from notifications.webhooks import messages
from notifications.webhooks.access import access_app_of, access_message, access_webhook
from notifications.webhooks.addresses import checked_url
from notifications.webhooks.kinds import TEST, checked_kinds
from notifications.webhooks.sending import sender
from notifications.webhooks.signing import new_secret

MOST: Final = 10
"""Endpoints of one app."""

BOTH_SIGN_FOR: Final = timedelta(hours=24)
"""After a change of the secret the earlier one signs too, so that receivers can follow."""

_SUBJECT: Final = "WEBHOOK"


class DisabledReason(StrEnum):
    """Why nothing is sent to an endpoint."""

    BY_HAND = "BY_HAND"
    GONE = "GONE"
    FAILING = "FAILING"


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint with a new secret, which is never shown again."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


async def add_webhook(
    actor: Actor, *, app_id: UUID | None, url: str, kinds: Sequence[str]
) -> WithSecret:
    """Have an app told of kinds of events at an address; ``app_id`` is for who manages it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: an app that is absent or not the actor's.
        InvalidInput: an address or kinds that can't be used.
        WrongState: the app is revoked or has expired.
        Conflict: it has ten endpoints already, or this address.
    """
    address = checked_url(url, loopback=sender().loopback)
    async with work(actor) as unit:
        app = await access_app_of(actor, app_id=app_id)
        await App.filter(id=app.id).select_for_update(no_key=True).get()
        if app.revoked_at is not None or app.expires_at <= now():
            raise WrongState(reason="APP_OVER", zh="应用已停用", en="The app is no longer let in")
        await _require_room(app.id, address)
        endpoint = WebhookEndpoint(
            app_id=app.id, url=address, kinds=checked_kinds(kinds, app.scopes)
        )
        secret = new_secret()
        seal(endpoint, "secret", secret)
        await endpoint.save(force_create=True)
        unit.note("addWebhook", _SUBJECT, endpoint.id, app=app.id, kinds=endpoint.kinds)
    return WithSecret(endpoint, secret)


async def change_webhook(
    actor: Actor, *, webhook_id: UUID, url: str | None = None, kinds: Sequence[str] | None = None
) -> WebhookEndpoint:
    """Change the address or the kinds. What waits goes to the new address.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
        InvalidInput: an address or kinds that can't be used.
        Conflict: the app has another endpoint at this address.
    """
    address = None if url is None else checked_url(url, loopback=sender().loopback)
    async with work(actor) as unit:
        endpoint = await access_webhook(actor, webhook_id=webhook_id, lock=True)
        if address is not None and address != endpoint.url:
            await _require_room(endpoint.app_id, address, changing=True)
            endpoint.url = address
            endpoint.failing_since = endpoint.paused_until = None
        if kinds is not None:
            app = await App.get(id=endpoint.app_id)
            endpoint.kinds = checked_kinds(kinds, app.scopes)
        await endpoint.save(update_fields=["url", "kinds", "failing_since", "paused_until"])
        unit.note("changeWebhook", _SUBJECT, endpoint.id, kinds=endpoint.kinds)
    return endpoint


async def rotate_secret(actor: Actor, *, webhook_id: UUID) -> WithSecret:
    """Give a new secret; the one until now signs too for 24 hours, an earlier one no more.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
    """
    async with work(actor) as unit:
        endpoint = await access_webhook(actor, webhook_id=webhook_id, lock=True)
        secret = new_secret()
        seal(endpoint, "earlier_secret", reveal(endpoint, "secret"))
        seal(endpoint, "secret", secret)
        endpoint.earlier_until = now() + BOTH_SIGN_FOR
        await endpoint.save(update_fields=["secret", "earlier_secret", "earlier_until"])
        unit.note("rotateWebhookSecret", _SUBJECT, endpoint.id)
    return WithSecret(endpoint, secret)


async def disable_webhook(actor: Actor, *, webhook_id: UUID) -> WebhookEndpoint:
    """Send nothing more there; what waits is given up and can be sent again later.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
        WrongState: it is disabled already.
    """
    async with work(actor) as unit:
        endpoint = await access_webhook(actor, webhook_id=webhook_id, lock=True)
        if endpoint.disabled_at is not None:
            raise _disabled()
        await close(unit, endpoint, DisabledReason.BY_HAND)
    return endpoint


async def close(unit: Work, endpoint: WebhookEndpoint, reason: DisabledReason, **why: str) -> None:
    """Disable a locked endpoint and give up what waits for it."""
    endpoint.disabled_at, endpoint.disabled_reason = now(), reason.value
    await endpoint.save(update_fields=["disabled_at", "disabled_reason"])
    await WebhookMessage.filter(endpoint_id=endpoint.id, state=WebhookState.PENDING).update(
        state=WebhookState.FAILED
    )
    unit.note("disableWebhook", _SUBJECT, endpoint.id, app=endpoint.app_id, why=reason.value, **why)


async def enable_webhook(actor: Actor, *, webhook_id: UUID) -> WebhookEndpoint:
    """Send there again, from now on.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
        WrongState: it is not disabled.
    """
    async with work(actor) as unit:
        endpoint = await access_webhook(actor, webhook_id=webhook_id, lock=True)
        if endpoint.disabled_at is None:
            raise WrongState(
                reason="NOT_DISABLED", zh="回调地址未停用", en="The endpoint is not disabled"
            )
        endpoint.disabled_at, endpoint.disabled_reason = None, ""
        endpoint.failing_since = endpoint.paused_until = None
        await endpoint.save(
            update_fields=["disabled_at", "disabled_reason", "failing_since", "paused_until"]
        )
        unit.note("enableWebhook", _SUBJECT, endpoint.id)
    return endpoint


async def remove_webhook(actor: Actor, *, webhook_id: UUID) -> WebhookEndpoint:
    """Remove an endpoint with everything that was sent there.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
    """
    async with work(actor) as unit:
        endpoint = await access_webhook(actor, webhook_id=webhook_id, lock=True)
        await endpoint.delete()
        unit.note("removeWebhook", _SUBJECT, endpoint.id, app=endpoint.app_id)
    return endpoint


async def send_test(actor: Actor, *, webhook_id: UUID) -> WebhookMessage:
    """Send a message of kind ``webhook.test``, delivered as any other.

    Raises:
        Unauthenticated, NotFound: as :func:`access_webhook`.
        WrongState: the endpoint is disabled.
    """
    async with work(actor) as unit:
        endpoint = await access_webhook(actor, webhook_id=webhook_id, lock=True)
        if endpoint.disabled_at is not None:
            raise _disabled()
        data = {"webhookId": global_id("Webhook", endpoint.id)}
        (message_id,) = await messages.write([messages.Draft(endpoint.id, TEST, data)])
        unit.note("sendTestWebhook", _SUBJECT, endpoint.id)
        return await WebhookMessage.get(id=message_id)


async def resend(actor: Actor, *, message_id: UUID) -> WebhookMessage:
    """Deliver a message again that arrived or was given up; the schedule begins anew.

    It keeps its ``webhook-id``, by which a receiver knows that it had it.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: absent, or not for the actor.
        WrongState: it is still being tried, or its endpoint is disabled.
    """
    async with work(actor) as unit:
        found = await access_message(actor, message_id=message_id)
        endpoint = await access_webhook(actor, webhook_id=found.endpoint_id, lock=True)
        message = await WebhookMessage.get_or_none(id=message_id)
        if message is None:  # its time was over just now
            raise NotFound
        if endpoint.disabled_at is not None:
            raise _disabled()
        if message.state is WebhookState.PENDING:
            raise WrongState(
                reason="STILL_TRIED", zh="消息仍在投递中", en="It is still being delivered"
            )
        message.state, message.delivered_at = WebhookState.PENDING, None
        message.due_at, message.attempts_before = now(), message.attempts
        message.claimed_until = None
        await message.save(
            update_fields=["state", "delivered_at", "due_at", "attempts_before", "claimed_until"]
        )
        await messages.defer([message.id])
        unit.note("resendWebhook", "WEBHOOK_MESSAGE", message.id, webhook=endpoint.id)
    return message


async def _require_room(app_id: UUID, url: str, *, changing: bool = False) -> None:
    addresses = [each.url for each in await WebhookEndpoint.filter(app_id=app_id).only("url")]
    if url in addresses:
        raise Conflict(
            field="input.url",
            reason="SAME_URL",
            zh="该应用已有这个回调地址",
            en="The app has an endpoint at this address",
        )
    if len(addresses) >= MOST and not changing:
        raise Conflict(
            reason="TOO_MANY",
            params={"maximum": MOST},
            zh="一个应用最多 {maximum} 个回调地址",
            en="An app has {maximum} endpoints at most",
        )


def _disabled() -> WrongState:
    return WrongState(reason="DISABLED", zh="回调地址已停用", en="The endpoint is disabled")
