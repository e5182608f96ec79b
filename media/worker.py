"""The process in which uploaded pictures are decoded: a broken one harms nobody else.

There is one, begun at the first picture and begun anew after a hundred, so that nothing that a
decoder leaks adds up; the system limits its memory.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Final

from core.errors import Unavailable
from core.processes import BARE
from media.pictures import Area, Variants, painted, redraw

if sys.platform == "linux":
    import resource

_MEMORY: Final = 1 << 30  # bytes of address space; 20 megapixels need less than half
_PICTURES: Final = 100


class _Worker:
    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._left = 0

    def pool(self) -> ProcessPoolExecutor:
        """The process, a new one when the old has done its share."""
        if self._left <= 0:
            self.close()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=BARE, initializer=_begin)
            self._left = _PICTURES
        self._left -= 1
        return self._pool

    def close(self, only: ProcessPoolExecutor | None = None) -> None:
        """Let the process finish what it has, and end."""
        if self._pool is not None and only in {None, self._pool}:
            self._pool.shutdown(wait=False)
            self._pool = None


_worker = _Worker()


def _begin() -> None:
    """Limit the process; Ctrl-C is for the one that serves, which ends this one too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":  # elsewhere the limit does not hold or does not exist
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


async def redrawn(data: bytes) -> Variants:
    """:func:`media.pictures.redraw` in the process for pictures.

    Raises:
        Refused: as there.
        Unavailable: the process died over it twice.
    """
    return await _there(partial(redraw, data))


async def redacted(data: bytes, areas: Sequence[Area]) -> Variants:
    """:func:`media.pictures.painted` in the process for pictures.

    Raises:
        Refused, Unavailable: as :func:`redrawn`.
    """
    return await _there(partial(painted, data, areas))


async def _there(make: Callable[[], Variants]) -> Variants:
    loop = asyncio.get_running_loop()
    for _ in range(2):
        pool = _worker.pool()
        try:
            return await loop.run_in_executor(pool, make)
        except BrokenProcessPool:
            _worker.close(pool)  # perhaps another picture's doing: once more in a new one
    raise Unavailable(reason="PICTURES")


def close() -> None:
    """End the process; the next picture begins a new one."""
    _worker.close()
