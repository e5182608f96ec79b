"""Signed addresses: good for what they name, for their purpose, and for ten minutes."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from core import signed_addresses
from core.clock import now
from core.signed_addresses import signed_query, still_good

PURPOSE, NAME = "test papers", "a-paper"


def query(purpose: str = PURPOSE, name: str = NAME) -> dict[str, str]:
    return {key: value for key, (value,) in parse_qs(signed_query(purpose, name)).items()}


def good(given: dict[str, str], purpose: str = PURPOSE, name: str = NAME) -> bool:
    return still_good(purpose, name, **given)


def test_a_query_is_good_for_its_purpose_and_its_name_only() -> None:
    assert good(query())
    assert not good(query(), name="another")
    assert not good(query(), purpose="other papers")
    assert not good(query(purpose="other papers"))


def test_it_is_over_after_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    given, made = query(), now()
    monkeypatch.setattr(signed_addresses, "now", lambda: made + timedelta(minutes=9, seconds=59))
    assert good(given)
    monkeypatch.setattr(signed_addresses, "now", lambda: made + timedelta(minutes=10, seconds=1))
    assert not good(given)


def test_a_query_that_was_not_made_here_is_not_good() -> None:
    given = query()
    for name, forged in (
        ("signature", ""),
        ("signature", given["signature"][:-1]),
        ("signature", "签"),
        ("expires", ""),
        ("expires", "-1"),
        ("expires", "٣"),
        ("expires", "9" * 400),
        ("expires", f"0{given['expires']}x"),
        ("expires", str(int(given["expires"]) + 1)),
    ):
        assert not good({**given, name: forged}), (name, forged)
