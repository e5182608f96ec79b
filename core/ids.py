"""Identifiers: UUIDv7 for rows, ids for clients, random tokens for what must not be guessed."""

from __future__ import annotations

import base64
import secrets
import time
from datetime import datetime
from uuid import UUID


def uuid7() -> UUID:
    """A new UUID version 7 (RFC 9562 § 5.7): 48 bits of Unix milliseconds, 12 bits of the
    fraction of the millisecond (§ 6.2 method 3, so ids of one process sort by time), 62 random.

    Made here because neither PostgreSQL 15 nor Python 3.11 can.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def uuid7_floor(at: datetime) -> UUID:
    """The least UUIDv7 of a moment: rows with ids from here on were made at it or later."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def token() -> str:
    """A random token of 128 bits in 22 characters of ``[A-Za-z0-9_-]``.

    Short enough for a mini-program ``scene`` (at most 32 characters).
    """
    return secrets.token_urlsafe(16)


def global_id(type_name: str, row_id: UUID) -> str:
    """The id by which clients know a row: the type's name and the UUID, opaque, without dots."""
    return base64.urlsafe_b64encode(type_name.encode() + b":" + row_id.bytes).decode().rstrip("=")
