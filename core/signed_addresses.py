"""Addresses that are soon over: who was given one may fetch what it names, and nothing else.

A name is signed for a purpose, with a key of that purpose: what was signed for one is no good for
another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from core.clock import now
from core.settings import settings

GOOD_FOR: Final = timedelta(minutes=10)

_MOMENT: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def signed_query(purpose: str, name: str) -> str:
    """The query of an address under which ``name`` is fetched, good for ten minutes.

    Make it only for who may have what is there.
    """
    expires = int((now() + GOOD_FOR).timestamp())
    return f"expires={expires}&signature={_signature(purpose, name, expires)}"


def still_good(purpose: str, name: str, expires: str, signature: str) -> bool:
    """Whether a query was made here, for this purpose and name, and is not over."""
    if _MOMENT.fullmatch(expires) is None:
        return False
    # The signature first: how long an answer takes tells nothing about addresses that were made.
    if not hmac.compare_digest(
        signature.encode(), _signature(purpose, name, int(expires)).encode()
    ):
        return False
    return now() <= datetime.fromtimestamp(int(expires), UTC)


def _signature(purpose: str, name: str, expires: int) -> str:
    key = settings().derived_key(purpose)
    digest = hmac.digest(key, f"{name}\n{expires}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
