"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over id, time and body (``v1``)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
_BYTES: Final = 32  # the standard wants 24 to 64


def new_secret() -> str:
    """A secret as apps get it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature; ``timestamp`` is in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    text = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


def headers(
    keys: Sequence[str], *, message_id: str, timestamp: int, body: bytes
) -> list[tuple[str, str]]:
    """The headers of one attempt, signed with every key: while one replaces another, two."""
    signatures = " ".join(signature(key, message_id, timestamp, body) for key in keys)
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", signatures),
    ]
