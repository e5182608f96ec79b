"""Staff see what became of messages, send one again, and pause a channel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.keyset import Page
from notifications import log
from notifications.models import Channel
from schema.connections import After, Before, First, Last, connection, counted, wanted_nodes
from schema.context import Info
from schema.fields import attr, given, gql_input, gql_type, mutation, query, root_type, selected
from schema.ids import row_id
from schema.once import Requested, run_once
from schema.types.deliveries import (
    MANAGE,
    READ,
    ChannelPause,
    ChannelPauseConnection,
    Delivery,
    DeliveryConnection,
    DeliveryFilter,
    delivery_columns,
    pause_columns,
    shape_deliveries,
    shape_pauses,
    wanted_deliveries,
)


@gql_input
class ResendDeliveryInput(Requested):
    """Which message is tried once more."""

    delivery_id: strawberry.ID = given("One that failed or was passed over.")


@gql_input
class PauseChannelInput(Requested):
    """Which channel rests, why, and until when."""

    channel: Channel = given("The channel.")
    reason: str = given("Why: 2 to 200 characters; it goes on record.")
    until: datetime | None = given(
        "When it ends by itself; empty: not before somebody ends it.", default=None
    )


@gql_input
class ResumeChannelInput(Requested):
    """Which channel goes on."""

    channel: Channel = given("The channel.")


@gql_type(access=MANAGE)
class DeliveryPayload:
    """A delivery that was changed."""

    delivery: Delivery = attr("The delivery now.")


@gql_type(access=MANAGE)
class ChannelPausePayload:
    """A pause that was begun or ended."""

    pause: ChannelPause = attr("The pause now.")


@root_type
class DeliveryQueries:
    """What became of messages."""

    @query(DeliveryConnection, access=READ)
    async def deliveries(
        self,
        info: Info,
        filter: Annotated[
            DeliveryFilter | None, strawberry.argument(description="Which; all when left out.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """The log of deliveries (投递记录), the newest first: what went out and what did not,
        with every attempt and the reason for everything."""
        want = selected(info)
        nodes = wanted_nodes(want)
        wanted = wanted_deliveries(filter)
        actor = info.context.actor
        page = await log.list_deliveries(
            actor,
            where=wanted,
            page=Page.of(first, after, last, before),
            columns=delivery_columns(nodes),
        )
        await shape_deliveries(page.rows, nodes)
        return await counted(page, want, lambda: log.count_deliveries(actor, where=wanted))

    @query(ChannelPauseConnection, access=READ)
    async def channel_pauses(
        self, info: Info, first: First = None, after: After = None
    ) -> dict[str, Any]:
        """Pauses of channels (渠道暂停), the latest first, those that are over too."""
        want = selected(info)
        page = await log.list_pauses(
            info.context.actor,
            page=Page.of(first, after),
            columns=pause_columns(wanted_nodes(want)),
        )
        shape_pauses(page.rows)
        return connection(page, want)


@root_type
class DeliveryMutations:
    """Messages are sent again, channels rest and go on."""

    @mutation(DeliveryPayload, access=MANAGE)
    async def resend_delivery(
        self,
        info: Info,
        input: Annotated[ResendDeliveryInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """Try a message once more on the channel on which it failed or that was passed over.
        What stood in its way is looked at again."""
        delivery_id = row_id(input.delivery_id, "Delivery", field="input.deliveryId")
        await run_once(
            info, input, lambda: log.resend_delivery(info.context.actor, delivery_id=delivery_id)
        )
        want = selected(info)["delivery"]
        row = await log.delivery_row(
            info.context.actor, delivery_id=delivery_id, columns=delivery_columns(want)
        )
        if row is None:
            raise NotFound
        return {"delivery": (await shape_deliveries([row], want))[0]}

    @mutation(ChannelPausePayload, access=MANAGE)
    async def pause_channel(
        self,
        info: Info,
        input: Annotated[PauseChannelInput, strawberry.argument(description="Which, and why.")],
    ) -> dict[str, Any]:
        """Send nothing on a channel for now. What waits is kept and goes out afterwards;
        emergencies take another channel where there is one."""
        pause_id = await run_once(
            info,
            input,
            lambda: log.pause_channel(
                info.context.actor, channel=input.channel, reason=input.reason, until=input.until
            ),
        )
        return await _pause(info, pause_id)

    @mutation(ChannelPausePayload, access=MANAGE)
    async def resume_channel(
        self,
        info: Info,
        input: Annotated[ResumeChannelInput, strawberry.argument(description="Which.")],
    ) -> dict[str, Any]:
        """End the pause of a channel; what waits goes out within a minute."""
        pause_id = await run_once(
            info, input, lambda: log.resume_channel(info.context.actor, channel=input.channel)
        )
        return await _pause(info, pause_id)


async def _pause(info: Info, pause_id: UUID) -> dict[str, Any]:
    row = await log.pause_row(
        info.context.actor, pause_id=pause_id, columns=pause_columns(selected(info)["pause"])
    )
    if row is None:
        raise NotFound
    return {"pause": shape_pauses([row])[0]}
