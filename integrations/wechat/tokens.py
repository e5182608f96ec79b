"""The access token: fetched by one caller, shared by all tasks and processes.

Lost races here are the commonest fault of such clients: two refreshes at once, or a fresh token
thrown away because an older one was refused. So one task of a process asks at a time, one process
asks at a time, both look again once it is their turn, and a token is only thrown away by who
names it. Without Redis each process keeps a token of its own: ``stable_token`` gives the same one
to all of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from core import redis
from core.clock import today
from core.ids import token as nonce
from integrations.wechat.errors import BadAnswer, Busy, TokenRefused, WeChatError

MARGIN_SECONDS: Final = 300
"""A token is replaced so long before its end; WeChat honours the old one as long."""
LONGEST_TOKEN: Final = 512
FORCED_A_DAY: Final = 20
FORCED_APART_SECONDS: Final = 30
BUSY_PAUSES: Final = (0.2, 0.8)
AFTER_FAILURE_SECONDS: Final = 2.0
LOCK_SECONDS: Final = 10
POLL_SECONDS: Final = 0.05
_DAY: Final = 24 * 3600

_UNLOCK: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Fetched:
    """What ``stable_token`` answered."""

    token: str = field(repr=False)
    seconds: int


class Fetch(Protocol):
    """Ask WeChat for a token; ``force`` makes the one before invalid."""

    def __call__(self, *, force: bool) -> Awaitable[Fetched]:
        """Ask.

        Raises:
            WeChatError: no token to be had.
        """


@dataclass(frozen=True)
class _Kept:
    token: str = field(repr=False)
    until: float
    """By this process' monotonic clock."""


class TokenStore:
    """One mini-program's token in this process, and the way to those of the others."""

    def __init__(
        self,
        name: str,
        fetch: Fetch,
        *,
        pauses: tuple[float, ...] = BUSY_PAUSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = f"wechat:token:{name}"
        self._fetch = fetch
        self._pauses = pauses
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: _Kept | None = None
        self._failure: tuple[float, WeChatError] | None = None
        self._forced: deque[float] = deque(maxlen=FORCED_A_DAY)
        self._alone = False

    async def get(self, *, instead_of: str | None = None) -> str:
        """A token that should be good; ``instead_of`` names one that was refused.

        Raises:
            WeChatError: WeChat gives none, or gave none a moment ago; or the refused one is all
                it gives and it is too early to force another.
        """
        if (kept := self._usable(instead_of)) is not None:
            return kept
        async with self._lock:
            if (kept := self._usable(instead_of)) is not None:
                return kept
            self._raise_recent_failure()
            try:
                return await self._from_elsewhere(instead_of)
            except WeChatError as error:
                self._failure = (self._clock() + AFTER_FAILURE_SECONDS, error)
                raise

    async def drop(self, refused: str) -> None:
        """Forget the token, here and in Redis, if it is still the one that was refused."""
        if self._kept is not None and self._kept.token == refused:
            self._kept = None
        try:
            await redis.client().eval(_UNLOCK, 1, self._key, refused)
        except redis.DOWN:
            self._note_outage(down=True)

    def _usable(self, refused: str | None) -> str | None:
        kept = self._kept
        if kept is None or kept.token == refused or kept.until <= self._clock():
            return None
        return kept.token

    def _raise_recent_failure(self) -> None:
        """Everybody who waited for an attempt that failed shares its outcome."""
        if self._failure is not None and self._failure[0] > self._clock():
            error = self._failure[1]
            raise error.with_traceback(None)
        self._failure = None

    async def _from_elsewhere(self, refused: str | None) -> str:
        try:
            if (found := await self._shared(refused)) is not None:
                return found
            holding = await self._take_turn(refused)
        except redis.DOWN:
            self._note_outage(down=True)
            return await self._refresh(refused, shared=False)
        if holding is None:
            # Another process put a token there while this one waited.
            assert self._kept is not None
            return self._kept.token
        try:
            return await self._refresh(refused, shared=True)
        finally:
            await self._end_turn(holding)

    async def _shared(self, refused: str | None) -> str | None:
        """The token in Redis, taken over into this process."""
        async with redis.client().pipeline(transaction=True) as both:
            both.get(self._key)
            both.pttl(self._key)
            value, milliseconds = await both.execute()
        self._note_outage(down=False)
        token = value.decode() if isinstance(value, bytes) else value
        if not token or milliseconds <= 0 or token == refused:
            return None
        self._kept = _Kept(token, self._clock() + milliseconds / 1000)
        return str(token)

    async def _take_turn(self, refused: str | None) -> str | None:
        """Hold the lock among processes; None when there is a token meanwhile.

        A holder that dies frees the lock after its time; waiting longer than that means that
        others try one after another and fail.
        """
        holding, end = nonce(), self._clock() + LOCK_SECONDS
        while self._clock() < end:
            taken = await redis.client().set(
                f"{self._key}:turn", holding, nx=True, px=LOCK_SECONDS * 1000
            )
            try:
                found = await self._shared(refused)
            except BaseException:
                if taken:
                    await self._end_turn(holding)
                raise
            if found is not None:
                if taken:
                    await self._end_turn(holding)
                return None
            if taken:
                return holding
            await asyncio.sleep(POLL_SECONDS)
        raise Busy("stable_token")

    def _note_outage(self, *, down: bool) -> None:
        """Say where an outage of Redis begins and ends, not at every attempt."""
        if down and not self._alone:
            log.warning("wechat.token_kept_alone")
        elif self._alone and not down:
            log.info("wechat.token_shared_again")
        self._alone = down

    async def _end_turn(self, holding: str) -> None:
        try:
            await redis.client().eval(_UNLOCK, 1, f"{self._key}:turn", holding)
        except redis.DOWN:
            self._note_outage(down=True)

    async def _refresh(self, refused: str | None, *, shared: bool) -> str:
        fetched = await self._patiently(force=False)
        if fetched.token == refused:
            await self._may_force(shared=shared)
            fetched = await self._patiently(force=True)
        margin = min(MARGIN_SECONDS, fetched.seconds / 2)
        seconds = fetched.seconds - margin
        self._kept = _Kept(fetched.token, self._clock() + seconds)
        if shared:
            try:
                await redis.client().set(self._key, fetched.token, px=max(1, int(seconds * 1000)))
            except redis.DOWN:
                self._note_outage(down=True)
        log.info("wechat.token_refreshed")
        return fetched.token

    async def _patiently(self, *, force: bool) -> Fetched:
        """Fetch; a busy WeChat is asked again after each pause, and no more."""
        for pause in self._pauses:
            try:
                return _checked(await self._fetch(force=force))
            except Busy:
                await asyncio.sleep(pause)
        return _checked(await self._fetch(force=force))

    async def _may_force(self, *, shared: bool) -> None:
        """Count a forced refresh: 20 a day and 30 s apart, as WeChat allows.

        Raises:
            TokenRefused: too many, or too early.
        """
        now, forced = self._clock(), self._forced
        early = forced and now - forced[-1] < FORCED_APART_SECONDS
        many = len(forced) == FORCED_A_DAY and now - forced[0] < _DAY
        if early or many or (shared and not await self._others_let_force()):
            raise TokenRefused("stable_token")
        forced.append(now)
        log.warning("wechat.token_forced", count=len(forced))

    async def _others_let_force(self) -> bool:
        try:
            if not await redis.client().set(
                f"{self._key}:forced", 1, nx=True, ex=FORCED_APART_SECONDS
            ):
                return False
            today_key = f"{self._key}:forced:{today():%Y%m%d}"
            count = await redis.client().incr(today_key)
            await redis.client().expire(today_key, _DAY)
        except redis.DOWN:
            return True  # the count of this process holds
        return int(count) <= FORCED_A_DAY


def _checked(fetched: Fetched) -> Fetched:
    if not 1 <= len(fetched.token) <= LONGEST_TOKEN or fetched.seconds < 1:
        raise BadAnswer("stable_token")
    return fetched
