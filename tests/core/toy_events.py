"""An event, its handlers and a use case, for the tests of events and jobs."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from core.database import execute
from core.errors import Conflict
from core.events import Event, emit, later, on, together
from core.jobs import APART, defer, job
from core.work import work

TABLE = """
CREATE TABLE IF NOT EXISTS toy_order (id uuid PRIMARY KEY);
CREATE TABLE IF NOT EXISTS toy_seen (order_id uuid);
CREATE TABLE IF NOT EXISTS toy_delivery (order_id uuid PRIMARY KEY, copies int, runs int)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered(Event):
    """Version 1 knew no copies; version 0 can't be read any more."""

    VERSION = 2
    order_id: UUID
    copies: int = 1

    @classmethod
    def upgrade(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        if version == 1:
            return {**data, "copies": 1}
        raise ValueError("too old")


@dataclass(frozen=True)
class Somebody:
    kind: str = "SYSTEM"
    id: UUID | None = None


class Play:
    """What the handlers do, chosen by the test or by the role."""

    refuse = False
    fail = False
    hold: asyncio.Event | None = None
    stranger: asyncio.Event | None = None
    gathered: ClassVar[list[list[Event]]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Event):
    """What was ordered came back."""

    order_id: UUID


@together(Ordered, Returned)
async def gather(events: list[Event]) -> None:
    Play.gathered.append(events)


@on(Ordered)
async def see(event: Ordered) -> None:
    await execute("INSERT INTO toy_seen VALUES ($1)", event.order_id)
    if Play.refuse:
        raise Conflict(reason="TOY")


@later(Ordered, name="toy.deliver", queue="toys")
async def deliver(event: Ordered) -> None:
    if Play.fail:
        raise RuntimeError("the toy is broken")
    await execute(
        "INSERT INTO toy_delivery VALUES ($1, $2, 1)"
        " ON CONFLICT (order_id) DO UPDATE SET runs = toy_delivery.runs + 1",
        event.order_id,
        event.copies,
    )
    if Play.hold is not None:
        say("delivered")
        await Play.hold.wait()


@job("toy.order_slowly")
async def order_slowly(order_id: str, steps: int) -> None:
    """Leaves a job that leaves a job, each a moment after a worker has looked for more."""
    await asyncio.sleep(0.05)
    async with work(Somebody()):
        if steps:
            await defer("toy.order_slowly", {"order_id": order_id, "steps": steps - 1})
        else:
            await emit(Ordered(order_id=UUID(order_id)))


@job("toy.ask_a_stranger", queue=APART)
async def ask_a_stranger(number: int) -> None:
    """A server of somebody else's, which answers when the test lets it."""
    assert Play.stranger is not None
    await Play.stranger.wait()


async def order(order_id: UUID, *, copies: int = 1) -> None:
    """A use case: a row and its event."""
    async with work(Somebody()):
        await execute("INSERT INTO toy_order VALUES ($1)", order_id)
        await emit(Ordered(order_id=order_id, copies=copies))


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
