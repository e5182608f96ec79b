"""A photo of 12 megapixels, from the bytes that came to the variants that are served.

In a process of its own, as in production, so that time and memory are its alone.
"""

from __future__ import annotations

import random
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from statistics import median
from typing import Final

from PIL import Image

from benchmarks.servers import peak_memory
from core.processes import BARE
from media.pictures import redraw

SIZE: Final = (4000, 3000)
ROUNDS: Final = 5
SEED: Final = 20261121


@dataclass(frozen=True)
class Figures:
    """Of one photo: seconds of CPU at the median, and the most memory the process held."""

    seconds: float
    memory: int
    original: int

    @property
    def good(self) -> bool:
        """Under a second of one core and 200 MB."""
        return self.seconds < 1 and self.memory < 200_000_000


def photo() -> bytes:
    """A JPEG with the detail of a real one: soft shapes under a camera's noise."""
    draw = random.Random(SEED)
    small = Image.frombytes("RGB", (200, 150), draw.randbytes(200 * 150 * 3))
    soft = small.resize(SIZE, Image.Resampling.BICUBIC)
    noise = Image.effect_noise(SIZE, 24).convert("RGB")
    file = BytesIO()
    Image.blend(soft, noise, 0.3).save(file, "JPEG", quality=88)
    return file.getvalue()


def _redrawn(data: bytes) -> tuple[float, int]:
    """Seconds of CPU for one, and the most memory so far; runs in the process."""
    before = time.process_time()
    redraw(data)
    return time.process_time() - before, peak_memory()


def measure() -> Figures:
    """Draw the same photo anew some times; the first round warms up and does not count."""
    data = photo()
    with ProcessPoolExecutor(1, mp_context=BARE) as pool:
        rounds = [pool.submit(_redrawn, data).result() for _ in range(ROUNDS + 1)]
    return Figures(median(seconds for seconds, _ in rounds[1:]), rounds[-1][1], len(data))
