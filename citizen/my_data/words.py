"""Words for people: what columns and codes of held data are called, and how values are written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any, Final

from core.clock import SHANGHAI
from core.errors import Language
from core.privacy import Basis, Holding, Words
from core.privacy_columns import field_at

_FILE: Final = Path(__file__).with_name("words.toml")

BASES: Final[Mapping[Basis, Words]] = {
    Basis.STATUTORY_DUTY: Words("履行法定职责", "A duty by law"),
    Basis.CONTRACT: Words("为您提供服务", "To serve you, as you asked"),
    Basis.CONSENT: Words("您的同意", "Your consent"),
}
"""Why data may be processed (PIPL article 13)."""

_YES: Final = {True: Words("是", "yes"), False: Words("否", "no")}
_NOTHING: Final = Words("（无）", "(nothing)")


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def said(words: Words, language: Language) -> str:
    """In a language."""
    return words.en if language == "en" else words.zh


def label(name: str) -> Words:
    """What a column is called; its name, where there are no words."""
    found = _words()["fields"].get(name)
    return Words(*found) if found else Words(name, name)


def codes_of(holding: Holding) -> dict[str, str]:
    """Which columns of a copy hold codes, and the name of their enum."""
    if callable(holding.export):
        return {}
    kinds = {
        name: getattr(field_at(holding.model, name), "enum_type", None) for name in holding.export
    }
    return {name.replace("__", "_"): kind.__name__ for name, kind in kinds.items() if kind}


def known(enum: str, code: str) -> Words | None:
    """Words for a code of an enum."""
    found = _words()["codes"].get(enum, {}).get(code)
    return Words(*found) if found else None


def written(value: Any, language: Language, *, enum: str = "") -> str:
    """A value of a copy as people read it: the town's time, words for codes, yes and no."""
    if value is None or value in ("", [], {}):
        return said(_NOTHING, language)
    if isinstance(value, bool):
        return said(_YES[value], language)
    if isinstance(value, Mapping):
        parts = (
            f"{said(label(str(name)), language)}: {written(inner, language)}"
            for name, inner in value.items()
        )
        return ("; " if language == "en" else "；").join(parts)
    if isinstance(value, list):
        return (", " if language == "en" else "、").join(written(each, language) for each in value)
    text = str(value)
    if enum and (words := known(enum, text)):
        return said(words, language)
    return _moment(text) or text


def _moment(text: str) -> str | None:
    """A date, or a moment in the town's time to the minute; ``None`` for other texts."""
    if not text[:1].isdigit() or len(text) < len("00:00"):
        return None
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment.tzinfo else None
        if "-" in text:
            return date.fromisoformat(text).isoformat()
        if ":" in text:
            return f"{time.fromisoformat(text):%H:%M}"
    except ValueError:
        pass
    return None
