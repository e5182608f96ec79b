"""The public search of listings: a list, counts to narrow it by, a map."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from core.datums import Datum, to_gcj02
from core.keyset import Page
from core.numbers import within
from landlord.models import Facility, LetBy
from landlord.search import Box, ListingFilter, ListingOrder, Near, SafetyFact, list_listings
from landlord.search.features import RENT_BANDS
from landlord.search.filters import LARGEST_RENT_SOUGHT
from landlord.search.surveys import Counts, listing_facets, listing_map
from schema.access import PUBLIC
from schema.connections import After, Before, First, Last, connection, wanted_nodes
from schema.context import Info
from schema.fields import given, gql_input, gql_input_named, query, root_type, selected
from schema.ids import global_id
from schema.types.listings import ListingConnection, listing_columns, shape_listings
from schema.types.search import ListingFacets, ListingMap
from schema.types.territory import grids_by_code


@gql_input
class NearInput:
    """Within a distance of a point in GCJ-02, as WeChat and public maps give it."""

    longitude: float = given("Degrees east, GCJ-02.")
    latitude: float = given("Degrees north, GCJ-02.")
    radius: int = given("Metres, 1 to 10,000.", default=3000)


@gql_input
class BoxInput:
    """A piece of the map by its sides in GCJ-02."""

    west: float = given("Degrees east, GCJ-02.")
    south: float = given("Degrees north, GCJ-02.")
    east: float = given("Degrees east, GCJ-02.")
    north: float = given("Degrees north, GCJ-02.")


@gql_input_named("ListingFilter")
class ListingFilterInput:
    """Narrows a search; what is left out stays open."""

    text: str | None = given(
        "Words in title, address, community, facilities or description, up to 60 characters;"
        " all must be found.",
        default=None,
    )
    community_code: str | None = given("In this community.", default=None)
    near: NearInput | None = given("Close to a point.", default=None)
    box: BoxInput | None = given("In a piece of the map.", default=None)
    rent_from: Decimal | None = given("At least so many yuan a month.", default=None)
    rent_to: Decimal | None = given("At most so many yuan a month.", default=None)
    area_from: Decimal | None = given("At least so many usable m².", default=None)
    area_to: Decimal | None = given("At most so many usable m².", default=None)
    facilities: list[Facility] | None = given("With all of these; up to 10.", default=None)
    safety: list[SafetyFact] | None = given("With all of these; up to 10.", default=None)
    free_by: date | None = given("Free on this day at the latest.", default=None)
    let_by: LetBy | None = given("Let by the room or by the bed.", default=None)


Filter = Annotated[
    ListingFilterInput | None, strawberry.argument(description="Narrows the search.")
]


def wanted_filter(given: ListingFilterInput | None) -> ListingFilter:
    """The filter as the domain knows it.

    Raises:
        InvalidInput: a rent that can't be: said before anything is read.
    """
    if given is None:
        return ListingFilter()
    values = dict(vars(given))
    for name, kind in (("near", Near), ("box", Box)):
        if values[name] is not None:
            values[name] = kind(**vars(values[name]))
    for name in ("facilities", "safety"):
        values[name] = tuple(values[name] or ())
    wanted = ListingFilter(**values)
    within(wanted.rent_from, 0, LARGEST_RENT_SOUGHT, field="filter.rentFrom")
    within(wanted.rent_to, 0, LARGEST_RENT_SOUGHT, field="filter.rentTo")
    return wanted


@root_type
class SearchQueries:
    """The search of listings."""

    @query(ListingConnection, access=PUBLIC)
    async def listings(
        self,
        info: Info,
        filter: Filter = None,
        order_by: Annotated[
            ListingOrder | None,
            strawberry.argument(
                description="The order: RELEVANCE by default with a text, NEWEST without."
            ),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> dict[str, Any]:
        """Rooms on offer (房源)."""
        want = selected(info)
        nodes = wanted_nodes(want)
        page = await list_listings(
            filter_by=wanted_filter(filter),
            order=order_by,
            page=Page.of(first, after, last, before),
            columns=listing_columns(nodes),
        )
        await shape_listings(page.rows, nodes, info.context)
        return connection(page, want)

    @query(ListingFacets, access=PUBLIC, cost=20)
    async def listing_facets(self, info: Info, filter: Filter = None) -> dict[str, Any]:
        """How many rooms on offer there are by community, rent, facility and safety."""
        want = selected(info)
        found = await listing_facets(filter_by=wanted_filter(filter))
        communities = await grids_by_code(
            set(found.communities.by_value), want.under("communities", "community"), info.context
        )
        ends = dict(zip(RENT_BANDS, (*RENT_BANDS[1:], None), strict=True))
        rents = sorted((int(start), count) for start, count in found.rents.by_value.items())
        every = (found.communities, found.rents, found.facilities, found.safety)
        return {
            "total": found.total,
            "capped": found.capped or any(counts.capped for counts in every),
            "communities": [
                {"community": communities[code], "count": count}
                for code, count in _most_first(found.communities)
            ],
            "rents": [
                {"rent_from": start, "rent_below": ends[start], "count": count}
                for start, count in rents
            ],
            "facilities": [
                {"facility": Facility(value), "count": count}
                for value, count in _most_first(found.facilities)
            ],
            "safety": [
                {"fact": SafetyFact(value), "count": count}
                for value, count in _most_first(found.safety)
            ],
        }

    @query(ListingMap, access=PUBLIC, cost=20)
    async def listing_map(
        self,
        info: Info,
        box: Annotated[BoxInput, strawberry.argument(description="The piece of the map.")],
        filter: Filter = None,
    ) -> dict[str, Any]:
        """Rooms on offer on a map: gathered where they lie close at this size of the map."""
        survey = await listing_map(box=Box(**vars(box)), filter_by=wanted_filter(filter))
        spots = []
        for spot in survey.spots:
            longitude, latitude = to_gcj02(spot.longitude, spot.latitude)
            point = {"longitude": longitude, "latitude": latitude, "datum": Datum.GCJ02}
            spots.append(
                {
                    "point": point,
                    "count": spot.count,
                    "lowest_rent": spot.lowest_rent,
                    "place_id": global_id("Place", spot.place_id) if spot.place_id else None,
                }
            )
        return {"spots": spots, "capped": survey.capped}


def _most_first(counts: Counts) -> list[tuple[str, int]]:
    return sorted(counts.by_value.items(), key=lambda item: (-item[1], item[0]))
