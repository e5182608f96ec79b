"""Where a stored picture is fetched, and whose it is to use.

Addresses never change what they show; there are two widths and formats.
"""

from __future__ import annotations

from core.settings import settings

WIDTHS = (360, 720)
FORMATS = ("webp", "jpg")
PHOTO_COLUMNS = ("id", "key", "width", "height", "alt_zh", "alt_en")


def photo_path(key: str, width: int = WIDTHS[-1], file_format: str = "webp") -> str:
    """The path of one variant below the service's own address."""
    return f"/media/{key}-{width}.{file_format}"


def photo_url(key: str, width: int = WIDTHS[-1], file_format: str = "webp") -> str:
    """The address of one variant."""
    return settings().public_url + photo_path(key, width, file_format)
