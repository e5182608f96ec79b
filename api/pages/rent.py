"""``/rent``: rooms to let in the whole town, narrowed by a plain form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from api.pages import offers
from api.pages.errors import for_people
from api.pages.offers import COLUMNS, Row
from api.pages.reader import Reader
from api.pages.rendering import A_MOMENT, page
from api.pages.words import Words
from core.errors import InvalidInput
from core.keyset import Page, Slice
from landlord.models import Facility
from landlord.search import ListingFilter, ListingOrder, list_listings
from landlord.search.filters import LONGEST_TEXT
from management.models import GridLevel
from management.territory import territory

# What the page offers beside the best first; the others need a point or say little here.
ORDERS = (ListingOrder.NEWEST, ListingOrder.CHEAPEST, ListingOrder.DEAREST)

SHOWN: Final = 20
# The names of the form's fields, short enough to be read in an address that is passed on.
_FIELDS: Final = ("q", "community", "from", "to", "order")
_WITH: Final = "with"


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed into the form, as it was typed."""

    given: Mapping[str, str]

    @classmethod
    def of(cls, request: Request) -> Search:
        """The fields that are filled in this address."""
        query = request.query_params
        typed = {name: query.get(name, "").strip()[:LONGEST_TEXT] for name in _FIELDS}
        # Boxes that are ticked come one by one, from a link of ours all in one.
        ticked = {code for some in query.getlist(_WITH) for code in some.split(",")}
        typed[_WITH] = ",".join(code for code in Facility if code in ticked)
        return cls({name: text for name, text in typed.items() if text})

    def filter(self) -> ListingFilter:
        """What it narrows the list to.

        Raises:
            InvalidInput: a rent is no number.
        """
        return ListingFilter(
            text=self.given.get("q"),
            facilities=self.facilities,
            community_code=self.given.get("community"),
            rent_from=self._rent("from"),
            rent_to=self._rent("to"),
        )

    @property
    def facilities(self) -> tuple[Facility, ...]:
        """What a room must have."""
        return tuple(Facility(code) for code in self.given.get(_WITH, "").split(",") if code)

    @property
    def order(self) -> ListingOrder | None:
        """The order asked for; none, the best first, for one that does not exist."""
        wanted = self.given.get("order", "").upper()
        return ListingOrder(wanted) if wanted in ORDERS else None

    def _rent(self, name: str) -> Decimal | None:
        text = self.given.get(name)
        if text is None:
            return None
        try:
            return Decimal(text.replace(",", "").replace("，", ""))
        except InvalidOperation:
            raise InvalidInput(
                reason="NUMBER", zh="租金请填数字，比如 800", en="Write rents as numbers, like 800"
            ) from None


@for_people
async def rent_page(request: Request) -> Response:
    """Rooms on offer, twenty at a time; 400 with the form for what can't be searched."""
    reader = Reader.of(request)
    search = Search.of(request)
    cursor = request.query_params.get("after")
    fault, found = None, None
    try:
        found = await list_listings(
            filter_by=search.filter(),
            order=search.order,
            page=Page(SHOWN, cursor),
            columns=COLUMNS,
        )
    except InvalidInput as refusal:
        fault = refusal.message(reader.language)
    communities = await _communities(Words(reader.language))
    here = {**search.given, **({"after": cursor} if cursor else {})}
    return page(
        request,
        reader,
        "rent.html",
        status=400 if fault else 200,
        keep=A_MOMENT,
        canonical="/rent",
        here=here,
        given=search.given,
        typed={name: search.given.get(name, "") for name in _FIELDS},
        order=search.order.lower() if search.order else "",
        facilities=list(Facility),
        chosen=search.facilities,
        longest=LONGEST_TEXT,
        orders=[each.lower() for each in ORDERS],
        communities=communities,
        fault=fault,
        rooms=await _shown(found, communities),
        after=found.cursor(-1) if found and found.has_next else None,
        cursor=cursor,
        offers=offers,
    )


async def _shown(found: Slice | None, communities: Mapping[str, str]) -> list[Row]:
    rows = await offers.with_photos(found.rows) if found else []
    return [{**row, "near": communities.get(row["community_code"], "")} for row in rows]


async def _communities(t: Words) -> dict[str, str]:
    """Names of the town's communities by code."""
    known: Mapping[str, Mapping[str, Any]] = (await territory()).by_code
    return {
        code: t.of(grid, "name")
        for code, grid in known.items()
        if grid["level"] == GridLevel.COMMUNITY
    }
