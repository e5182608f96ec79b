"""Ten thousand plates as one PDF: seconds of one core, memory, size of the file."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.servers import peak_memory
from core.ids import token
from core.processes import BARE
from management.plate_sheets.drawing import write_sheet
from management.plate_sheets.labels import Label
from management.plate_sheets.sizes import PlateSize

COUNT: Final = 10_000
SECONDS: Final = 60.0
MEMORY: Final = 300_000_000


def labels(count: int) -> Iterator[Label]:
    """Labels of made-up houses, whose names use most of the font."""
    chance = random.Random(2015)
    rows = range(0xB0, 0xD7)
    letters = [bytes((row, cell)).decode("gb2312") for row in rows for cell in range(0xA1, 0xFA)]
    for number in range(count):
        name = "".join(chance.choices(letters, k=chance.randint(4, 14)))
        room = f"{number % 40 + 101}"
        code = f"122002-{number:05d}-{room}"
        url = f"https://leye.example.gov.cn/q/{token()}"
        yield Label(url, code, name, "厚街镇 宝屯社区", room)


@dataclass(frozen=True)
class Figures:
    """Of one sheet: seconds of one core, the most memory the process held, bytes of the file."""

    plates: int
    seconds: float
    memory: int
    size: int

    @property
    def good(self) -> bool:
        """Under 60 s and 300 MB for ten thousand."""
        return self.seconds <= SECONDS * max(1.0, self.plates / COUNT) and self.memory <= MEMORY


def _drawn(count: int) -> Figures:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plates.pdf"
        begun = time.process_time()
        write_sheet(file, PlateSize.SMALL, labels(count), title="门牌")
        return Figures(count, time.process_time() - begun, peak_memory(), file.stat().st_size)


def measure(count: int = COUNT) -> Figures:
    """Draw a sheet once, in a process of its own as in production."""
    with ProcessPoolExecutor(1, mp_context=BARE) as pool:
        return pool.submit(_drawn, count).result()
