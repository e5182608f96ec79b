"""Widths and formats in which every picture is served; needs nothing, so any process reads it."""

from __future__ import annotations

from typing import Final

WIDTHS: Final = (360, 720)
FORMATS: Final = ("webp", "jpg")
