"""The inbox and how somebody wants to be told, as its owner sees them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import Language
from core.keyset import NOTHING, Page
from core.privacy import Words
from identity.actor import Actor
from notifications.inbox import (
    WORDS_COLUMNS,
    InboxFilter,
    inbox,
    notifications_by_ids,
    words,
)
from notifications.models import Channel, WeChatForm
from notifications.preferences import (
    ALWAYS,
    BY_DEFAULT,
    GROUP_WORDS,
    ChannelChoice,
    language_of,
    settings_of,
)
from notifications.topics import RULES, Group, Topic
from schema.access import ACCOUNT, PERSON
from schema.by_id import things_by_ids
from schema.connections import Connection, connection, wanted_nodes
from schema.context import Context, Info
from schema.fields import attr, given, gql_input, gql_type, selected_here
from schema.ids import global_id
from schema.selection import Rows, Selection
from schema.types.common import Node
from schema.types.notification_enums import ReaderLanguage


@gql_type(access=PERSON)
class Notification(Node):
    """News for somebody (消息). Only they see it."""

    topic: Topic = attr("What kind of news.")
    group: Group = attr("What it is switched on and off with.", needs=("topic",))
    title: str = attr("One line, in your language.", needs=WORDS_COLUMNS)
    body: str = attr("Some sentences, in your language.", needs=WORDS_COLUMNS)
    emergency: bool = attr("Whether it is about a danger where you live: sent at any hour.")
    created_at: datetime = attr("When you were told.")
    read_at: datetime | None = attr("When you first read it.")
    subject_id: strawberry.ID | None = attr(
        "Global id of what it is about, also when you can no longer see that.",
        needs=("subject_kind", "subject_id"),
    )
    subject: Node | None = attr(
        "What it is about, when you may see it: as `node(id)` would answer.",
        needs=("subject_kind", "subject_id"),
        cost=5,
    )


@strawberry.type(name="NotificationConnection", description="One page of an inbox.")
class NotificationConnection(Connection[Notification]):
    """One page of an inbox."""


@gql_input
class InboxFilterInput:
    """Narrows an inbox; what is left out does not."""

    unread: bool | None = given("Only unread ones, or only read ones.", default=None)
    group: Group | None = given("Only this group.", default=None)
    topic: Topic | None = given("Only this kind of news.", default=None)


InboxFilterGiven = Annotated[
    InboxFilterInput | None, strawberry.argument(description="Narrows the list.")
]

_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in Notification.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def notification_columns(want: Selection) -> list[str]:
    """The columns of notifications that a selection needs."""
    return want.columns(_NEEDS, "id")


async def shape_notifications(rows: Rows, want: Selection, context: Context) -> Rows:
    """Notifications as read, ready for the schema: what they are about comes kind by kind."""
    seen: dict[Any, Any] = {}
    if "subject" in want:
        about = {(row["subject_kind"], row["subject_id"]) for row in rows if row["subject_id"]}
        seen = await things_by_ids(about, want["subject"], context)
    language: Language = context.language
    if rows and ("title" in want or "body" in want):
        language = await language_of(context.actor) or language
    for row in rows:
        if "title" in want or "body" in want:
            said = words(row, language)
            row["title"], row["body"] = said.title, said.body
        if "group" in want:
            row["group"] = RULES[Topic(row["topic"])].group
        if about_id := row.get("subject_id"):
            row["subject"] = seen.get((row["subject_kind"], about_id))
            row["subject_id"] = global_id(row["subject_kind"], about_id)
        else:
            row["subject"] = None
        row["id"] = global_id("Notification", row["id"])
    return rows


async def notification_row(info: Info, want: Selection, row_id: UUID) -> dict[str, Any] | None:
    """One notification of the actor's, ready for the schema."""
    rows = await notification_rows(info, want, [row_id])
    return rows[0] if rows else None


async def notification_rows(info: Info, want: Selection, ids: list[UUID]) -> Rows:
    """The actor's own among these, newest first, ready for the schema."""
    context = info.context
    rows = await notifications_by_ids(context.actor, ids, notification_columns(want))
    return await shape_notifications(rows, want, context)


async def inbox_connection(
    info: Info, page: Page, filter_by: InboxFilterInput | None
) -> dict[str, Any]:
    """The connection over the actor's inbox, for the field being resolved."""
    context = info.context
    if not PERSON.actor(context.actor):
        return connection(NOTHING, Selection())
    want = selected_here(info)
    nodes = wanted_nodes(want)
    found = await inbox(
        context.actor,
        filter_by=InboxFilter(**vars(filter_by)) if filter_by else InboxFilter(),
        page=page,
        columns=notification_columns(nodes),
    )
    await shape_notifications(found.rows, nodes, context)
    return connection(found, want)


@gql_type(access=PERSON)
class QuietHours:
    """When nobody is disturbed (免打扰). Equal times: at no time."""

    from_: time = strawberry.field(
        name="from", description="The first quiet minute.", metadata={"access": PERSON}
    )
    until: time = attr("The first minute after.")


@gql_type(access=PERSON)
class NotificationChannelSetting:
    """One channel of a group."""

    channel: Channel = attr("Which.")
    wanted: bool = attr("Whether news of the group may go by it.")
    by_default: bool = attr("What holds for who has set nothing.")


@gql_type(access=PERSON)
class NotificationGroupSetting:
    """One group of news, and how it is told besides the inbox, where everything is."""

    group: Group = attr("Which.")
    title: str = attr("What it is called.")
    description: str = attr("What is in it.")
    channels: list[NotificationChannelSetting] = attr(
        "The channels that can be switched; empty: its news is in the inbox alone.", size=2
    )
    always: str | None = attr("What can't be switched off in it, and why; empty: everything can.")


@gql_type(access=PERSON)
class NotificationSettings:
    """How somebody wants to be told."""

    language: ReaderLanguage | None = attr(
        "In which language; empty: as each request asks, and zh-CN where none does."
    )
    quiet_hours: QuietHours = attr("When nothing but an emergency is sent, Asia/Shanghai.")
    groups: list[NotificationGroupSetting] = attr("Every group that is for you.", size=6)


async def settings_row(actor: Actor, language: Language) -> dict[str, Any] | None:
    """What the actor has set, ready for the schema; nothing for who has no inbox."""
    found = await settings_of(actor)
    if found is None:
        return None
    reader = found.language or language

    def say(text: Words) -> str:
        return text.en if reader == "en" else text.zh

    return {
        "language": found.language,
        "quiet_hours": {"from_": found.quiet_from, "until": found.quiet_until},
        "groups": [
            {
                "group": group,
                "title": say(GROUP_WORDS[group][0]),
                "description": say(GROUP_WORDS[group][1]),
                "channels": [_channel(one) for one in choices],
                "always": say(ALWAYS[group]) if group in ALWAYS and choices else None,
            }
            for group, choices in found.groups.items()
        ],
    }


def _channel(choice: ChannelChoice) -> dict[str, Any]:
    return {"channel": choice.channel, "wanted": choice.wanted, "by_default": BY_DEFAULT}


@gql_type(access=ACCOUNT)
class SubscriptionForm:
    """A template that the mini-program may ask somebody to accept (订阅消息)."""

    form: WeChatForm = attr("What kind of message.")
    template_id: str = attr("For `wx.requestSubscribeMessage`.")
    remaining: int = attr("How many such messages they may still be sent.")
