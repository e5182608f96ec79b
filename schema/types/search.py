"""What a search can be narrowed to, and what is on the map."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from landlord.models import Facility
from landlord.search import SafetyFact
from schema.access import PUBLIC
from schema.fields import attr, gql_type
from schema.types.common import Point
from schema.types.territory import Grid


@gql_type(access=PUBLIC)
class CommunityCount:
    """Listings in a community."""

    community: Grid = attr("The community.")
    count: int = attr("How many; at least so many where `capped`.")


@gql_type(access=PUBLIC)
class RentCount:
    """Listings in a band of rent."""

    rent_from: Decimal = attr("Yuan a month, included.")
    rent_below: Decimal | None = attr("Yuan a month, not included; none in the highest band.")
    count: int = attr("How many; at least so many where `capped`.")


@gql_type(access=PUBLIC)
class FacilityCount:
    """Listings with a facility."""

    facility: Facility = attr("The facility.")
    count: int = attr("How many; at least so many where `capped`.")


@gql_type(access=PUBLIC)
class SafetyCount:
    """Listings with a safety fact."""

    fact: SafetyFact = attr("The fact.")
    count: int = attr("How many; at least so many where `capped`.")


@gql_type(access=PUBLIC)
class ListingFacets:
    """How a search could be narrowed: each count is for the filter without its own part."""

    total: int = attr("How many match the whole filter; at least so many where `capped`.")
    capped: bool = attr("More than 5,000 matched somewhere: counts say “at least”.")
    communities: list[CommunityCount] = attr("By community (社区), most first.", size=24)
    rents: list[RentCount] = attr("By rent, lowest first.", size=8)
    facilities: list[FacilityCount] = attr("By facility (设施), most first.", size=16)
    safety: list[SafetyCount] = attr("By safety fact (安全信息), most first.", size=6)


@gql_type(access=PUBLIC)
class ListingSpot:
    """Rooms on offer close together on the map."""

    point: Point = attr("Their middle, GCJ-02.")
    count: int = attr("How many rooms.")
    lowest_rent: Decimal = attr("Yuan a month, of the cheapest.")
    place_id: strawberry.ID | None = attr("The house, when all are in one.")


@gql_type(access=PUBLIC)
class ListingMap:
    """What is on offer in a piece of the map."""

    spots: list[ListingSpot] = attr("One for each cell of a grid that holds any.", size=100)
    capped: bool = attr("More than 50,000 matched: counts say “at least”.")
