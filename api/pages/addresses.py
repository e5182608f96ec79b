"""Addresses that people share: short, stable, one for each thing."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

# 128 bits in base64url without padding; of the last character only two bits count.
_SHORT: Final = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


def short(of: UUID) -> str:
    """An id in 22 characters of ``[A-Za-z0-9_-]``; each id has exactly one such spelling."""
    return urlsafe_b64encode(of.bytes).decode().rstrip("=")


def unshortened(text: str) -> UUID | None:
    """The id that :func:`short` spelled so; ``None`` for every other text."""
    if _SHORT.fullmatch(text) is None:
        return None
    return UUID(bytes=urlsafe_b64decode(text + "=="))


def listing_path(of: UUID) -> str:
    """Where a listing is shown."""
    return f"/l/{short(of)}"


def announcement_path(of: UUID) -> str:
    """Where an announcement is read."""
    return f"/a/{short(of)}"


def house_path(code: str) -> str:
    """Where a place is shown to who has not scanned its plate."""
    return f"/p/{code}"
