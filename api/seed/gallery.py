"""The pictures of a synthetic town: drawn once by several processes, shared by many listings."""

from __future__ import annotations

import asyncio
import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from api.seed.chance import Chance
from api.seed.pictures import Kind, alt, draw
from core.processes import BARE
from media.formats import FORMATS, WIDTHS
from media.pictures import variants_of
from media.storage import has, off_loop, store

WIDTH: Final = WIDTHS[-1]
HEIGHT: Final = WIDTH * 3 // 4
_ALT_EN: Final = 200  # characters of the column


@dataclass(frozen=True, slots=True)
class Picture:
    """One of the drawn pictures. Its key follows from what it shows, whatever the town."""

    kind: Kind
    number: int
    key: str
    alt_zh: str
    alt_en: str


def choose(counts: Mapping[Kind, int]) -> dict[Kind, list[Picture]]:
    """The pictures of a pool, not yet drawn."""
    return {kind: [_picture(kind, number) for number in range(counts[kind])] for kind in counts}


def _picture(kind: Kind, number: int) -> Picture:
    words = alt(kind, number)
    english = textwrap.shorten(words.en, _ALT_EN, placeholder=" …")
    return Picture(kind, number, Chance(number, f"picture {kind}").token(), words.zh, english)


async def hang(pictures: Sequence[Picture], done: Callable[[int], None]) -> None:
    """Draw and store what is not there yet; ``done`` hears how many pictures are.

    Raises:
        OSError: a file can't be written.
    """
    missing = [picture for picture in pictures if not await off_loop(_there, picture)]
    done(len(pictures) - len(missing))
    if not missing:
        return
    loop = asyncio.get_running_loop()
    workers = min(os.cpu_count() or 1, len(missing))
    with ProcessPoolExecutor(workers, mp_context=BARE) as processes:
        drawing = [
            loop.run_in_executor(processes, _files, picture.kind, picture.number)
            for picture in missing
        ]
        for serial, picture in enumerate(missing):
            files = await drawing[serial]
            await off_loop(_keep, picture, files)
            done(len(pictures) - len(missing) + serial + 1)


def _there(picture: Picture) -> bool:
    names = [f"{picture.key}-{width}.{suffix}" for width in WIDTHS for suffix in FORMATS]
    return all(has(name) for name in names)


def _files(kind: Kind, number: int) -> dict[tuple[int, str], bytes]:
    return variants_of(draw(kind, number)).files


def _keep(picture: Picture, files: Mapping[tuple[int, str], bytes]) -> None:
    for (width, suffix), data in files.items():
        store(picture.key, width, suffix, data)
