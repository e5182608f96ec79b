"""The process that draws a sheet: the one that serves goes on serving.

The worker sends labels in portions down a pipe and hears after each how far it is, so that neither
holds more than a portion. Should the worker be killed, the pipe ends, and this process leaves
nothing behind; a broken drawing harms nobody else.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import orjson

from management.plate_sheets.labels import Label
from management.plate_sheets.sizes import PlateSize

# Apart, so that only it pays for the drawing library.
_PROGRAM: Final = "management.plate_sheets.draw_process"
_LONGEST_LINE: Final = 1 << 24


class DrawingFailed(Exception):
    """The process ended before the sheet was whole."""


class Drawing:
    """A sheet being drawn in another process."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def add(self, labels: Sequence[Label]) -> None:
        """Draw these next.

        Raises:
            DrawingFailed: the process is no more.
        """
        await self._ask([astuple(label) for label in labels])

    async def finish(self) -> dict[str, Any]:
        """Write the file; answers the report on it.

        Raises:
            DrawingFailed: the process is no more.
        """
        report: dict[str, Any] = await self._ask(None)
        return report

    async def _ask(self, what: object) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise DrawingFailed
        try:
            stdin.write(orjson.dumps(what) + b"\n")
            await stdin.drain()
        except ConnectionError:
            raise DrawingFailed from None
        line = await stdout.readline()
        if not line:
            raise DrawingFailed
        return orjson.loads(line)


@asynccontextmanager
async def drawing(path: Path, size: PlateSize, *, title: str, note: str) -> AsyncIterator[Drawing]:
    """A process that draws a sheet into a file; it ends with the block, whatever happens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _PROGRAM, str(path), size, title, note),
        stdin=PIPE,
        stdout=PIPE,
        limit=_LONGEST_LINE,
    )
    try:
        yield Drawing(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
