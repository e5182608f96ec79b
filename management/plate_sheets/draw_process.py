"""The program behind :mod:`management.plate_sheets.process`: draws the labels that come in."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import orjson

from management.plate_sheets.drawing import SheetWriter
from management.plate_sheets.labels import Label
from management.plate_sheets.sizes import PlateSize


def main(path: str, size: str, title: str, note: str) -> None:
    """Draw what comes in; the file is written only when the end was announced."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is for the worker, which ends this one too
    writer = SheetWriter(Path(path), PlateSize(size), title=title, note=note)
    for line in sys.stdin.buffer:
        portion = orjson.loads(line)
        if portion is None:
            _say(writer.finish().as_json())
            return
        writer.add(Label(*fields) for fields in portion)
        _say(writer.report.labels)


def _say(what: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
