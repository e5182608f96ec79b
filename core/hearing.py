"""Listening on Redis: one connection of the process, however many listen.

Nothing is kept there: who did not listen when it was said has not heard it. Whoever begins to
listen, or listens again after Redis was away, is told since when they may have missed something,
and looks into the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from core.clock import now
from core.redis import DOWN, client

# Redis' socket timeout would end a quiet subscription: it is asked in short turns. A message ends
# a turn at once; a new listener waits for the end of the running one.
TURN_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Missed:
    """From here on everything is heard; what was said since then may not have been."""

    since: datetime


Heard = bytes | Missed
Ear = asyncio.Queue[Heard]


@asynccontextmanager
async def listening(channel: str) -> AsyncIterator[Ear]:
    """What is said on a channel, for as long as the block runs; :class:`Missed` comes first."""
    listener = _listener()
    ear: Ear = asyncio.Queue()
    listener.add(channel, ear)
    try:
        yield ear
    finally:
        await listener.remove(channel, ear)


def _listener() -> _Listener:
    global _running
    if _running is None or _running.ended or _running.redis is not client():
        _running = _Listener(client())
    return _running


class _Listener:
    """All ears of a process. Its task begins with the first and ends with the last."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._ears: dict[str, set[Ear]] = {}
        self._new: list[tuple[str, Ear, datetime]] = []
        self._changed = False
        self._followed: set[str] = set()
        self._alive: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self.ended = False

    def add(self, channel: str, ear: Ear) -> None:
        self._ears.setdefault(channel, set()).add(ear)
        self._new.append((channel, ear, now()))
        self._changed = True
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="listening")

    async def remove(self, channel: str, ear: Ear) -> None:
        self._ears[channel].discard(ear)
        if not self._ears[channel]:
            del self._ears[channel]
            self._changed = True
        if not self._ears and self._task is not None:
            self.ended = True
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                log.warning("listening.lost", exc_info=error)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        """Pass on what is said, until Redis is away."""
        self._followed = set()
        self._changed = True
        lost = self._alive
        async with self.redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            try:
                while True:
                    await self._follow(pubsub)
                    if lost is not None:
                        self._tell_all(Missed(lost))
                        lost = None
                    self._alive = now()
                    message = await pubsub.get_message(timeout=TURN_SECONDS)
                    if message is not None:
                        for ear in self._ears.get(message["channel"].decode(), ()):
                            ear.put_nowait(message["data"])
            finally:
                # The Redis inside the process does not notice that a connection is gone.
                with suppress(*DOWN):
                    await pubsub.unsubscribe()

    async def _follow(self, pubsub: PubSub) -> None:
        """Follow the channels that somebody listens to, and no others."""
        if not self._changed:
            return
        self._changed = False
        wanted = set(self._ears)
        if more := wanted - self._followed:
            await pubsub.subscribe(*more)
        if gone := self._followed - wanted:
            await pubsub.unsubscribe(*gone)
        self._followed = wanted
        new, self._new = self._new, []
        for channel, ear, since in new:
            if channel in wanted:
                ear.put_nowait(Missed(since))
            else:  # it came meanwhile
                self._new.append((channel, ear, since))

    def _tell_all(self, heard: Heard) -> None:
        for ears in self._ears.values():
            for ear in ears:
                ear.put_nowait(heard)


_running: _Listener | None = None
