"""Load balancers learn quickly and truly whether the process can serve."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from api.app import make_service
from api.edge.health import Check, Health
from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from core.settings import settings


def client_of(
    checks: Mapping[str, Check] | None = None,
    *,
    peer: str = "127.0.0.1",
    token: str | None = None,
    lifecycle: Lifecycle | None = None,
) -> httpx.AsyncClient:
    health = Health(
        checks or {}, lifecycle or Lifecycle(), Metrics(), metrics_token=token, seconds=0.1
    )
    transport = httpx.ASGITransport(Starlette(routes=health.routes()), client=(peer, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://town.test")


async def good() -> None:
    return


async def failing() -> None:
    raise ConnectionError("10.0.0.5 refused")


class Hanging:
    """A driver that waits for a black hole and takes its time to be cancelled."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await self.release.wait()
            self.ended.set()


async def test_ready_when_everything_answers() -> None:
    async with client_of({"database": good, "redis": good}) as http:
        answer = await http.get("/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "checks": {"database": "ok", "redis": "ok"}},
    )
    assert answer.headers["cache-control"] == "no-store"


async def test_a_black_hole_is_503_at_once_and_the_process_still_lives() -> None:
    hanging = Hanging()
    async with client_of({"database": hanging, "redis": failing}) as http:
        start = time.monotonic()
        with capture_logs() as logs:
            answer = await http.get("/ready")
        assert time.monotonic() - start < 0.25
        assert answer.status_code == 503
        assert answer.json()["checks"] == {"database": "slow", "redis": "failed"}
        assert "10.0.0.5" not in answer.text
        assert [line["event"] for line in logs] == ["check.failed"]
        assert (await http.get("/live")).status_code == 200
    hanging.release.set()
    await asyncio.wait_for(hanging.ended.wait(), 5)


async def test_many_who_ask_share_one_round_of_checks() -> None:
    rounds = 0

    async def counted() -> None:
        nonlocal rounds
        rounds += 1
        await asyncio.sleep(0.02)

    async with client_of({"database": counted}) as http:
        answers = await asyncio.gather(*(http.get("/ready") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert rounds == 1


async def test_a_stopping_process_is_not_ready() -> None:
    lifecycle = Lifecycle()
    lifecycle.stopping = True
    async with client_of({"database": good}, lifecycle=lifecycle) as http:
        assert (await http.get("/ready")).status_code == 503


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.7"}, 404),
        ("127.0.0.1", {"forwarded": "for=203.0.113.7"}, 404),
        ("127.0.0.1", {"x-forwarded-host": "houjie.example"}, 404),
        ("127.0.0.1", {"x-real-ip": "203.0.113.7"}, 404),
        ("127.0.0.1", {"via": "1.1 proxy"}, 404),
        ("203.0.113.7", {}, 404),
        ("203.0.113.7", {"authorization": "Bearer wrong"}, 404),
        ("203.0.113.7", {"authorization": "Bearer 密"}, 404),
        ("203.0.113.7", {"authorization": "Bearer right"}, 200),
        ("not an address", {}, 404),
    ],
)
async def test_metrics_are_for_loopback_or_the_token(
    peer: str, headers: dict[str, str], status: int
) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    async with client_of(peer=peer, token="right") as http:
        answer = await http.get("/metrics", headers=encoded)
    assert answer.status_code == status
    assert ("process_resident_memory_bytes" in answer.text) is (status == 200)


async def test_metrics_say_how_many_connections_are_open_and_busy(tortoise: None) -> None:
    lines = make_service(settings(), {}).metrics.text().decode().splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if "connections" in line and line[0] != "#")
    assert set(found) == {"leye_database_connections", "leye_database_connections_busy"}


async def test_no_token_means_no_token_is_right() -> None:
    async with client_of(peer="203.0.113.7") as http:
        assert (await http.get("/metrics", headers={"authorization": ""})).status_code == 404


async def test_a_failing_farewell_does_not_keep_the_others_from_theirs() -> None:
    lifecycle, done = Lifecycle(), []

    async def farewell() -> None:
        done.append(1)

    lifecycle.on_stop(failing)
    lifecycle.on_stop(farewell)
    with capture_logs():
        await lifecycle.stop()
    assert (lifecycle.stopping, done) == (True, [1])
