"""Draw ten thousand plates: seconds of one core, memory, size of the file.

``python -m benchmarks.plates [COUNT]``; goals: 60 s and 300 MB for 10,000.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from core.ids import token
from management.plate_sheets.drawing import write_sheet
from management.plate_sheets.labels import Label
from management.plate_sheets.sizes import PlateSize

SECONDS, MEGABYTES, COUNT = 60.0, 300.0, 10_000


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


def main() -> None:
    """Measure and say whether the goals are met."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plates.pdf"
        begun = time.process_time()
        report = write_sheet(file, PlateSize.SMALL, labels(count), title="门牌")
        seconds, size = time.process_time() - begun, file.stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count} plates on {report.pages} pages: {seconds:.1f} s of one core"
        f" ({seconds / count * 1000:.2f} ms each), {memory:.0f} MB, file {size / 1e6:.1f} MB"
    )
    scale = max(1.0, count / COUNT)
    sys.exit(0 if seconds <= SECONDS * scale and memory <= MEGABYTES else 1)


if __name__ == "__main__":
    main()
