"""What people read about their data is in words: no column, no code stands bare."""

from __future__ import annotations

from typing import Any

import pytest

from citizen.my_data.words import codes_of, known, label, written
from core.privacy import registry
from core.privacy_columns import field_at

ABOUT_PEOPLE = ("account", "person")


def holdings() -> list[Any]:
    return [one for kind in ABOUT_PEOPLE for one in registry.holdings(kind)]


async def test_every_column_of_a_copy_has_words(tortoise: None) -> None:
    bare = {
        f"{holding.name}: {name}"
        for holding in holdings()
        if not callable(holding.export)
        for name in holding.export
        if label(name.replace("__", "_")).zh == name.replace("__", "_")
    }
    assert bare == set(), "add them to citizen/my_data/words.toml"


async def test_every_code_of_a_copy_has_words(tortoise: None) -> None:
    bare = set()
    for holding in holdings():
        for name in () if callable(holding.export) else holding.export:
            kind = getattr(field_at(holding.model, name), "enum_type", None)
            if kind is not None:
                bare |= {f"{kind.__name__}.{one}" for one in kind if not known(kind.__name__, one)}
    assert bare == set(), "add them to citizen/my_data/words.toml"


@pytest.mark.parametrize(
    ("value", "zh"),
    [
        ("2026-11-22T04:05:06+00:00", "2026-11-22 12:05"),
        ("2026-11-22", "2026-11-22"),
        ("08:30:00", "08:30"),
        ("2026年", "2026年"),
        ("12-34", "12-34"),
        (True, "是"),
        (None, "（无）"),
        ([], "（无）"),
        (["name", "phone"], "name、phone"),
        ({"words": "好", "at": None}, "所说的话: 好；时间: （无）"),
        (3.5, "3.5"),
    ],
)
def test_values_are_written_as_people_read_them(value: Any, zh: str) -> None:
    assert written(value, "zh-CN") == zh


async def test_a_code_is_written_in_both_languages(tortoise: None) -> None:
    (holding,) = [one for one in holdings() if one.name == "residence.person_id"]
    enum = codes_of(holding)["source"]
    assert written("SELF", "zh-CN", enum=enum) == "本人申报"
    assert written("SELF", "en", enum=enum) == "yourself"
    assert written("NEW_ONE", "zh-CN", enum=enum) == "NEW_ONE"
