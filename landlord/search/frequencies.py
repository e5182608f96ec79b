"""How common tokens and codes are, as PostgreSQL's own statistics know it.

A common word is best found by reading an index in the order wanted until the page is full, a rare
one by the GIN index. PostgreSQL chooses once for a prepared statement, whatever the word; so the
choice is made here. A wrong one costs time, never a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from time import monotonic
from typing import Final

from core.database import fetch
from landlord.search.filters import ListingFilter, bands_of, codes_of
from landlord.search.words import Query

_KEPT_SECONDS: Final = 600.0
_LONG_LIST: Final = 2_000
_TOWN_SQUARE_METRES: Final = 126e6

_STATISTICS: Final = """
SELECT attname AS name, most_common_elems::text::text[] AS elements,
       most_common_elem_freqs AS shares, greatest(c.reltuples, 0)::float8 AS rows
FROM pg_class c LEFT JOIN pg_stats s ON s.tablename = c.relname AND s.schemaname = current_schema()
 AND s.attname IN ('words', 'heading', 'features')
WHERE c.oid = to_regclass('listing_search')
"""


class Frequencies:
    """Shares of rows by token, for each column, and how many rows there are."""

    def __init__(self, rows: float, shares: Mapping[str, Mapping[str, float]]) -> None:
        self.rows = rows
        self._shares = shares

    def of_words(self, column: str, query: Query) -> float:
        """The share of rows that match, were its terms independent of each other."""
        shares = self._shares.get(column, {})
        # A token that is not in a list with room left is hardly anywhere.
        rare = min(shares.values()) if len(shares) > _LONG_LIST else 0.0
        return prod(
            min(
                min((shares.get(token, rare) for token in term.tokens), default=rare)
                + (shares.get(term.code, 0.0) if term.code else 0.0),
                1.0,
            )
            for term in query.terms
        )

    def of_filter(self, wanted: ListingFilter) -> float:
        """The same for everything but the text."""
        shares = self._shares.get("features", {})
        share = prod(shares.get(code, 0.001) for code in codes_of(wanted))
        for codes in bands_of(wanted):
            share *= min(sum(shares.get(code, 0.001) for code in codes), 1.0)
        return share * self.of_circle(wanted)

    def of_circle(self, wanted: ListingFilter) -> float:
        """The share of the town that lies within the distance."""
        if wanted.near is None:
            return 1.0
        return min(3.2 * wanted.near.radius**2 / _TOWN_SQUARE_METRES, 1.0)


_loaded: tuple[float, Frequencies] | None = None


async def frequencies() -> Frequencies:
    """The statistics, read at most every ten minutes."""
    global _loaded
    if _loaded is None or monotonic() - _loaded[0] > _KEPT_SECONDS:
        found = await fetch(_STATISTICS)
        shares = {
            row["name"]: _by_element(row["elements"], row["shares"])
            for row in found
            if row["elements"]
        }
        _loaded = (monotonic(), Frequencies(found[0]["rows"] if found else 0.0, shares))
    return _loaded[1]


def forget_frequencies() -> None:
    """Read them anew next time."""
    global _loaded
    _loaded = None


def _by_element(elements: Iterable[str], shares: Iterable[float]) -> dict[str, float]:
    # The list of shares ends in a few figures about all of them.
    return dict(zip(elements, shares, strict=False))
