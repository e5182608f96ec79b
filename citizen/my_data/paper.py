"""What stands on paper, and the process that draws it.

Drawing takes a second of computing and more, in which a service of one process would answer
nobody; and only that process pays for the drawing library.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

# Apart, so that only it pays for the drawing library.
_PROGRAM: Final = "citizen.my_data.draw_process"
_SECONDS: Final = 120


class DrawingFailed(Exception):
    """The process ended without a PDF."""


@dataclass(frozen=True, slots=True)
class PaperSection:
    """One kind of data in words: of each row, what a column is called and what it says."""

    title: str
    basis: str
    kept: str
    total: int
    rows: Sequence[Sequence[tuple[str, str]]]


async def drawn(made_at: str, sections: Sequence[PaperSection]) -> bytes:
    """The PDF, drawn by a process of its own; nothing of it touches a disk or an argument.

    Raises:
        DrawingFailed: it ended with an error, or took two minutes.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _PROGRAM, stdin=PIPE, stdout=PIPE
    )
    given = orjson.dumps({"made_at": made_at, "sections": sections})
    try:
        async with asyncio.timeout(_SECONDS):
            file, _ = await process.communicate(given)
    except TimeoutError:
        raise DrawingFailed from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not file.startswith(b"%PDF"):
        raise DrawingFailed
    return file
