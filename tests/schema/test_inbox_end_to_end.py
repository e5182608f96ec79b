"""News end to end: a real server, a real socket, the job worker between the mutation and it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core.redis import client as redis_client
from identity.sessions import sign_out
from notifications.live import channel
from notifications.telling import Recipient
from notifications.templates import keep_shipped
from tests.schema.test_grid_activity import SIGNED_OUT, Scene, hear, say, scene

__all__ = ["scene"]

WATCH = (
    "subscription { inbox { topic title subject { __typename ... on Enquiry { seekerName } } } }"
)


@asynccontextmanager
async def open_inbox(scene: Scene, role: str) -> AsyncIterator[ClientConnection]:
    """A socket on which somebody's news comes in."""
    async with connect(
        f"{scene.live.ws_url}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
    ) as socket:
        token = scene.world.tokens[role]
        await say(socket, type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert await hear(socket) == {"type": "connection_ack"}
        await say(socket, type="subscribe", id="1", payload={"query": WATCH})
        where = channel(Recipient(account_id=scene.world.accounts[role].id))
        async with asyncio.timeout(10):
            while not (await redis_client().pubsub_numsub(where))[0][1]:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.01)
        yield socket


async def test_a_landlord_sees_at_once_that_somebody_asked_and_nobody_else_does(
    scene: Scene,
) -> None:
    await keep_shipped()
    async with open_inbox(scene, "landlord A") as asked, open_inbox(scene, "landlord B") as beside:
        await scene.act("sendEnquiry", "resident", 0)
        news = (await hear(asked))["payload"]["data"]["inbox"]
        assert news["topic"] == "ENQUIRY_RECEIVED"
        assert news["subject"] == {"__typename": "Enquiry", "seekerName": "resident"}
        assert news["title"]
        # The first that the other hears of is about their own listing, so nothing came before.
        await scene.act("reserveListing", "landlord A", 1)
        assert (await hear(beside))["payload"]["data"]["inbox"]["topic"] == "LISTING_RESERVED"


async def test_a_session_that_ends_takes_its_open_inbox_along(scene: Scene) -> None:
    async with open_inbox(scene, "landlord A") as socket:
        await sign_out(scene.world.actors["landlord A"])
        async with asyncio.timeout(10):
            await socket.wait_closed()
        assert socket.close_code == SIGNED_OUT
