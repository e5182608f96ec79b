"""The way back of who reported without a name: a token that opens one hazard.

The token is a keyed hash of the hazard's id, 192 bits of it: a repeat of the report answers the
same, and nothing that is stored opens anything. Only its SHA-256 is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final
from uuid import UUID

from core.settings import settings

_PURPOSE: Final = "hazard follow-up tokens"
_BYTES: Final = 24
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{32}")


def token_of(hazard_id: UUID, *, secret: str | None = None) -> str:
    """The token of a hazard: 32 characters of ``[A-Za-z0-9_-]``, as a mini-program ``scene`` takes.

    ``secret`` is an earlier master secret, for tests of its rotation.
    """
    key = settings().derived_key(_PURPOSE, secret=secret)
    digest = hmac.digest(key, hazard_id.bytes, hashlib.sha256)[:_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def hash_of(token: str) -> str:
    """What is kept of a token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_token(text: str) -> bool:
    """Whether a text can be a token at all: what can't be is not looked for."""
    return bool(_FORM.fullmatch(text))
