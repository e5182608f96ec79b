"""Keyed hashes of short secrets, which a plain hash would give away to whoever tries them all."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from core.settings import settings


def keyed_hash(purpose: str, text: str) -> str:
    """The hash to store, under the active master secret: 64 hexadecimal digits."""
    return keyed_hashes(purpose, text)[0]


def keyed_hashes(purpose: str, text: str) -> list[str]:
    """The hashes to look for: under the active master secret first, then under earlier ones."""
    present = settings()
    masters = (present.secret.get_secret_value(), *present.previous_secrets)
    keys = (present.derived_key(purpose, secret=master) for master in masters)
    return [hmac.digest(key, text.encode(errors="replace"), hashlib.sha256).hex() for key in keys]


def matches(stored: str, candidates: Iterable[str]) -> bool:
    """Whether one of the hashes is the stored one, in a time that says nothing about it."""
    return any(hmac.compare_digest(stored, candidate) for candidate in candidates)
