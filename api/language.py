"""Which of our languages a caller reads."""

from __future__ import annotations

from functools import lru_cache

from core.errors import Language

DEFAULT: Language = "zh-CN"
_LONGEST_HEADER = 200


@lru_cache(256)
def preferred_language(accept_language: str | None) -> Language:
    """The better of zh-CN and en by an ``Accept-Language`` header (RFC 9110, 12.5.4).

    zh-CN when the header is absent, names neither, or likes both equally.
    """
    if not accept_language or len(accept_language) > _LONGEST_HEADER:
        return DEFAULT
    weights = {"zh": 0.0, "en": 0.0}
    for part in accept_language.split(","):
        tag, _, parameters = part.partition(";")
        primary = tag.strip().lower().split("-", 1)[0]
        if primary in weights:
            weights[primary] = max(weights[primary], _weight(parameters))
    return "en" if weights["en"] > weights["zh"] else DEFAULT


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
