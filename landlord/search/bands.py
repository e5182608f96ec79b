"""A search taken apart by bands of rent or area, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from landlord.search.features import AREA_BANDS, RENT_BANDS
from landlord.search.filters import ListingFilter

Key = tuple[Any, Any]

_STARTS: Final[Mapping[str, tuple[int, ...]]] = {"rent": RENT_BANDS, "area": AREA_BANDS}
_CENT: Final = Decimal("0.01")  # both columns have two places
_FIRST_ID: Final = UUID(int=0)


def bands_in_order(
    wanted: ListingFilter, column: str, *, descending: bool, key: Key | None
) -> list[tuple[ListingFilter, Key | None]]:
    """The filter narrowed to each band, with the key to read on from; empty where that is no use.

    An area that nobody knows counts as 0 and lies in no band: so areas are taken apart from the
    largest down only, and what lies below the second band is read without one.
    """
    starts = _STARTS.get(column)
    if starts is None or (column == "area" and not descending):
        return []
    bands = list(_within(wanted, column, starts[1:] if column == "area" else starts))
    parts: list[tuple[ListingFilter, Key | None]] = [
        (band, key) for band in bands if not _behind(band, column, key, descending=descending)
    ]
    if not descending:
        return parts
    parts.reverse()
    if column == "area":
        edge = Decimal(starts[1])
        parts.append((wanted, key if key is not None and key[0] < edge else (edge, _FIRST_ID)))
    return parts


def _within(wanted: ListingFilter, column: str, starts: tuple[int, ...]) -> Iterator[ListingFilter]:
    low, high = getattr(wanted, f"{column}_from"), getattr(wanted, f"{column}_to")
    for start, following in pairwise((*starts, None)):
        assert start is not None  # the last one only follows
        first = max(Decimal(start), low or Decimal(0))
        ends = [high] if following is None else [high, Decimal(following) - _CENT]
        last = min((end for end in ends if end is not None), default=None)
        if last is None or first <= last:
            ends_at: dict[str, Any] = {f"{column}_from": first, f"{column}_to": last}
            yield replace(wanted, **ends_at)


def _behind(band: ListingFilter, column: str, key: Key | None, *, descending: bool) -> bool:
    """Whether all of a band comes before the key."""
    if key is None:
        return False
    first, last = getattr(band, f"{column}_from"), getattr(band, f"{column}_to")
    return bool(first > key[0]) if descending else bool(last is not None and last < key[0])
