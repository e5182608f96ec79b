"""The wire, with real sockets: slow and half-sent requests end, and starve nobody."""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from api.edge.bodies import BodyRule
from api.edge.health import Health
from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from api.edge.server import WireLimits, server_options, settle_memory
from api.edge.stack import guard
from tests.api.live_server import serving, until

HASTY = WireLimits(head_seconds=0.3, request_seconds=0.6, head_bytes=2_000)
HALF = b"GET / HTTP/1.1\r\nHost: town.test\r\nX-Slow: "


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def ignore_body(request: Request) -> Response:
    return PlainTextResponse("read nothing")


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


APP = Starlette(
    routes=[
        Route("/", hello),
        WebSocketRoute("/echo", echo),
        Route("/length", length, methods=["POST"]),
        Route("/ignore", ignore_body, methods=["POST"]),
    ]
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(port: int, first: bytes = b"") -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    await writer.drain()
    return reader, writer


async def rest(streams: Streams) -> bytes:
    """What the server says until it closes the connection."""
    reader, writer = streams
    async with asyncio.timeout(5):
        try:
            said = await reader.read()
        except ConnectionResetError:
            said = b""
    writer.close()
    return said


async def test_half_a_head_is_answered_408_and_closed() -> None:
    async with serving(APP, limits=HASTY) as live:
        start = time.monotonic()
        assert (await rest(await opened(live.port, HALF))).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - start < 2


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with serving(APP, limits=HASTY) as live:
        assert (await rest(await opened(live.port))).startswith(b"HTTP/1.1 408 ")


async def dribble(streams: Streams, unit: bytes) -> None:
    """Send a little again and again until the server hangs up."""
    _, writer = streams
    async with asyncio.timeout(5):
        while not writer.is_closing():
            writer.write(unit)
            try:
                await writer.drain()
            except ConnectionError:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("first", "unit"),
    [
        (HALF, b"x"),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n"),
        (b"POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["head", "blank lines", "blank lines after a request", "unread body", "chunks"],
)
async def test_dribbling_does_not_keep_a_connection(first: bytes, unit: bytes) -> None:
    async with serving(APP, limits=HASTY) as live:
        streams = await opened(live.port, first)
        await dribble(streams, unit)
        await until(lambda: not live.server.server_state.connections)


@pytest.mark.parametrize("chunks", [1, 20])
async def test_a_large_head_is_refused(chunks: int) -> None:
    async with serving(APP, limits=WireLimits(head_bytes=2_000)) as live:
        reader, writer = await opened(live.port, b"GET / HTTP/1.1\r\nHost: town.test\r\n")
        header = b"X-Large: " + b"x" * 3_000 + b"\r\n\r\n"
        size = len(header) // chunks
        for at in range(0, len(header), size):
            writer.write(header[at : at + size])
            await asyncio.sleep(0)
        said = await rest((reader, writer))
        assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{live.url}/")).text == "hello"


async def test_1500_half_sent_requests_starve_nobody_and_end() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4_000
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    count = min(1_500, wanted // 2 - 200)
    async with serving(APP, limits=WireLimits(head_seconds=3.0)) as live, AsyncExitStack() as stack:
        halves = [await opened(live.port, HALF) for _ in range(count)]
        for _, writer in halves:
            stack.callback(writer.close)
        await until(lambda: len(live.server.server_state.connections) == count)
        start = time.monotonic()
        async with httpx.AsyncClient() as client:
            for _ in range(20):
                assert (await client.get(f"{live.url}/")).text == "hello"
        assert time.monotonic() - start < 2
        answers = await asyncio.gather(*map(rest, halves))
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
        await until(lambda: not live.server.server_state.connections)


async def test_requests_in_time_are_not_disturbed_on_a_kept_connection() -> None:
    async with serving(APP, limits=HASTY) as live, httpx.AsyncClient(base_url=live.url) as client:
        for _ in range(6):
            assert (await client.get("/")).text == "hello"
            assert (await client.post("/length", content=b"x" * 100_000)).text == "100000"
            await asyncio.sleep(0.1)
        assert live.server.server_state.total_requests == 12


async def test_a_silent_socket_outlives_the_time_for_a_request() -> None:
    async with serving(APP, limits=HASTY) as live, connect(f"{live.ws_url}/echo") as socket:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), HASTY.head_seconds + HASTY.request_seconds + 0.2)
        await socket.send("still here")
        assert await socket.recv() == "still here"


def guarded(lifecycle: Lifecycle, **options: object) -> Callable[..., Awaitable[None]]:
    app: Callable[..., Awaitable[None]] = guard(
        APP, lifecycle=lifecycle, metrics=Metrics(), **options
    )  # type: ignore[arg-type]
    return app


async def test_a_slow_body_is_answered_408() -> None:
    app = guarded(Lifecycle(), body=BodyRule(seconds=0.1))
    head = b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"
    async with serving(app) as live:
        assert (await rest(await opened(live.port, head))).startswith(b"HTTP/1.1 408 ")


async def test_a_large_body_is_answered_413_without_being_read() -> None:
    head = b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n"
    async with serving(guarded(Lifecycle())) as live:
        assert (await rest(await opened(live.port, head))).startswith(b"HTTP/1.1 413 ")


async def test_every_request_in_flight_finishes_when_the_process_is_stopped() -> None:
    release = asyncio.Event()
    lifecycle = Lifecycle()
    stopped: list[bool] = []

    async def wait(request: Request) -> Response:
        await release.wait()
        return PlainTextResponse("finished")

    async def on_stop() -> None:
        stopped.append(lifecycle.stopping)

    lifecycle.on_stop(on_stop)
    app = guard(
        Starlette(routes=[Route("/wait", wait), *Health({}, lifecycle, Metrics()).routes()]),
        lifecycle=lifecycle,
        metrics=Metrics(),
    )
    async with serving(app, lifecycle=lifecycle) as live:
        async with httpx.AsyncClient(base_url=live.url) as client:
            assert (await client.get("/ready")).status_code == 200
            waiting = [asyncio.create_task(client.get("/wait")) for _ in range(20)]
            await until(lambda: lifecycle.in_flight == 20)
            live.server.should_exit = True
            await until(lambda: stopped == [True])
            await until(lambda: not live.server.servers[0].is_serving())
            release.set()
            answers = await asyncio.gather(*waiting)
        assert [answer.text for answer in answers] == ["finished"] * 20
        async with asyncio.timeout(5):
            await live.task
    assert lifecycle.in_flight == 0


async def test_ready_turns_503_while_the_process_drains() -> None:
    lifecycle = Lifecycle()
    app = Starlette(routes=Health({}, lifecycle, Metrics()).routes())
    async with serving(app, lifecycle=lifecycle) as live:
        live.server._drain_seconds = 0.5
        async with httpx.AsyncClient(base_url=live.url) as client:
            live.server.should_exit = True
            await until(lambda: lifecycle.stopping)
            answer = await client.get("/ready")
            assert (answer.status_code, answer.json()["ready"]) == (503, False)
            assert (await client.get("/live")).status_code == 200


def test_the_server_hides_its_name_and_leaves_addresses_out_of_its_log() -> None:
    options = server_options(host="127.0.0.1", port=8000)
    assert options["server_header"] is False
    assert options["access_log"] is False
    assert options["proxy_headers"] is False
    assert options["ws_max_size"] == 65_536
    assert options["timeout_graceful_shutdown"] == 10
    assert options.get("limit_concurrency") is None


def test_what_start_up_made_is_no_work_for_the_collector() -> None:
    try:
        settle_memory()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
