"""Reasons that people give for what goes into the audit trail."""

from __future__ import annotations

from core.text import clean


def clean_reason(reason: str | None, *, shortest: int = 0) -> str | None:
    """The reason in one line; ``None`` when there is none and none is needed.

    Raises:
        InvalidInput: too long, missing where needed, or with characters that don't belong.
    """
    if reason is None and not shortest:
        return None
    return clean(reason or "", field="input.reason", shortest=shortest, longest=200)
