"""A small town's schema for the tests of the edge: no database, every kind of resolver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import strawberry
from redis.exceptions import ConnectionError as RedisConnectionError

from api.graphql.execution import Schema
from core.errors import Conflict, Language, Unauthenticated

CANARY = "441900199001011234"


@dataclass
class Context:
    """What the schema layer's context looks like from the edge."""

    language: Language = "zh-CN"
    account: str | None = None
    good: bool = True
    events: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)


@strawberry.type
class Photo:
    url: str
    alt: str = ""


@strawberry.type
class Room:
    id: strawberry.ID
    name: str = "room"
    a: int = 1
    b: int = 2

    @strawberry.field
    def photos(self) -> list[Photo]:
        return [Photo(url="/p/1")]

    @strawberry.field(metadata={"size": 3})
    def doors(self) -> list[Photo]:
        return []

    @strawberry.field
    def next(self, step: int = 1) -> Room:
        return self

    @strawberry.field
    def rooms(self, first: int | None = None, last: int | None = None) -> RoomConnection:
        return RoomConnection(edges=[RoomEdge(node=self)], nodes=[self])


@strawberry.type
class RoomEdge:
    node: Room
    cursor: str = ""


@strawberry.type
class RoomConnection:
    edges: list[RoomEdge]
    nodes: list[Room]


@strawberry.type
class Query:
    @strawberry.field
    def one(self) -> int:
        return 1

    @strawberry.field
    def room(self, step: int = 1) -> Room:
        return Room(id=strawberry.ID("1"))

    @strawberry.field
    def rooms(self, first: int = 30, after: str | None = None) -> RoomConnection:
        room = Room(id=strawberry.ID("1"))
        return RoomConnection(edges=[RoomEdge(node=room)], nodes=[room])

    @strawberry.field(metadata={"cost": 500})
    def dear(self) -> int:
        return 1

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def language(self, info: strawberry.Info[Any, None]) -> str:
        return str(info.context.language)

    @strawberry.field
    def refused(self) -> int:
        raise Conflict(field="input.version", params={"current": 3})

    @strawberry.field
    def nullable_refused(self) -> int | None:
        raise Conflict

    @strawberry.field
    def broken(self, text: str = CANARY) -> int:
        raise RuntimeError(f"secret {text}")

    @strawberry.field
    async def database_gone(self) -> int:
        raise asyncpg.ConnectionDoesNotExistError("connection to 10.0.0.5 was closed")

    @strawberry.field
    async def redis_gone(self) -> int:
        raise RedisConnectionError("Connect call failed ('127.0.0.1', 6379)")

    @strawberry.field
    async def nobody_answers(self) -> int:
        raise OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 5432)")

    @strawberry.field
    async def endless(self, info: strawberry.Info[Any, None]) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            info.context.cancelled.set()
            raise
        return 1


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> int:
        return 1

    @strawberry.mutation
    def sign_in(self, info: strawberry.Info[Any, None]) -> str:
        info.context.account = "warden"
        return "warden"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def counted(
        self, info: strawberry.Info[Any, None], to: int = 3
    ) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def live(self, info: strawberry.Info[Any, None]) -> AsyncGenerator[int, None]:
        try:
            while True:
                yield await info.context.events.get()
        finally:
            info.context.cancelled.set()

    @strawberry.subscription
    async def late(self) -> AsyncGenerator[int, None]:
        await asyncio.sleep(0.1)
        yield 1

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError(f"secret {CANARY}")

    @strawberry.subscription
    async def for_members(self) -> AsyncGenerator[int, None]:
        raise Unauthenticated
        yield 1


def toy_schema(**options: Any) -> Schema:
    """The schema with the edge's options."""
    return Schema(Query, Mutation, Subscription, **options)
