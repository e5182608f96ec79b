"""Where a stored picture is fetched, and by whom.

Addresses never change what they show. Pictures of listings and places are for everybody; all
others are private: an address of one is good for ten minutes and signed, and is made only for
who may see what the picture hangs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.settings import settings
from core.signed_addresses import signed_query, still_good
from media.formats import WIDTHS
from media.models import Purpose
from media.storage import LOCKED

PHOTO_COLUMNS = ("id", "key", "purpose", "width", "height", "alt_zh", "alt_en")

_SIGNED: Final = "private pictures"
# What is not listed here is private, also a purpose that somebody adds later.
_PUBLIC: Final = frozenset({Purpose.LISTING, Purpose.PLACE})


@dataclass(frozen=True, slots=True)
class PhotoUrls:
    """Where the variants of a picture are fetched."""

    url: str
    thumbnail_url: str
    jpeg_url: str


def is_private(purpose: Purpose | str) -> bool:
    """Whether pictures for this are shown to some only."""
    return purpose not in _PUBLIC


def photo_urls(row: Mapping[str, Any]) -> PhotoUrls:
    """The addresses of a picture, read with :data:`PHOTO_COLUMNS`.

    Call it only for who may see the row that shows the picture: whoever has the address of a
    private picture sees it for ten minutes.
    """
    key, address = row["key"], private_url if is_private(row["purpose"]) else photo_url
    return PhotoUrls(
        url=address(key),
        thumbnail_url=address(key, WIDTHS[0]),
        jpeg_url=address(key, file_format="jpg"),
    )


def photo_path(key: str, width: int = WIDTHS[-1], file_format: str = "webp") -> str:
    """The path of one variant of a public picture below the service's own address."""
    return f"/media/{key}-{width}.{file_format}"


def photo_url(key: str, width: int = WIDTHS[-1], file_format: str = "webp") -> str:
    """The address of one variant of a public picture."""
    if cdn := settings().media_public_url:
        return f"{cdn}/{key[:2]}/{key}-{width}.{file_format}"
    return settings().public_url + photo_path(key, width, file_format)


def private_url(key: str, width: int = WIDTHS[-1], file_format: str = "webp") -> str:
    """The address of one variant of a private picture, good for ten minutes."""
    name = f"{key}-{width}.{file_format}"
    return f"{settings().public_url}/media/private/{name}?{signed_query(_SIGNED, name)}"


def original_url(locked_key: str) -> str:
    """The address of a picture as it was before it was redacted, good for ten minutes.

    Make it only for who may see that, and leave a note of it in the trail.
    """
    name = f"{LOCKED}/{locked_key}"
    return f"{settings().public_url}/media/{name}.webp?{signed_query(_SIGNED, name)}"


def may_fetch(name: str, expires: str, signature: str) -> bool:
    """Whether an address of a private picture is one that was made here, and is still good."""
    return still_good(_SIGNED, name, expires, signature)
