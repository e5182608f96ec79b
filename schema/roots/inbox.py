"""News for somebody: the inbox, live, and how they want to be told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import time
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from core.errors import InvalidInput
from notifications.inbox import mark_all_read, mark_read, unread_count
from notifications.live import watch
from notifications.models import Channel
from notifications.preferences import set_language, set_preference, set_quiet_hours
from notifications.subscriptions import forms_to_ask, record_answers
from notifications.topics import Group
from schema.access import ACCOUNT, PERSON
from schema.context import Info
from schema.fields import (
    attr,
    given,
    gql_input,
    gql_type,
    mutation,
    query,
    root_type,
    selected,
    subscription,
)
from schema.ids import optional_row_id, row_id, row_ids
from schema.once import Requested, run_once
from schema.types.inbox import (
    Notification,
    NotificationSettings,
    SubscriptionForm,
    notification_row,
    notification_rows,
    settings_row,
)
from schema.types.notification_enums import ReaderLanguage


@root_type
class InboxQueries:
    """The inbox."""

    @query(Notification | None, access=PERSON)
    async def notification(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(
                description="Its id, or the one in the page that a WeChat message opens."
            ),
        ],
    ) -> dict[str, Any] | None:
        """One notification of yours (消息)."""
        return await notification_row(info, selected(info), _either_id(id))


def _either_id(text: str) -> UUID:
    """A global id, or the UUID that messages carry out of the service."""
    try:
        return UUID(text)
    except ValueError:
        return row_id(text, "Notification", field="id")


@gql_input
class MarkNotificationsReadInput(Requested):
    """What was read."""

    ids: list[strawberry.ID] = given("1 to 100 notifications of yours.")


@gql_input
class MarkAllNotificationsReadInput(Requested):
    """That everything was read."""

    up_to: strawberry.ID | None = given(
        "The newest one that you saw: what came after it stays unread.", default=None
    )


@gql_input
class SetNotificationPreferenceInput(Requested):
    """One switch."""

    group: Group = given("Which news.")
    channel: Channel = given("By which channel.")
    wanted: bool = given("Whether it may go by it. Emergencies do in any case.")


@gql_input
class SetQuietHoursInput(Requested):
    """When nobody is disturbed, Asia/Shanghai; equal times switch it off."""

    from_: time = given("The first quiet minute.", name="from")
    until: time = given("The first minute after; earlier than `from`: on the next day.")


@gql_input
class SetLanguageInput(Requested):
    """The language to write in."""

    language: ReaderLanguage | None = given(
        "Which; empty: as each request asks, and zh-CN where none does.", default=None
    )


@gql_input
class SubscriptionAnswer:
    """What somebody answered on one template."""

    template_id: str = given("As `subscriptionForms` gave it.")
    accepted: bool = given("Whether WeChat said `accept`.")


@gql_input
class RecordSubscriptionsInput(Requested):
    """What WeChat's dialogue was answered; one `requestId` for each tap."""

    answers: list[SubscriptionAnswer] = given("1 to 3, each template once.")


@gql_type(access=PERSON)
class MarkNotificationsReadPayload:
    """The inbox afterwards."""

    notifications: list[Notification] = attr("Those that were read, newest first.")
    unread_count: int = attr("How many wait to be read now, up to 1,000.")


@gql_type(access=PERSON)
class MarkAllNotificationsReadPayload:
    """The inbox afterwards."""

    unread_count: int = attr("How many wait to be read now, up to 1,000.")


@gql_type(access=PERSON)
class NotificationSettingsPayload:
    """The settings afterwards."""

    settings: NotificationSettings = attr("How you want to be told.")


@gql_type(access=ACCOUNT)
class RecordSubscriptionsPayload:
    """What to ask for next."""

    forms: list[SubscriptionForm] = attr("Those that run short first, at most 3.", size=3)


@root_type
class InboxMutations:
    """Reading, and how to be told."""

    @mutation(MarkNotificationsReadPayload, access=PERSON)
    async def mark_notifications_read(
        self,
        info: Info,
        input: Annotated[MarkNotificationsReadInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Note that you read these (已读)."""
        actor = info.context.actor
        ids = row_ids(input.ids, "Notification", field="input.ids")
        await run_once(info, input, lambda: mark_read(actor, ids=ids))
        want = selected(info)["notifications"]
        return {
            "notifications": await notification_rows(info, want, ids),
            "unread_count": await unread_count(actor),
        }

    @mutation(MarkAllNotificationsReadPayload, access=PERSON)
    async def mark_all_notifications_read(
        self,
        info: Info,
        input: Annotated[
            MarkAllNotificationsReadInput, strawberry.argument(description="How far.")
        ],
    ) -> dict[str, Any]:
        """Note that you read everything (全部已读)."""
        actor = info.context.actor
        up_to = optional_row_id(input.up_to, "Notification", field="input.upTo")
        await run_once(info, input, lambda: mark_all_read(actor, up_to=up_to))
        return {"unread_count": await unread_count(actor)}

    @mutation(NotificationSettingsPayload, access=ACCOUNT)
    async def set_notification_preference(
        self,
        info: Info,
        input: Annotated[
            SetNotificationPreferenceInput, strawberry.argument(description="The switch.")
        ],
    ) -> dict[str, Any]:
        """Switch a channel on or off for a group of news (消息接收偏好)."""
        await run_once(
            info,
            input,
            lambda: set_preference(
                info.context.actor,
                group=input.group,
                channel=input.channel,
                wanted=input.wanted,
            ),
        )
        return await _settings(info)

    @mutation(NotificationSettingsPayload, access=PERSON)
    async def set_quiet_hours(
        self,
        info: Info,
        input: Annotated[SetQuietHoursInput, strawberry.argument(description="The hours.")],
    ) -> dict[str, Any]:
        """Set when nothing but an emergency is sent (免打扰时段)."""
        await run_once(
            info,
            input,
            lambda: set_quiet_hours(info.context.actor, begin=input.from_, end=input.until),
        )
        return await _settings(info)

    @mutation(NotificationSettingsPayload, access=PERSON)
    async def set_language(
        self,
        info: Info,
        input: Annotated[SetLanguageInput, strawberry.argument(description="The language.")],
    ) -> dict[str, Any]:
        """Set the language that you are written to in (语言)."""
        language: Any = input.language and input.language.value
        await run_once(info, input, lambda: set_language(info.context.actor, language=language))
        return await _settings(info)

    @mutation(RecordSubscriptionsPayload, access=ACCOUNT)
    async def record_subscriptions(
        self,
        info: Info,
        input: Annotated[RecordSubscriptionsInput, strawberry.argument(description="The answers.")],
    ) -> dict[str, Any]:
        """Record what `wx.requestSubscribeMessage` was answered (订阅消息授权)."""
        actor = info.context.actor
        answers = {one.template_id: one.accepted for one in input.answers}
        if len(answers) < len(input.answers):
            raise InvalidInput(
                field="input.answers",
                reason="TEMPLATE_TWICE",
                zh="同一个模板只能有一个回答",
                en="Each template has one answer",
            )
        await run_once(
            info, input, lambda: record_answers(actor, answers=answers, tap=input.request_id)
        )
        return {"forms": await forms_to_ask(actor, topics=())}


async def _settings(info: Info) -> dict[str, Any]:
    return {"settings": await settings_row(info.context.actor, info.context.language)}


@root_type
class InboxSubscriptions:
    """The inbox, live."""

    @subscription(access=PERSON)
    async def inbox(self, info: Info) -> AsyncIterator[Notification]:
        """Your news as it comes (新消息), each once; `viewer.inbox` has what came before."""
        want = selected(info)
        watching = cast("AsyncGenerator[UUID]", watch(info.context.actor))
        # Closed here and now: left to the garbage collector, Redis would go on sending.
        async with aclosing(watching) as news:
            async for notification_id in news:
                found: Any = await notification_row(info, want, notification_id)
                if found is not None:  # it may be gone by now
                    yield found
