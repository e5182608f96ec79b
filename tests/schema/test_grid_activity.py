"""The live field end to end: a real server, a real socket, the job worker in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.app import make_service
from api.assembly import database_config
from core.jobs import run_worker, worker_app
from core.redis import client as redis_client
from core.settings import settings
from identity.sessions import sign_out
from notifications.grid_activity import channel
from tests.api.live_server import Live, serving
from tests.schema.mutation_cases import CASES, input_for, names_of
from tests.schema.support import GRIDS, World, data_of, make_world

SIGNED_OUT = 4401
WATCH = (
    "subscription($code: String!) { gridActivity(gridCode: $code)"
    " { kind placeCode grid { code } place { name rooms { number } contact { phone } } } }"
)


@dataclass
class Scene:
    """The town, its server, and a worker that runs what waits."""

    world: World
    live: Live
    database_url: str

    async def work(self) -> None:
        """Run every job that waits."""
        app = worker_app(self.database_url)
        async with app.open_async():
            await run_worker(app, wait=False)

    async def act(self, name: str, role: str, tenant: int) -> None:
        """Somebody does something in the grid of a tenant, and the news goes out."""
        case = next(case for case in CASES if case.name == name)
        given = input_for(case, names_of(self.world, tenant))
        await data_of(case.document, self.world.actors[role], {"input": given})
        await self.work()


@pytest.fixture
async def scene(committed_db: None, database_url: str) -> AsyncIterator[Scene]:
    service = make_service(settings(), database_config(database_url, settings()))
    watching = asyncio.create_task(service.connections.watch())
    try:
        async with serving(service.app, lifecycle=service.lifecycle) as live:
            yield Scene(await make_world(), live, database_url)
            await service.connections.close_all()
    finally:
        watching.cancel()
        await asyncio.wait([watching])


@asynccontextmanager
async def watching(scene: Scene, role: str, grid_code: str) -> AsyncIterator[ClientConnection]:
    """A socket that watches a grid."""
    async with connect(
        f"{scene.live.ws_url}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
    ) as socket:
        token = scene.world.tokens.get(role)
        payload = {"authorization": f"Bearer {token}"} if token else {}
        await say(socket, type="connection_init", payload=payload)
        assert await hear(socket) == {"type": "connection_ack"}
        wanted = {"query": WATCH, "variables": {"code": grid_code}}
        await say(socket, type="subscribe", id="1", payload=wanted)
        yield socket


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection, seconds: float = 10) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        heard: dict[str, Any] = json.loads(await socket.recv())
    return heard


async def listeners(grid_code: str) -> int:
    """How many listen to a grid."""
    ((_, found),) = await redis_client().pubsub_numsub(channel(grid_code))
    return int(found)


async def listening(grid_code: str, expected: int = 1) -> None:
    """Until so many listen to a grid."""
    async with asyncio.timeout(10):
        while await listeners(grid_code) < expected:  # noqa: ASYNC110 - Redis has no event
            await asyncio.sleep(0.01)


async def test_a_warden_sees_what_another_files_in_their_grid(scene: Scene) -> None:
    async with watching(scene, "warden 1", GRIDS[0]) as socket:
        await listening(GRIDS[0])
        await scene.act("filePlace", "supervisor 1", 0)
        event = await hear(socket)
        assert event["type"] == "next"
        found = event["payload"]["data"]["gridActivity"]
        assert found.pop("placeCode").startswith("122002-")
        assert found == {
            "kind": "PLACE_FILED",
            "grid": {"code": GRIDS[0]},
            "place": {"name": "新测试楼", "rooms": [], "contact": {"phone": "139****0009"}},
        }


async def test_rooms_that_change_at_once_are_heard_of_as_rooms_not_as_a_file(scene: Scene) -> None:
    async with watching(scene, "warden 1", GRIDS[0]) as socket:
        await listening(GRIDS[0])
        await scene.act("setRoomStates", "landlord A", 0)
        heard = (await hear(socket))["payload"]["data"]["gridActivity"]
        assert heard["kind"] == "ROOM_UPDATED"


async def test_the_community_hears_of_its_grids_and_another_grid_hears_nothing(
    scene: Scene,
) -> None:
    community = GRIDS[0][:-3]
    async with (
        watching(scene, "supervisor 1", community) as above,
        watching(scene, "warden 2", GRIDS[1]) as beside,
    ):
        await listening(community)
        await listening(GRIDS[1])
        await scene.act("filePlace", "warden 1", 0)
        await scene.act("filePlace", "warden 2", 1)
        assert (await hear(above))["payload"]["data"]["gridActivity"]["kind"] == "PLACE_FILED"
        # The first that the other grid hears of is its own, so nothing came before.
        heard = (await hear(beside))["payload"]["data"]["gridActivity"]
        assert heard["grid"] == {"code": GRIDS[1]}


@pytest.mark.parametrize(
    ("role", "grid_code", "code"),
    [
        ("anonymous", GRIDS[0], "UNAUTHENTICATED"),
        ("resident", GRIDS[0], "NOT_FOUND"),
        ("landlord A", GRIDS[0], "NOT_FOUND"),
        ("warden 1", GRIDS[1], "NOT_FOUND"),
        ("warden 1", GRIDS[0][:-3], "NOT_FOUND"),
        ("warden 1", "441900122999-01", "NOT_FOUND"),
        ("admin", GRIDS[0], "NOT_FOUND"),
        ("app places 1", GRIDS[0], "NOT_FOUND"),
    ],
)
async def test_who_may_not_watch_is_refused_and_not_listened_for(
    scene: Scene, role: str, grid_code: str, code: str
) -> None:
    async with watching(scene, role, grid_code) as socket:
        message = await hear(socket)
        errors = message["payload"]
        errors = errors if isinstance(errors, list) else errors["errors"]
        assert [error["extensions"] for error in errors] == [{"code": code}]
        assert await listeners(grid_code) == 0


async def test_a_session_that_ends_takes_its_socket_along(scene: Scene) -> None:
    async with watching(scene, "warden 1", GRIDS[0]) as socket:
        await listening(GRIDS[0])
        started = asyncio.get_running_loop().time()
        await sign_out(scene.world.actors["warden 1"])
        async with asyncio.timeout(5):
            await socket.wait_closed()
        assert socket.close_code == SIGNED_OUT
        assert asyncio.get_running_loop().time() - started < 2.5


async def test_a_post_that_ends_takes_its_socket_along(scene: Scene) -> None:
    case = next(case for case in CASES if case.name == "endPost")
    async with watching(scene, "warden 1", GRIDS[0]) as socket:
        await listening(GRIDS[0])
        given = input_for(case, names_of(scene.world))
        await data_of(case.document, scene.world.actors["supervisor 1"], {"input": given})
        async with asyncio.timeout(5):
            await socket.wait_closed()
        assert socket.close_code == SIGNED_OUT
