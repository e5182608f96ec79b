"""How often somebody may do something: sliding windows in Redis, exact to the attempt.

A window holds the moments of the attempts that were let through; refused ones don't count, so a
caller who waits as told gets in. Check and count are one Lua script, which nothing can come
between. Redis' own clock is used: the clocks of several processes may differ.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from math import ceil
from typing import Final

import structlog

from core.errors import RateLimited, Unavailable
from core.ids import token
from core.redis import DOWN, client
from core.settings import settings

# Answers 0 after counting the attempt, or the microseconds until there is room again. Numbers
# of this size need a format of their own, or Lua writes them with an exponent.
_SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local count = redis.call('ZCARD', KEYS[1])
if count < limit then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[3])
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(window / 1000)))
    return 0
end
local place = count - limit
local first = redis.call('ZRANGE', KEYS[1], place, place, 'WITHSCORES')
return math.max(1, tonumber(first[2]) + window - now)
"""

_out = False  # an outage is logged where it begins and ends, not at every attempt

log = structlog.get_logger(__name__)


async def allow(
    name: str, key: str, *, limit: int, window: timedelta, fail_open: bool = False
) -> None:
    """Count one attempt of ``key`` at ``name``: at most ``limit`` in any ``window``.

    ``key`` may be an address or a phone number: only a keyed hash of it leaves the process.
    ``fail_open`` says what a Redis that does not answer means: let everybody through (reads), or
    nobody (sign-in, codes, doors).

    Raises:
        RateLimited: ``params.retryAfter`` says after how many seconds there is room again.
        Unavailable: Redis does not answer, and not ``fail_open``.
    """
    microseconds = ceil(window / timedelta(microseconds=1))
    try:
        answer = await client().eval(_SCRIPT, 1, _key(name, key), limit, microseconds, token())
    except DOWN as down:
        _note_outage(down)
        if fail_open:
            return
        raise Unavailable(reason="LIMITS_UNAVAILABLE") from None
    _note_outage(None)
    if wait := int(answer):
        raise RateLimited(params={"retryAfter": ceil(wait / 1_000_000)})


def _note_outage(down: Exception | None) -> None:
    global _out
    if down and not _out:
        log.warning("rates.unavailable", exc_info=down)
    elif _out and not down:
        log.info("rates.available_again")
    _out = down is not None


def _key(name: str, key: str) -> str:
    digest = hmac.digest(
        settings().derived_key("rate limits"),
        f"{name}\0{key}".encode(errors="replace"),
        hashlib.sha256,
    )
    return f"rate:{name}:{digest[:16].hex()}"
