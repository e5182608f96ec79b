"""Finding what is on offer: filters, text, orders, pages both ways.

Two ways lead to a page. *Along the order*: read an index in the order wanted and keep what
matches, a bounded number of rows: quick when much matches. *By the words*: let the GIN index find
all that match, then sort: quick when little does. The first is tried when statistics say that it
will fill the page; the second answers whatever the first did not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from core.database import fetch
from core.errors import InvalidInput
from core.keyset import Order, Page, Slice, take
from landlord.access import on_offer
from landlord.models import Listing
from landlord.search.bands import bands_in_order
from landlord.search.filters import ListingFilter, Where, checked, narrow, span
from landlord.search.frequencies import Frequencies, frequencies
from landlord.search.ground import public_on_plane
from landlord.search.words import Query, literal, loose
from management.models import GridLevel
from management.territory import territory

# Rows read along an order before the words are asked. See docs/benchmarks.md for what pages cost.
SCANNED: Final = 2_000
# The more must be sorted otherwise, the further it pays to read: finding and sorting 10,000 rows
# took 30 to 140 ms, a page along the order 0.3 to 5.
MOST_SCANNED: Final = 20_000
# So few matches are sooner sorted than looked for along an order.
FEW: Final = 3_000
_TIER: Final = 1 << 20  # above every rank


class ListingOrder(StrEnum):
    """Orders in which listings can be read."""

    NEWEST = "NEWEST"
    CHEAPEST = "CHEAPEST"
    DEAREST = "DEAREST"
    LARGEST = "LARGEST"
    NEAREST = "NEAREST"
    RELEVANCE = "RELEVANCE"


_PLAIN: Final[Mapping[ListingOrder, Order]] = {
    ListingOrder.NEWEST: Order("newest", "published_at", descending=True),
    ListingOrder.CHEAPEST: Order("cheapest", "rent"),
    ListingOrder.DEAREST: Order("dearest", "rent", descending=True),
}
_COLUMNS: Final[Mapping[ListingOrder, tuple[str, str, bool]]] = {
    ListingOrder.NEWEST: ("published_at", "timestamptz", True),
    ListingOrder.CHEAPEST: ("rent", "numeric", False),
    ListingOrder.DEAREST: ("rent", "numeric", True),
    ListingOrder.LARGEST: ("area", "numeric", True),
    ListingOrder.RELEVANCE: ("rank", "int", True),
    ListingOrder.NEAREST: ("", "float8", False),
}


@dataclass(frozen=True, slots=True)
class _Tier:
    """The part of a list that matches in one way and in no better one; or, ``scored``, all parts
    in one statement, for few rows."""

    query: Query | None
    column: str = "words"
    better: Query | None = None  # in the heading
    bonus: int = 0
    scored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One reading of a list."""

    wanted: ListingFilter
    order: ListingOrder
    query: Query | None
    backward: bool
    key: tuple[Any, Any] | None
    known: Frequencies

    @property
    def descending(self) -> bool:
        """Whether keys fall as one reads."""
        return _COLUMNS[self.order][2] != self.backward

    def tiers(self) -> list[_Tier]:
        """What is read one after the other."""
        if self.query is None:
            return [_Tier(None)]
        if self.order is not ListingOrder.RELEVANCE:
            return [_Tier(self.query)]
        whole = _Tier(self.query, scored=True)
        if not _much(self, whole):
            return [whole]
        named = self.query.named()
        parts = [
            _Tier(named, "heading", bonus=2 * _TIER),
            _Tier(self.query, "heading", better=named, bonus=_TIER),
            _Tier(self.query, "words", better=self.query),
        ]
        return parts[::-1] if self.backward else parts


async def list_listings(
    *,
    filter_by: ListingFilter,
    order: ListingOrder | None = None,
    page: Page,
    columns: Sequence[str],
) -> Slice:
    """What is on offer, narrowed and ordered. For everybody.

    Without an order: by relevance when there is a text, the newest first when there is none.

    Raises:
        InvalidInput: a filter that can't be (:func:`landlord.search.filters.checked`); nearest
            first without a point.
    """
    wanted = await checked(filter_by)
    if order is None:
        order = ListingOrder.RELEVANCE if wanted.text else ListingOrder.NEWEST
    if order is ListingOrder.NEAREST and wanted.near is None:
        raise InvalidInput(
            field="orderBy",
            reason="NO_POINT",
            zh="按距离排序需要一个位置",
            en="Nearest first needs filter.near",
        )
    if wanted.plain and order in _PLAIN:
        return await _take_plain(wanted, order, page, columns)
    found = await _find(wanted, order, page)
    return await _fill(found, columns)


async def _take_plain(
    wanted: ListingFilter, order: ListingOrder, page: Page, columns: Sequence[str]
) -> Slice:
    """What the table of listings answers alone, by its own indexes."""
    asked = {
        "community_code": wanted.community_code,
        "rent__gte": wanted.rent_from,
        "rent__lte": wanted.rent_to,
    }
    narrowed = {name: value for name, value in asked.items() if value is not None}
    query = Listing.filter(on_offer(), **narrowed)
    return await take(query, _PLAIN[order], page, columns)


async def readings(text: str | None) -> list[Query | None]:
    """How a text can be read: as it stands, then cut into the words that are known."""
    if text is None:
        return [None]
    grids = (await territory()).by_code.values()
    names = {
        grid["name_zh"].removesuffix("社区").removesuffix("村")
        for grid in grids
        if grid["level"] == GridLevel.COMMUNITY
    }
    return list(dict.fromkeys([literal(text, names), loose(text, names)]))


async def _find(wanted: ListingFilter, order: ListingOrder, page: Page) -> Slice:
    """Ids and keys of one page; a text that finds nothing as it stands is read loosely."""
    known = await frequencies()
    column = "key"
    backward = page.backward
    way = "before" if backward else "after"
    empty = None
    queries = await readings(wanted.text)
    for number, query in enumerate(queries):
        name = f"{order.lower()}:{wanted.mark}:{number}"
        keyset = Order(name, column, descending=_COLUMNS[order][2])
        if page.cursor is None:
            key = None
        else:
            try:
                first, last = keyset.read(page.cursor, way)
            except InvalidInput:
                if number + 1 < len(queries):
                    continue
                raise
            key = (first, last)
        rows: list[dict[str, Any]] = []
        if query is None or query.terms:
            search = _Search(
                wanted=wanted, order=order, query=query, backward=backward, key=key, known=known
            )
            rows = await _rows(search, page.size + 1)
        found = _slice(keyset, page, rows)
        if rows or page.cursor is not None:
            return found
        empty = empty or found
    assert empty is not None
    return empty


def _slice(order: Order, page: Page, rows: list[dict[str, Any]]) -> Slice:
    more = len(rows) > page.size
    del rows[page.size :]
    if page.backward:
        rows.reverse()
    beyond = page.cursor is not None
    has_next, has_previous = (beyond, more) if page.backward else (more, beyond)
    keys = [(row["key"], row["id"]) for row in rows]
    return Slice(order, rows, keys, has_next=has_next, has_previous=has_previous)


async def _rows(search: _Search, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for tier in search.tiers():
        if len(rows) < count:
            rows += await _of_tier(search, tier, count - len(rows))
    return rows


async def _of_tier(search: _Search, tier: _Tier, count: int) -> list[dict[str, Any]]:
    here = _keyed(search, tier)
    if here is None:
        return []
    if not tier.scored and _much(here, tier):
        rows = await _run(_along_the_order(here, tier, count))
        if len(rows) == count:
            return rows
        bands = bands_in_order(
            here.wanted, _COLUMNS[here.order][0], descending=here.descending, key=here.key
        )
        if bands:
            return await _band_by_band(
                [replace(here, wanted=wanted, key=key) for wanted, key in bands], tier, count
            )
    return await _run(_by_the_words(here, tier, count))


async def _band_by_band(bands: Sequence[_Search], tier: _Tier, count: int) -> list[dict[str, Any]]:
    """What an order reaches late, such as the dearest of what is mostly cheap.

    All that match would be too much to sort. Each band alone is either full of matches, and then
    a short way along the order finds them, or holds few.
    """
    rows: list[dict[str, Any]] = []
    for band in bands:
        rest = count - len(rows)
        found = await _run(_along_the_order(band, tier, rest, most=SCANNED))
        if len(found) < rest:
            found = await _run(_by_the_words(band, tier, rest))
        rows += found
        if len(rows) == count:
            break
    return rows


def _keyed(search: _Search, tier: _Tier) -> _Search | None:
    """The search with the cursor's key in terms of this tier; none when it lies behind."""
    parted = search.order is ListingOrder.RELEVANCE and tier.query is not None
    if search.key is None or not parted or tier.scored:
        return search
    score, last = search.key
    bonus = score - score % _TIER
    if bonus == tier.bonus:
        return replace(search, key=(score - bonus, last))
    behind = bonus > tier.bonus if search.backward else bonus < tier.bonus
    return None if behind else replace(search, key=None)


def _much(search: _Search, tier: _Tier) -> bool:
    """Whether so much matches that the order's own index fills the page soon."""
    if search.order is ListingOrder.NEAREST and search.backward:
        return False  # no index is read from the far end
    return _expected(search, tier) > FEW


def _expected(search: _Search, tier: _Tier) -> float:
    """How many rows match, as far as statistics say."""
    share = search.known.of_filter(search.wanted)
    if tier.query is not None:
        share *= search.known.of_words(tier.column, tier.query)
    return share * search.known.rows


def _close(search: _Search, tier: _Tier) -> bool:
    """Whether the circle holds less than what the rest of the filter leaves."""
    circle = search.known.of_circle(search.wanted)
    rows = max(search.known.rows, 1.0)
    return circle * circle < _expected(search, tier) / rows


def _along_the_order(
    search: _Search, tier: _Tier, count: int, *, most: int = MOST_SCANNED
) -> tuple[str, list[Any]]:
    where, scan = Where(), Where()
    scan.values = where.values
    key = _key(search, where)
    _beyond(search, scan, key)
    if key in ("rent", "area"):
        span(scan, search.wanted, key)  # begin where the range does
    narrow(where, search.wanted)
    where.plan_anew()
    _match(where, tier)
    way = "DESC" if search.descending else "ASC"
    scanned = round(min(max(SCANNED, _expected(search, tier) / 4), most))
    tie = "" if search.order is ListingOrder.NEAREST else f", listing_id {way}"
    sql = (
        f"SELECT listing_id AS id, {_shown(search, tier)} AS key FROM ("
        f"SELECT *, {key} AS key FROM listing_search WHERE {scan}"
        f" ORDER BY {key} {way}{tie} LIMIT {scanned}) s WHERE {where}"
        f" ORDER BY s.key {way}, s.listing_id {way} LIMIT {where.value(count, 'int')}"
    )
    return sql, where.values


def _by_the_words(search: _Search, tier: _Tier, count: int) -> tuple[str, list[Any]]:
    where, rest = Where(), Where()
    rest.values = where.values
    key = _key(search, where)
    narrow(where, search.wanted, by_place=_close(search, tier))
    where.plan_anew()
    query = _match(where, tier)
    if tier.scored and tier.query is not None:
        named = where.value(str(tier.query.named()), "tsquery")
        key = (
            f"rank + CASE WHEN heading @@ {named} THEN {2 * _TIER}"
            f" WHEN heading @@ {query} THEN {_TIER} ELSE 0 END"
        )
    _beyond(search, rest, "key")
    way = "DESC" if search.descending else "ASC"
    # Materialised: or the planner may read the order's index to its end for a rare word.
    sql = (
        f"WITH s AS MATERIALIZED (SELECT listing_id, {key} AS key FROM listing_search"
        f" WHERE {where}) SELECT listing_id AS id, {_shown(search, tier)} AS key"
        f" FROM s WHERE {rest}"
        f" ORDER BY s.key {way}, listing_id {way} LIMIT {where.value(count, 'int')}"
    )
    return sql, where.values


def _shown(search: _Search, tier: _Tier) -> str:
    return f"key + {tier.bonus}" if search.order is ListingOrder.RELEVANCE else "key"


def _key(search: _Search, where: Where) -> str:
    """What rows are ordered by, before the id."""
    near = search.wanted.near
    if search.order is not ListingOrder.NEAREST or near is None:
        return _COLUMNS[search.order][0]
    east, north = public_on_plane(near.longitude, near.latitude)
    centre = f"point({where.value(east, 'float8')}, {where.value(north, 'float8')})"
    return f"(point(east, north) <-> {centre})"


def _beyond(search: _Search, where: Where, key: str) -> None:
    if search.key is not None:
        way = "<" if search.descending else ">"
        first = where.value(search.key[0], _COLUMNS[search.order][1])
        last = where.value(search.key[1], "uuid")
        where.add(f"({key}, listing_id) {way} ({first}, {last})")


def _match(where: Where, tier: _Tier) -> str:
    """Add what the words must meet; answers the query's place in the statement."""
    if tier.query is None:
        return ""
    query = where.value(str(tier.query), "tsquery")
    where.add(f"{tier.column} @@ {query}")
    if tier.better is not None:
        better = where.value(str(tier.better), "tsquery")
        where.add(f"NOT heading @@ {better}")
    return query


async def _run(statement: tuple[str, list[Any]]) -> list[dict[str, Any]]:
    sql, values = statement
    return await fetch(sql, *values)


async def _fill(found: Slice, columns: Sequence[str]) -> Slice:
    """The columns wanted, in the order found."""
    ids = [row["id"] for row in found.rows]
    rows: dict[Any, dict[str, Any]] = {}
    if ids:
        wanted = dict.fromkeys(("id", *columns))
        query = Listing.filter(on_offer(), id__in=ids)
        rows = {row["id"]: row for row in await query.values(*wanted)}
    kept = [index for index, listing_id in enumerate(ids) if listing_id in rows]
    return replace(
        found,
        rows=[rows[ids[index]] for index in kept],
        keys=[found.keys[index] for index in kept],
    )
