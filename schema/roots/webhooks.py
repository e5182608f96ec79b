"""Webhooks: apps and who manages them keep endpoints, try them, and see what arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from notifications.models import WebhookEndpoint, WebhookState
from notifications.webhooks import endpoints
from notifications.webhooks.endpoints import WithSecret
from notifications.webhooks.lists import (
    MessageFilter,
    list_messages,
    message_row,
    webhook_row,
    webhooks_of,
)
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_input_named,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
)
from schema.ids import optional_row_id, row_id
from schema.once import HasId, Requested, run_once
from schema.selection import Selection
from schema.types.webhooks import (
    WEBHOOKS,
    Webhook,
    WebhookMessage,
    WebhookMessageConnection,
    message_columns,
    shape_messages,
    shape_webhooks,
    webhook_columns,
)

WebhookId = Annotated[strawberry.ID, strawberry.argument(description="The endpoint.")]


@gql_input_named("WebhookMessageFilter")
class WebhookMessageFilterInput:
    """Which messages; what is left out does not narrow."""

    state: WebhookState | None = given("Only those that are so far.", default=None)
    kind: str | None = given("Only of this kind, such as `place.filed`.", default=None)


@root_type
class WebhookQueries:
    """Endpoints and what was sent to them."""

    @query(list[Webhook], access=WEBHOOKS)
    async def webhooks(
        self,
        info: Info,
        app_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Of an app that you manage; an app reads its own."),
        ] = None,
    ) -> list[dict[str, Any]]:
        """The endpoints of an app, oldest first: ten at most."""
        want = selected(info)
        rows = await webhooks_of(
            info.context.actor,
            app_id=optional_row_id(app_id, "App", field="appId"),
            columns=webhook_columns(want),
        )
        return shape_webhooks(rows, want)

    @query(WebhookMessageConnection, access=WEBHOOKS)
    async def webhook_messages(
        self,
        info: Info,
        webhook_id: WebhookId,
        filter: Annotated[
            WebhookMessageFilterInput | None,
            strawberry.argument(description="Which of them; all by default."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """What was sent to an endpoint in the last thirty days, the newest first."""
        want = selected(info)
        nodes = wanted_nodes(want)
        chosen = filter or WebhookMessageFilterInput()
        page = await list_messages(
            info.context.actor,
            webhook_id=row_id(webhook_id, "Webhook", field="webhookId"),
            chosen=MessageFilter(chosen.state, chosen.kind),
            page=Page.of(first, after, last, before),
            columns=message_columns(nodes),
        )
        await shape_messages(page.rows, nodes)
        return connection(page, want)

    @query(WebhookMessage | None, access=WEBHOOKS)
    async def webhook_message(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its `webhook-id`.")],
    ) -> dict[str, Any] | None:
        """One message with its attempts: watch it here after a test."""
        return await _message(info, selected(info), row_id(id, "WebhookMessage", field="id"))


@gql_input
class AddWebhookInput(Requested):
    """Where an app hears of what."""

    app_id: strawberry.ID | None = given(
        "The app that you manage; an app leaves it out.", default=None
    )
    url: str = given("Where messages go: `https://`, up to 500 characters of ASCII.")
    kinds: list[str] = given("What it hears of, such as `place.filed`, within the app's scopes.")


@gql_input
class ChangeWebhookInput(Requested):
    """What changes; what is left out stays."""

    webhook_id: strawberry.ID = given("The endpoint.")
    url: str | None = given("Where messages go from now on.", default=None)
    kinds: list[str] | None = given("All that it hears of from now on.", default=None)


@gql_input
class RotateWebhookSecretInput(Requested):
    """Which endpoint gets a new secret."""

    webhook_id: strawberry.ID = given("The endpoint.")


@gql_input
class DisableWebhookInput(Requested):
    """Which endpoint hears nothing more."""

    webhook_id: strawberry.ID = given("The endpoint.")


@gql_input
class EnableWebhookInput(Requested):
    """Which endpoint hears again."""

    webhook_id: strawberry.ID = given("The endpoint.")


@gql_input
class RemoveWebhookInput(Requested):
    """Which endpoint goes for good."""

    webhook_id: strawberry.ID = given("The endpoint.")


@gql_input
class SendTestWebhookInput(Requested):
    """Which endpoint is tried."""

    webhook_id: strawberry.ID = given("The endpoint.")


@gql_input
class ResendWebhookInput(Requested):
    """Which message is sent anew."""

    message_id: strawberry.ID = given("The message: its `webhook-id`.")


@gql_type(access=WEBHOOKS)
class WebhookPayload:
    """The endpoint."""

    webhook: Webhook = attr("The endpoint as it is now.")


@gql_type(access=WEBHOOKS)
class WebhookSecretPayload:
    """The endpoint, and its secret once."""

    webhook: Webhook = attr("The endpoint as it is now.")
    secret: str | None = attr(
        "`whsec_…`, by which the receiver verifies messages, in this one answer: a repeat of the"
        " `requestId` answers `null`. When it got lost, `rotateWebhookSecret`."
    )


@gql_type(access=WEBHOOKS)
class WebhookMessagePayload:
    """The message."""

    message: WebhookMessage = attr("The message; `webhookMessage` shows its attempts later.")


@gql_type(access=WEBHOOKS)
class RemoveWebhookPayload:
    """What is gone."""

    webhook_id: strawberry.ID = attr("The endpoint that was.")


@root_type
class WebhookMutations:
    """What apps do for their endpoints, or who manages them for the apps."""

    @mutation(WebhookSecretPayload, access=WEBHOOKS)
    async def add_webhook(
        self,
        info: Info,
        input: Annotated[AddWebhookInput, strawberry.argument(description="Where and what.")],
    ) -> dict[str, Any]:
        """Have an app told of events in its grid, signed as Standard Webhooks."""
        app_id = optional_row_id(input.app_id, "App", field="input.appId")
        return await _with_secret(
            info,
            input,
            lambda: endpoints.add_webhook(
                info.context.actor, app_id=app_id, url=input.url, kinds=input.kinds
            ),
        )

    @mutation(WebhookPayload, access=WEBHOOKS)
    async def change_webhook(
        self,
        info: Info,
        input: Annotated[ChangeWebhookInput, strawberry.argument(description="What changes.")],
    ) -> dict[str, Any]:
        """Change the address or the kinds. What still waits goes to the new address."""
        webhook_id = row_id(input.webhook_id, "Webhook", field="input.webhookId")
        return await _payload(
            info,
            input,
            lambda: endpoints.change_webhook(
                info.context.actor, webhook_id=webhook_id, url=input.url, kinds=input.kinds
            ),
        )

    @mutation(WebhookSecretPayload, access=WEBHOOKS)
    async def rotate_webhook_secret(
        self,
        info: Info,
        input: Annotated[RotateWebhookSecretInput, strawberry.argument(description="Whose.")],
    ) -> dict[str, Any]:
        """Give a new secret; the one until now signs too for 24 hours."""
        webhook_id = row_id(input.webhook_id, "Webhook", field="input.webhookId")
        return await _with_secret(
            info,
            input,
            lambda: endpoints.rotate_secret(info.context.actor, webhook_id=webhook_id),
        )

    @mutation(WebhookPayload, access=WEBHOOKS)
    async def disable_webhook(
        self,
        info: Info,
        input: Annotated[DisableWebhookInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Send nothing more there. What waits is given up; `resendWebhook` sends it later."""
        webhook_id = row_id(input.webhook_id, "Webhook", field="input.webhookId")
        return await _payload(
            info,
            input,
            lambda: endpoints.disable_webhook(info.context.actor, webhook_id=webhook_id),
        )

    @mutation(WebhookPayload, access=WEBHOOKS)
    async def enable_webhook(
        self,
        info: Info,
        input: Annotated[EnableWebhookInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Send there again what happens from now on."""
        webhook_id = row_id(input.webhook_id, "Webhook", field="input.webhookId")
        return await _payload(
            info,
            input,
            lambda: endpoints.enable_webhook(info.context.actor, webhook_id=webhook_id),
        )

    @mutation(RemoveWebhookPayload, access=WEBHOOKS)
    async def remove_webhook(
        self,
        info: Info,
        input: Annotated[RemoveWebhookInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Remove an endpoint with everything that was sent there."""
        webhook_id = row_id(input.webhook_id, "Webhook", field="input.webhookId")
        await run_once(
            info,
            input,
            lambda: endpoints.remove_webhook(info.context.actor, webhook_id=webhook_id),
        )
        return {"webhook_id": input.webhook_id}

    @mutation(WebhookMessagePayload, access=WEBHOOKS)
    async def send_test_webhook(
        self,
        info: Info,
        input: Annotated[SendTestWebhookInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Send a message of kind `webhook.test`, delivered as any other."""
        webhook_id = row_id(input.webhook_id, "Webhook", field="input.webhookId")
        return await _message_payload(
            info,
            input,
            lambda: endpoints.send_test(info.context.actor, webhook_id=webhook_id),
        )

    @mutation(WebhookMessagePayload, access=WEBHOOKS)
    async def resend_webhook(
        self,
        info: Info,
        input: Annotated[ResendWebhookInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Send a message anew that arrived or was given up. It keeps its `webhook-id`."""
        message_id = row_id(input.message_id, "WebhookMessage", field="input.messageId")
        return await _message_payload(
            info, input, lambda: endpoints.resend(info.context.actor, message_id=message_id)
        )


async def _webhook(info: Info, want: Selection, webhook_id: UUID) -> dict[str, Any]:
    columns = webhook_columns(want)
    found = await webhook_row(info.context.actor, webhook_id=webhook_id, columns=columns)
    if found is None:  # a repeat, and meanwhile it was removed
        raise NotFound
    return shape_webhooks([found], want)[0]


async def _message(info: Info, want: Selection, message_id: UUID) -> dict[str, Any] | None:
    columns = message_columns(want)
    found = await message_row(info.context.actor, message_id=message_id, columns=columns)
    return (await shape_messages([found], want))[0] if found else None


async def _payload(
    info: Info, given: Requested, act: Callable[[], Awaitable[HasId]]
) -> dict[str, Any]:
    webhook_id = await run_once(info, given, act)
    return {"webhook": await _webhook(info, selected(info)["webhook"], webhook_id)}


async def _with_secret(
    info: Info, given: Requested, act: Callable[[], Awaitable[WithSecret]]
) -> dict[str, Any]:
    secret: str | None = None

    async def keeping_it() -> WebhookEndpoint:
        nonlocal secret
        made = await act()
        secret = made.secret
        return made.endpoint

    return {**await _payload(info, given, keeping_it), "secret": secret}


async def _message_payload(
    info: Info, given: Requested, act: Callable[[], Awaitable[HasId]]
) -> dict[str, Any]:
    message_id = await run_once(info, given, act)
    found = await _message(info, selected(info)["message"], message_id)
    if found is None:  # a repeat, and meanwhile its time was over
        raise NotFound
    return {"message": found}
