"""The log of deliveries and the pauses of channels, as staff see them."""

from __future__ import annotations

from datetime import datetime

import strawberry

import schema.types.delivery_enums
import schema.types.notification_enums  # noqa: F401 - these two give the enums their words
from identity.actor import Permission
from notifications.log import DeliveryFilter as Wanted
from notifications.log import attempts_of
from notifications.models import AttemptOutcome, Channel, DeliveryState
from notifications.topics import Topic
from schema.access import holds
from schema.connections import Connection, CountedConnection
from schema.fields import attr, given, gql_input, gql_type
from schema.ids import global_id, optional_row_id
from schema.selection import Rows, Selection

READ = holds(Permission.DELIVERIES_READ)
MANAGE = holds(Permission.DELIVERIES_MANAGE)


@gql_type(access=READ)
class DeliveryAttempt:
    """One attempt to send a message (发送尝试), on record before it was made."""

    number: int = attr("1 and up.")
    at: datetime = attr("When it was begun.")
    ended_at: datetime | None = attr("When it was known how it went.")
    outcome: AttemptOutcome = attr("What became of it.")
    code: str = attr("The provider's code, or our name of what went wrong; empty when it was sent.")


@gql_type(access=READ)
class Delivery:
    """One message on one channel (投递). It names nobody."""

    id: strawberry.ID = attr("Global id, opaque.")
    notification_id: strawberry.ID = attr("The notification it brings.")
    topic: Topic = attr("What it is about.", needs=("notification__topic",))
    recipient: str = attr(
        "The end of the recipient's id: enough to tell two apart, and to name nobody.",
        needs=("notification__account_id",),
    )
    channel: Channel = attr("How it goes.")
    state: DeliveryState = attr("How far it got.")
    reason: str = attr("A code for why it failed or was passed over, or empty.")
    attempts: list[DeliveryAttempt] = attr("Every attempt, in order.", needs=(), size=3)
    due_at: datetime = attr("Not before: quiet hours and failures move it.")
    created_at: datetime = attr("When it was planned, or passed over.")
    sent_at: datetime | None = attr("When the provider took it.")
    arrived_at: datetime | None = attr("When the provider said that it arrived.")


@strawberry.type(name="DeliveryConnection", description="One page of deliveries.")
class DeliveryConnection(CountedConnection[Delivery]):
    """One page of deliveries."""


@gql_type(access=READ)
class ChannelPause:
    """Nothing is sent on a channel for a time (渠道暂停); what waits goes out afterwards."""

    id: strawberry.ID = attr("Global id, opaque.")
    channel: Channel = attr("The channel.")
    reason: str = attr("Why; `QUOTA_USED_UP`: the provider takes no more today.")
    paused_by: strawberry.ID | None = attr("The member of staff; empty: the service itself.")
    paused_at: datetime = attr("Since when.")
    until: datetime | None = attr("When it ends by itself, if it does.")
    ended_at: datetime | None = attr("When it ended; empty while it lasts.")


@strawberry.type(name="ChannelPauseConnection", description="One page of pauses.")
class ChannelPauseConnection(Connection[ChannelPause]):
    """One page of pauses."""


@gql_input
class DeliveryFilter:
    """Which deliveries; what is left out does not matter."""

    notification_id: strawberry.ID | None = given("Those of one notification.", default=None)
    channel: Channel | None = given("Those on one channel.", default=None)
    state: DeliveryState | None = given("Those that got so far.", default=None)
    reason: str | None = given("Those with this code, such as `NO_ANSWER`.", default=None)
    topic: Topic | None = given("Those about one kind of news.", default=None)
    since: datetime | None = given("Planned at that time or later.", default=None)
    until: datetime | None = given("Planned before that time.", default=None)


def wanted_deliveries(asked: DeliveryFilter | None) -> Wanted:
    """The filter as the use case takes it."""
    if asked is None:
        return Wanted()
    notification_id = optional_row_id(
        asked.notification_id, "Notification", field="filter.notificationId"
    )
    return Wanted(
        notification_id=notification_id,
        channel=asked.channel,
        state=asked.state,
        reason=asked.reason,
        topic=asked.topic,
        since=asked.since,
        until=asked.until,
    )


_NEEDS: dict[str, tuple[str, ...]] = {
    field.python_name: field.metadata["needs"]
    for field in Delivery.__strawberry_definition__.fields  # type: ignore[attr-defined]
    if "needs" in field.metadata
}


def delivery_columns(want: Selection) -> list[str]:
    """The columns of deliveries that a selection needs."""
    return want.columns(_NEEDS, "id")


def pause_columns(want: Selection) -> list[str]:
    """The columns of pauses that a selection needs."""
    return want.columns({}, "id")


async def shape_deliveries(rows: Rows, want: Selection) -> Rows:
    """Deliveries as read, ready for the schema; the attempts of all come in one query."""
    attempts = await attempts_of([row["id"] for row in rows]) if "attempts" in want else {}
    for row in rows:
        row["attempts"] = attempts.get(row["id"], [])
        row["id"] = global_id("Delivery", row["id"])
        if "notification_id" in row:
            row["notification_id"] = global_id("Notification", row["notification_id"])
        if "notification__topic" in row:
            row["topic"] = Topic(row["notification__topic"])
        if "notification__account_id" in row:
            row["recipient"] = f"…{str(row['notification__account_id'])[-4:]}"
    return rows


def shape_pauses(rows: Rows) -> Rows:
    """Pauses as read, ready for the schema."""
    for row in rows:
        row["id"] = global_id("ChannelPause", row["id"])
        if row.get("paused_by") is not None:
            row["paused_by"] = global_id("StaffMember", row["paused_by"])
    return rows
