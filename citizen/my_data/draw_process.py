"""The program behind :mod:`citizen.my_data.paper`: words come in as JSON, the PDF goes out."""

from __future__ import annotations

import sys

import orjson

from citizen.my_data.drawing import draw
from citizen.my_data.paper import PaperSection


def main() -> None:
    """Draw what comes in."""
    given = orjson.loads(sys.stdin.buffer.read())
    sections = [PaperSection(**one) for one in given["sections"]]
    sys.stdout.buffer.write(draw(given["made_at"], sections))


if __name__ == "__main__":
    main()
