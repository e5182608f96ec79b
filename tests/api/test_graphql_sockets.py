"""graphql-transport-ws over a real server: who may connect, how much, and until when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from api.edge.lifecycle import Lifecycle
from api.graphql.connections import Connections
from api.graphql.documents import TrustedDocuments, document_id
from api.graphql.http import GraphQLEndpoint
from core.errors import RateLimited, Unauthenticated, Unavailable
from tests.api.live_server import Live, serving, until
from tests.api.toy_schema import Context, toy_schema

KNOWN = "subscription Known{counted(to:1)}"


@dataclass
class Town:
    """A server with everybody who came in."""

    live: Live
    connections: Connections
    endpoint: GraphQLEndpoint
    contexts: list[Context] = field(default_factory=list)


@asynccontextmanager
async def town(interval: float = 60.0, ws_max_size: int = 65_536) -> AsyncIterator[Town]:
    contexts: list[Context] = []
    counted: list[Context] = []

    async def make_context(request: Any, payload: dict[str, Any] | None) -> Context:
        given = (payload or {}).get("authorization") or request.headers.get("authorization") or ""
        token = given.removeprefix("Bearer ")
        if token == "expired":
            raise Unauthenticated
        if token == "unlucky":
            raise Unavailable
        if token == "bug":
            raise RuntimeError("secret")
        contexts.append(Context(account=token or None))
        return contexts[-1]

    async def count(context: Context) -> None:
        counted.append(context)
        if context.account == "hasty app" and len(counted) > 2:
            raise RateLimited(params={"retryAfter": 7})

    async def still_good(context: Context) -> bool:
        if context.account == "doubtful":
            raise ConnectionError
        return context.good

    connections = Connections(
        person=lambda c: c.account,
        still_good=still_good,
        count=count,
        per_person=3,
        waiting_per_address=6,
        interval=interval,
        patience=2,
    )
    schema = toy_schema(trusted=TrustedDocuments([KNOWN]))
    endpoint = GraphQLEndpoint(
        schema, make_context, connections, allowed_origins=["https://town.test"]
    )
    lifecycle = Lifecycle()
    lifecycle.on_stop(connections.close_all)
    watch = asyncio.create_task(connections.watch())
    try:
        async with serving(endpoint, lifecycle=lifecycle, ws_max_size=ws_max_size) as live:
            yield Town(live, connections, endpoint, contexts)
    finally:
        watch.cancel()


@asynccontextmanager
async def socket(
    place: Town, protocol: str = "graphql-transport-ws", **options: Any
) -> AsyncIterator[ClientConnection]:
    async with connect(
        place.live.ws_url, subprotocols=[Subprotocol(protocol)], proxy=None, **options
    ) as made:
        yield made


async def say(ws: ClientConnection, **message: Any) -> None:
    await ws.send(json.dumps(message))


async def hear(ws: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        heard: dict[str, Any] = json.loads(await ws.recv())
    return heard


async def sign_in(ws: ClientConnection, token: str = "") -> None:
    await say(ws, type="connection_init", payload={"authorization": f"Bearer {token}"})
    assert await hear(ws) == {"type": "connection_ack"}


async def subscribe(ws: ClientConnection, document: str, id_: str = "1") -> None:
    await say(ws, type="subscribe", id=id_, payload={"query": document})


async def closed_with(ws: ClientConnection) -> int | None:
    async with asyncio.timeout(8):
        await ws.wait_closed()
    return ws.close_code


async def test_a_subscription_gives_its_events_and_completes() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws, "warden")
        await subscribe(ws, "subscription{counted(to:2)}")
        assert [await hear(ws) for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"counted": 0}}},
            {"id": "1", "type": "next", "payload": {"data": {"counted": 1}}},
            {"id": "1", "type": "complete"},
        ]
        assert place.contexts[0].account == "warden"


async def test_queries_run_over_sockets_and_errors_are_typed() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        await subscribe(ws, "{refused}")
        answer = await hear(ws)
        assert answer["payload"]["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert await hear(ws) == {"id": "1", "type": "complete"}
        await subscribe(ws, "{nothing}")
        assert (await hear(ws))["type"] == "error"
        await subscribe(ws, "subscription{forMembers}")
        refused = await hear(ws)
        assert refused["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_document_may_be_named_by_its_hash() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        await say(ws, type="subscribe", id="1", payload={"documentId": document_id(KNOWN)})
        assert (await hear(ws))["payload"] == {"data": {"counted": 0}}
        assert (await hear(ws))["type"] == "complete"
        await say(ws, type="subscribe", id="2", payload={"documentId": "0" * 64})
        unknown = await hear(ws)
        assert (unknown["type"], unknown["payload"][0]["extensions"]["code"]) == (
            "error",
            "NOT_FOUND",
        )


@pytest.mark.parametrize(("token", "code"), [("expired", 4403), ("unlucky", 1013), ("bug", 4500)])
async def test_a_bad_token_is_turned_away(token: str, code: int) -> None:
    with capture_logs():
        async with town() as place, socket(place) as ws:
            await say(ws, type="connection_init", payload={"authorization": token})
            assert await closed_with(ws) == code
            await until(lambda: len(place.connections) == 0)


async def test_nothing_runs_before_the_caller_is_known() -> None:
    async with town() as place, socket(place) as ws:
        await subscribe(ws, "{one}")
        assert await closed_with(ws) == 4401


async def test_a_silent_socket_is_closed_in_time() -> None:
    async with town() as place:
        assert place.endpoint.connection_init_wait_timeout == timedelta(seconds=5)
        place.endpoint.connection_init_wait_timeout = timedelta(seconds=0.05)
        async with socket(place) as ws:
            assert await closed_with(ws) == 4408


async def test_the_legacy_protocol_is_not_spoken() -> None:
    async with town() as place, socket(place, "graphql-ws") as ws:
        assert ws.subprotocol is None
        assert await closed_with(ws) == 4406


async def test_pages_of_other_origins_are_refused() -> None:
    async with town() as place:
        with pytest.raises(InvalidStatus):
            async with socket(place, origin="https://evil.test"):
                pass
        async with socket(place, origin="https://town.test") as ws:
            await sign_in(ws)


async def test_every_operation_of_a_socket_counts_against_the_rate_of_its_caller() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws, "hasty app")
        for _ in range(2):
            await subscribe(ws, "{one}")
            assert [(await hear(ws))["type"] for _ in range(2)] == ["next", "complete"]
        await subscribe(ws, "{one}")
        refused = await hear(ws)
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_addresses_of_one_ipv6_line_are_counted_together() -> None:
    connections = Connections(person=lambda c: None, still_good=never_asked, waiting_per_address=2)
    opened = [connections.open(f"2001:db8:0:1::{n}", never_called) for n in (1, 2)]
    with pytest.raises(RateLimited):
        connections.open("2001:db8:0:1:ffff::3", never_called)
    assert opened
    connections.open("2001:db8:0:2::1", never_called)
    connections.open("::ffff:192.0.2.1", never_called)
    connections.open("192.0.2.1", never_called)
    with pytest.raises(RateLimited):
        connections.open("192.0.2.1", never_called)


async def never_asked(context: Any) -> bool:
    raise AssertionError


async def never_called(code: int, reason: str) -> None:
    raise AssertionError


async def test_twenty_subscriptions_a_socket() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        for number in range(21):
            await subscribe(ws, "subscription{live}", str(number))
        refused = await hear(ws)
        assert (refused["id"], refused["type"]) == ("20", "error")
        assert refused["payload"][0]["extensions"] == {
            "code": "RATE_LIMITED",
            "params": {"limit": 20, "reason": "SUBSCRIPTIONS"},
        }
        await say(ws, type="complete", id="0")
        await subscribe(ws, "{one}", "again")
        assert (await hear(ws))["payload"] == {"data": {"one": 1}}


async def test_so_many_sockets_a_person_wherever_they_are() -> None:
    async with town() as place, AsyncExitStack() as stack:
        a, b, c, d, e, f = [await stack.enter_async_context(socket(place)) for _ in range(6)]
        for ws in (a, b, c):
            await sign_in(ws, "warden")
        await say(d, type="connection_init", payload={"authorization": "warden"})
        assert await closed_with(d) == 4429
        await sign_in(e, "neighbour")
        await a.close()
        await until(lambda: len(place.connections) == 4)
        await sign_in(f, "warden")


async def test_so_many_anonymous_or_silent_sockets_an_address() -> None:
    async with town() as place, AsyncExitStack() as stack:
        a, b, c, d = [await stack.enter_async_context(socket(place)) for _ in range(4)]
        for ws in (a, b, c):
            await sign_in(ws)
        await say(d, type="connection_init")
        assert await closed_with(d) == 4429
        silent = [await stack.enter_async_context(socket(place)) for _ in range(7)]
        assert await closed_with(silent[-1]) == 4429


@pytest.mark.parametrize("ws_max_size", [65_536, 1_000_000])
async def test_big_messages_are_refused(ws_max_size: int) -> None:
    async with town(ws_max_size=ws_max_size) as place, socket(place) as ws:
        await sign_in(ws)
        await ws.send("x" * 65_537)
        assert await closed_with(ws) == 1009


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", '{"type":"subscribe"}', '{"type":"unknown"}', '{"id":"1"}',
     '{"type":"subscribe","id":"1","payload":[]}', '{"type":"subscribe","id":7,"payload":{}}',
     '{"type":"complete"}', '{"type":["subscribe"]}',
     '{"type":"subscribe","id":"1","payload":{"query":"{one}","variables":{"a":"\\u0000"}}}'],
)  # fmt: skip
async def test_malformed_messages_end_the_socket(text: str) -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        await ws.send(text)
        assert await closed_with(ws) == 4400


async def test_binary_messages_end_the_socket() -> None:
    async with town() as place, socket(place) as ws:
        await ws.send(b"{}")
        assert await closed_with(ws) == 4400


async def test_wrong_parameters_fail_only_their_operation() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        await say(ws, type="subscribe", id="1", payload={"query": 7})
        answer = await hear(ws)
        assert (answer["id"], answer["type"]) == ("1", "error")
        await subscribe(ws, "{one}", "2")
        assert (await hear(ws))["payload"] == {"data": {"one": 1}}


async def test_pings_come_at_a_human_rate() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        for _ in range(12):
            await say(ws, type="ping")
        assert [(await hear(ws))["type"] for _ in range(10)] == ["pong"] * 10
        assert await closed_with(ws) == 4429


async def test_messages_come_at_a_human_rate() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        for _ in range(110):
            await say(ws, type="complete", id="nothing")
        assert await closed_with(ws) == 4429


async def test_a_flood_of_protocol_pings_ends_the_socket() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws)
        for _ in range(40):
            await ws.ping()
        assert await closed_with(ws) == 1006


async def test_a_revoked_session_ends_at_once_when_the_identity_layer_says_so() -> None:
    async with town() as place, socket(place) as gone, socket(place) as stays:
        await sign_in(gone, "gone")
        await sign_in(stays, "stays")
        await subscribe(gone, "subscription{live}")
        await until(lambda: len(place.contexts) == 2)
        context = next(c for c in place.contexts if c.account == "gone")
        await until(lambda: bool(context.events._getters))
        context.good = False
        await place.connections.recheck("gone")
        assert await closed_with(gone) == 4401
        await until(context.cancelled.is_set)
        await subscribe(stays, "{one}")
        assert (await hear(stays))["payload"] == {"data": {"one": 1}}


async def test_a_revoked_session_ends_within_the_interval_without_being_told() -> None:
    async with town(interval=0.02) as place, socket(place) as ws:
        await sign_in(ws, "gone")
        place.contexts[0].good = False
        assert await closed_with(ws) == 4401
        assert len(place.connections) == 0


async def test_a_session_that_cannot_be_checked_ends_after_some_patience() -> None:
    with capture_logs():
        async with town() as place, socket(place) as ws:
            await sign_in(ws, "doubtful")
            await place.connections.recheck()
            assert len(place.connections) == 1
            await place.connections.recheck()
            assert await closed_with(ws) == 1013


async def test_an_event_stream_ends_with_its_session_and_counts_as_a_connection() -> None:
    async with town() as place, httpx.AsyncClient(base_url=place.live.url) as client:
        request = client.build_request(
            "POST",
            "/",
            json={"query": "subscription{live}"},
            headers={"accept": "text/event-stream", "authorization": "Bearer gone"},
        )
        response = await client.send(request, stream=True)
        lines = response.aiter_lines()
        place.contexts[0].events.put_nowait(7)
        assert [await anext(lines), await anext(lines)] == [
            "event: next",
            'data: {"data":{"live":7}}',
        ]
        assert len(place.connections) == 1
        place.contexts[0].good = False
        await place.connections.recheck("gone")
        assert [line async for line in lines] == ["", "event: complete", "data:", ""]
        await until(lambda: place.contexts[0].cancelled.is_set() and len(place.connections) == 0)


async def test_an_event_stream_ends_when_its_reader_goes() -> None:
    async with town() as place:
        async with httpx.AsyncClient(base_url=place.live.url) as client:
            request = client.build_request(
                "POST",
                "/",
                json={"query": "subscription{live}"},
                headers={"accept": "text/event-stream"},
            )
            response = await client.send(request, stream=True)
            await until(lambda: len(place.connections) == 1)
            await until(lambda: bool(place.contexts[0].events._getters))
            await response.aclose()
        await until(lambda: place.contexts[0].cancelled.is_set() and len(place.connections) == 0)


async def test_a_stopping_process_closes_its_sockets() -> None:
    async with town() as place, socket(place) as ws:
        await sign_in(ws, "warden")
        place.live.server.should_exit = True
        assert await closed_with(ws) in (1001, 1012)
        async with asyncio.timeout(5):
            await place.live.task
